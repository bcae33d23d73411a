package keyring

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// A Bucket names a bucket: all that goes at one time, or Never, or by itself. Buckets compare with ==.
type Bucket [16]byte

// Never is the bucket that does not go.
var Never Bucket

// String returns b in hexadecimal.
func (b Bucket) String() string { return hex.EncodeToString(b[:]) }

// A bucket is where records lie that go together.
type bucket struct {
	id   Bucket
	at   int64 // when it goes: Unix seconds, or Forever
	own  bool
	log  *log
	live int64            // bytes of the log that hold records
	past map[Ref]struct{} // records of which the log holds something that they are no more
}

// Whether a bucket is shared by all that goes at its time.
const (
	sharedBucket = false
	ownBucket    = true
)

// supersede notes that the log still holds what rec was.
func (b *bucket) supersede(rec *record) {
	b.live -= int64(rec.size)
	b.leaveTrace(rec.ref)
	clear(rec.value)
}

func (b *bucket) leaveTrace(ref Ref) {
	if b.past == nil {
		b.past = make(map[Ref]struct{})
	}
	b.past[ref] = struct{}{}
}

// wasteful reports whether more than half of a log that is worth the work is of no use.
func (b *bucket) wasteful() bool {
	return b.log.size > wasteFrom && b.log.size-int64(len(logLine)) > 2*b.live
}

// wasteFrom is the size below which a log is not worth writing again, in bytes.
const wasteFrom = 64 << 10

// newBucket returns an empty bucket.
func (r *Ring) newBucket(id Bucket, at int64, own bool) *bucket {
	return &bucket{id: id, at: at, own: own, log: newLog(r.store)}
}

func (r *Ring) add(b *bucket) {
	r.buckets[b.id] = b
	if !b.own {
		r.shared[b.at] = b
	}
}

func (r *Ring) remove(b *bucket) {
	delete(r.buckets, b.id)
	if !b.own {
		delete(r.shared, b.at)
	}
}

// Bucket returns the one bucket of all that goes at that time, in Unix seconds: [Never] for [Forever]. The error
// matches [ErrGone] if that time has come.
func (r *Ring) Bucket(at int64) (Bucket, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b := r.shared[at]; b != nil && !r.closed && !r.expired(b) {
		return b.id, nil
	}
	return r.make(at, sharedBucket)
}

// OwnBucket returns a new bucket that goes at that time, in Unix seconds, and can be made to go earlier. The error
// matches [ErrGone] if that time has come.
func (r *Ring) OwnBucket(at int64) (Bucket, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.make(at, ownBucket)
}

func (r *Ring) make(at int64, own bool) (Bucket, error) {
	if err := r.ready(); err != nil {
		return Never, err
	}
	if at <= r.clock.now() {
		return Never, ErrGone
	}
	if len(r.buckets) >= maxBuckets {
		return Never, ErrFull
	}
	var id Bucket
	rand.Read(id[:])
	b := r.newBucket(id, at, own)
	r.add(b)
	if err := r.save(sameRoot); err != nil {
		r.remove(b)
		return Never, err
	}
	return id, nil
}

// Hasten has a bucket that [Ring.OwnBucket] made go at that time, if that is earlier than its own. A time that has come
// hides it now, and the next [Ring.Forget] destroys it.
func (r *Ring) Hasten(id Bucket, at int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(); err != nil {
		return err
	}
	b := r.buckets[id]
	switch {
	case b == nil:
		return ErrGone
	case !b.own:
		return fmt.Errorf("%w, so that its time stands", ErrShared)
	case at >= b.at:
		return nil
	}
	old := b.at
	b.at = at
	err := r.save(sameRoot)
	if err != nil {
		b.at = old
	}
	return err
}

// expired reports whether the time of b has come.
func (r *Ring) expired(b *bucket) bool { return b.at <= r.clock.now() }
