//go:build !wasm

package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"encoding/binary"
	"testing"

	"github.com/seed-7b314ca8/mayfly/client/seal"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// AES-GCM alone does not commit to its key: a ciphertext can be made that authenticates under two, to two different
// plaintexts. A dishonest sender and server, who give two recipients two shares, could so send each another picture under
// one root. The commitment is what stops them.
func TestAttackInvisibleSalamander(t *testing.T) {
	const length = 18432 // no padding, and the last chunk not empty
	one := newBlob("victim").seal(t, fileOf(length), small)
	two := *one
	two.share = wire.ShareOf(rowOf("the share for somebody else"))

	first, second := newSalamander(t, one, length), newSalamander(t, &two, length)
	chunks := one.parts[0][wire.HeaderSize:]
	for i, chunk := range [][]byte{chunks[:sealedChunk], chunks[sealedChunk:]} {
		forge(first, second, uint64(i), chunk)
		a, errA := first.aead.Open(nil, first.nonceOf(uint64(i)), chunk, nil)
		b, errB := second.aead.Open(nil, second.nonceOf(uint64(i)), chunk, nil)
		if errA != nil || errB != nil || bytes.Equal(a, b) {
			t.Fatalf("chunk %d is no salamander: %v, %v", i, errA, errB)
		}
	}
	two.parts = [][]byte{bytes.Clone(one.parts[0])}

	one.commit()
	if _, err := one.open(); err != nil {
		t.Errorf("under the key that it commits to: %v", err)
	}
	two.params, two.digests = one.params, one.digests
	refused(t, "under the other key", &two, seal.ErrCommitment)

	copy(two.parts[0], second.header[:])
	two.commit()
	if _, err := two.open(); err != nil {
		t.Errorf("under the other key with its own commitment: %v", err)
	}
	one.parts, one.params, one.digests = two.parts, two.params, two.digests
	refused(t, "with the commitment of the other key", one, seal.ErrCommitment)
}

// A salamander holds what GCM computes with for one of the two keys.
type salamander struct {
	header [wire.HeaderSize]byte
	base   []byte
	block  cipher.Block
	aead   cipher.AEAD
	h      element
}

func newSalamander(t *testing.T, b *blob, length uint64) *salamander {
	k := b.key().Reveal()
	info := "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + string(b.salt[:]) + "mayfly/file/v1\x00"
	derived, err := hkdf.Expand(sha512.New, k[:], info+string(binary.BigEndian.AppendUint64(nil, length)), 76)
	if err != nil {
		t.Fatal(err)
	}
	s := &salamander{base: derived[32:44]}
	copy(s.header[:], b.salt[:])
	copy(s.header[len(b.salt):], derived[44:])
	if s.block, err = aes.NewCipher(derived[:32]); err != nil {
		t.Fatal(err)
	}
	if s.aead, err = cipher.NewGCM(s.block); err != nil {
		t.Fatal(err)
	}
	s.h = s.encrypt(make([]byte, 16))
	return s
}

func (s *salamander) nonceOf(i uint64) []byte {
	nonce := bytes.Clone(s.base)
	binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^i)
	return nonce
}

func (s *salamander) encrypt(block []byte) element {
	out := make([]byte, 16)
	s.block.Encrypt(out, block)
	return elementOf(out)
}

// tag computes the tag of ciphertext as NIST SP 800-38D does.
func (s *salamander) tag(i uint64, ciphertext []byte) element {
	var sum element
	for len(ciphertext) > 0 {
		sum = sum.plus(elementOf(ciphertext[:16])).times(s.h)
		ciphertext = ciphertext[16:]
	}
	return sum.plus(s.encrypt(append(s.nonceOf(i), 0, 0, 0, 1)))
}

// forge changes the first block and the tag of chunk i so that it authenticates under both keys: the tag is linear in
// each block of ciphertext, so that there is one value of the block for which the two tags are equal.
func forge(a, b *salamander, i uint64, chunk []byte) {
	text := chunk[:len(chunk)-16]
	clear(text[:16])
	blocks := binary.BigEndian.AppendUint64(make([]byte, 8), uint64(len(text))*8)
	all := append(bytes.Clone(text), blocks...)
	weight := a.h.power(len(all) / 16).plus(b.h.power(len(all) / 16))
	free := a.tag(i, all).plus(b.tag(i, all)).times(weight.inverse())
	free.put(text)
	free.put(all)
	a.tag(i, all).put(chunk[len(text):])
}

// An element is one of the field of GCM, GF(2^128), whose bits are counted from the left.
type element struct{ left, right uint64 }

func elementOf(b []byte) element {
	return element{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

func (e element) put(b []byte) {
	binary.BigEndian.PutUint64(b, e.left)
	binary.BigEndian.PutUint64(b[8:], e.right)
}

func (e element) plus(f element) element { return element{e.left ^ f.left, e.right ^ f.right} }

func (e element) times(f element) (product element) {
	for range 128 {
		if e.left>>63 == 1 {
			product = product.plus(f)
		}
		e = element{e.left<<1 | e.right>>63, e.right << 1}
		carry := f.right & 1
		f = element{f.left>>1 ^ carry*(0xe1<<56), f.right>>1 | f.left<<63}
	}
	return product
}

func (e element) power(n int) element {
	product := element{left: 1 << 63} // one
	for range n {
		product = product.times(e)
	}
	return product
}

// inverse is e to the power of 2^128 - 2.
func (e element) inverse() element {
	product := element{left: 1 << 63}
	for range 127 {
		e = e.times(e)
		product = product.times(e)
	}
	return product
}
