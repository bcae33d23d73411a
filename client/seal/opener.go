package seal

import (
	"errors"
	"slices"

	"github.com/seed-7b314ca8/mayfly/client/seal/internal/cobblestone"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A Verifier knows what every part of a blob must be, and needs no key for it. It is safe for concurrent use.
type Verifier struct {
	layout
	digests []wire.Hash
}

// NewVerifier checks what a server says, the digests, against what a message says, the params.
func NewVerifier(p Params, digests []wire.Hash) (*Verifier, error) {
	l, err := p.layout()
	if err != nil {
		return nil, err
	}
	if len(digests) != l.Parts() || RootOf(p.Size, p.PartSize, digests) != p.Root {
		return nil, ErrRoot
	}
	return &Verifier{l, slices.Clone(digests)}, nil
}

// Check returns [ErrDigest] if part is not part i, whole and as it was sealed.
func (v *Verifier) Check(i int, part []byte) error {
	if !v.has(i) {
		return errNoPart
	}
	if len(part) != v.PartSize(i) || wire.Sum(part) != v.digests[i] {
		return ErrDigest
	}
	return nil
}

// Open returns an Opener of the blob that v knows. Header is what part 0 begins with; who opens other parts first, or
// again, may keep it. It is refused with [ErrCommitment] unless it was made with this key for a file of this length.
func (v *Verifier) Open(key Key, header [wire.HeaderSize]byte) (*Opener, error) {
	cipher, err := cobblestone.Parse(cobblestone.AES256, key.bytes(), header, context(v.length))
	if errors.Is(err, cobblestone.ErrCommitment) {
		return nil, ErrCommitment
	}
	if err != nil {
		return nil, err
	}
	return &Opener{v.layout, v, cipher}, nil
}

// An Opener opens the parts of one blob, in any order. It is safe for concurrent use.
type Opener struct {
	layout
	verifier *Verifier
	cipher   *cobblestone.Cipher
}

// Part appends to dst what part i holds of the file: the bytes of [Opener.FileRange]. The whole part is checked before
// the first byte is opened, and after a failure no plaintext is left behind dst. Part must not overlap what follows dst,
// where padding is opened too: [Opener.Room] says how much that takes.
func (o *Opener) Part(dst []byte, i int, part []byte) ([]byte, error) {
	if err := o.verifier.Check(i, part); err != nil {
		return nil, err
	}
	if i == 0 && o.cipher.Header() != [wire.HeaderSize]byte(part) {
		return nil, ErrCommitment
	}
	start := len(dst)
	dst, err := o.cipher.Open(dst, o.firstChunk(i), part[o.headerIn(i):], o.isLast(i))
	if errors.Is(err, cobblestone.ErrAuth) {
		return nil, ErrAuth
	}
	if err != nil {
		return nil, err
	}
	_, n := o.FileRange(i)
	end := start + int(n)
	if !allZero(dst[end:]) {
		clear(dst[start:])
		return nil, ErrPadding
	}
	return dst[:end], nil
}

// Room returns the capacity that Part needs behind dst in order not to allocate a new one, in bytes.
func (o *Opener) Room() int {
	_, n := o.plainRange(0)
	return n
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
