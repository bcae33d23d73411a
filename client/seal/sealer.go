package seal

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/seed-7b314ca8/mayfly/client/seal/internal/cobblestone"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A Sealer seals one file. It is safe for concurrent use.
//
// The same key, salt and file give the same parts, which is how an upload resumes. Another file under the same key and
// salt would give both files away. So record the digest of a part durably before its first byte is sent, and begin a
// new blob, with a new secret, when a part that is sealed again has another one.
type Sealer struct {
	layout
	cipher *cobblestone.Cipher
}

// NewSealer returns a Sealer for a file of length bytes, in parts of at most partSize bytes. Zero for partSize means
// [wire.DefaultPartSize]; see [wire.ValidPartSize] for others.
func NewSealer(key Key, salt Salt, length int64, partSize int) (*Sealer, error) {
	if length < 0 || length > wire.MaxFileSize {
		return nil, errFileSize
	}
	padded := wire.PaddedSize(length)
	size := wire.BlobSize(padded)
	if partSize == 0 {
		partSize = wire.DefaultPartSize(padded)
	}
	if !wire.ValidPartSize(partSize, size) {
		return nil, errPartSize
	}
	cipher, err := cobblestone.New(cobblestone.AES256, key.bytes(), salt, context(length))
	if err != nil {
		return nil, err
	}
	return &Sealer{layout{size, partSize, length, padded}, cipher}, nil
}

// Room returns the capacity that Part needs behind dst in order not to allocate a new one, in bytes: 16 KiB more than the
// longest part.
func (s *Sealer) Room() int { return s.PartSize(0) + wire.ChunkSize }

// Part appends part i to dst. It reads the bytes of [Sealer.FileRange] from src, with one call, and fails if src ends
// before them; whether src has grown is for the caller to see.
func (s *Sealer) Part(dst []byte, i int, src io.ReaderAt) ([]byte, error) {
	if !s.has(i) {
		return nil, errNoPart
	}
	_, n := s.plainRange(i)
	start, end := len(dst), len(dst)+s.PartSize(i)
	// The plaintext is read to a place one chunk behind the part, so that sealing, which goes through it from the front,
	// writes only over what it has read. Nothing is copied, and the end is wiped of what is left.
	all := slices.Grow(dst, end-start+wire.ChunkSize)[:end+wire.ChunkSize]
	if err := s.read(all[len(all)-n:], i, src); err != nil {
		clear(all[start:])
		return nil, err
	}
	if i == 0 {
		header := s.cipher.Header()
		copy(all[start:], header[:])
	}
	dst, err := s.cipher.Seal(all[:start+s.headerIn(i)], s.firstChunk(i), all[len(all)-n:], s.isLast(i))
	if err != nil {
		clear(all[start:])
		return nil, err
	}
	clear(all[end:])
	return dst, nil
}

// read fills plain with what part i holds: bytes of src, then zeros.
func (s *Sealer) read(plain []byte, i int, src io.ReaderAt) error {
	off, want := s.FileRange(i)
	clear(plain[want:])
	if want == 0 {
		return nil
	}
	n, err := src.ReadAt(plain[:want], off)
	if int64(n) == want {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("seal: reading the file at %d: %w", off+int64(n), err)
}

// Params returns what a message says of the blob, given the digests of its parts.
func (s *Sealer) Params(digests []wire.Hash) (Params, error) {
	if len(digests) != s.Parts() {
		return Params{}, errDigests
	}
	return Params{Size: s.size, PartSize: s.partSize, Length: s.length, Root: RootOf(s.size, s.partSize, digests)}, nil
}
