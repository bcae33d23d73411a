package keyring

import (
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// The plaintext of the ring file, all numbers big-endian:
//
//	home     device (8), inode (8)
//	clock    met (1), offset (8), mark (8), lead: offset (8), mark (8), since (8)
//	buckets  number (4), and for each: id (16), time (8), own (1), name of its file (16), key (32)
//	padding  zeros, to a multiple of ringStep
const (
	ringHeader  = 16 + 41 + 4
	bucketSize  = 16 + 8 + 1 + 16 + 32
	ringStep    = 4096 // so that its size tells little
	maxBuckets  = 1 << 16
	maxRingFile = len(ringLine) + overhead + ringHeader + maxBuckets*bucketSize + ringStep
)

// encode returns the plaintext of the ring file.
func (r *Ring) encode() []byte {
	size := ringHeader + len(r.buckets)*bucketSize
	b := cryptobyte.NewBuilder(make([]byte, 0, size+ringStep))
	b.AddUint64(r.home.device)
	b.AddUint64(r.home.inode)
	r.clock.encode(b)
	b.AddUint32(uint32(len(r.buckets)))
	for _, bucket := range r.buckets {
		bucket.encode(b)
	}
	b.AddBytes(make([]byte, (ringStep-size%ringStep)%ringStep))
	return b.BytesOrPanic() // it fails only where a length prefix overflows, and there is none
}

// decode is the inverse of encode.
func (r *Ring) decode(plain []byte) error {
	s := cryptobyte.String(plain)
	var n uint32
	ok := s.ReadUint64(&r.home.device) && s.ReadUint64(&r.home.inode) && r.clock.decode(&s) && s.ReadUint32(&n)
	for ; ok && n > 0; n-- {
		b := new(bucket)
		if ok = b.decode(&s); ok {
			b.log.store = r.store
			r.add(b)
		}
	}
	if !ok || r.buckets[Never] == nil || slices.ContainsFunc(s, func(c byte) bool { return c != 0 }) {
		return fmt.Errorf("%w: %s makes no sense", ErrCorrupt, r.store.path(ringName))
	}
	r.written = r.clock
	return nil
}

func (c *clock) encode(b *cryptobyte.Builder) {
	b.AddUint8(flag(c.met))
	for _, t := range []int64{c.offset, c.mark, c.lead.offset, c.lead.mark, c.lead.since} {
		b.AddUint64(uint64(t))
	}
}

func (c *clock) decode(s *cryptobyte.String) bool {
	if !readFlag(s, &c.met) {
		return false
	}
	for _, t := range []*int64{&c.offset, &c.mark, &c.lead.offset, &c.lead.mark, &c.lead.since} {
		if !readInt64(s, t) || *t < -maxTime || *t > maxTime {
			return false
		}
	}
	return true
}

func (b *bucket) encode(to *cryptobyte.Builder) {
	to.AddBytes(b.id[:])
	to.AddUint64(uint64(b.at))
	to.AddUint8(flag(b.own))
	to.AddBytes(b.log.name[:])
	to.AddBytes(b.log.key.b[:])
}

func (b *bucket) decode(s *cryptobyte.String) bool {
	b.log = new(log)
	return s.CopyBytes(b.id[:]) && readInt64(s, &b.at) && readFlag(s, &b.own) &&
		s.CopyBytes(b.log.name[:]) && s.CopyBytes(b.log.key.b[:])
}

func flag(v bool) uint8 {
	if v {
		return 1
	}
	return 0
}

func readFlag(s *cryptobyte.String, v *bool) bool {
	var b uint8
	ok := s.ReadUint8(&b) && b <= 1
	*v = b == 1
	return ok
}

func readInt64(s *cryptobyte.String, v *int64) bool {
	var u uint64
	ok := s.ReadUint64(&u)
	*v = int64(u)
	return ok
}
