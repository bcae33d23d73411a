package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/seed-7b314ca8/mayfly/client/seal"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// FuzzOpenPart hands over bytes as the only part of a blob, with digest and root to fit. Nothing but what was sealed may
// open.
func FuzzOpenPart(f *testing.F) {
	b := newBlob("fuzz").seal(f, fileOf(20), small)
	sealed := b.parts[0]
	f.Add(sealed)
	f.Add(sealed[:len(sealed)-1])
	f.Add(sealed[:wire.HeaderSize])
	f.Add(append(bytes.Clone(sealed), 0))
	f.Add(append(bytes.Clone(sealed[:wire.HeaderSize+1]), make([]byte, len(sealed)-wire.HeaderSize-1)...))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, part []byte) {
		b := *b
		b.parts = [][]byte{part}
		b.commit()
		file, err := b.open()
		if bytes.Equal(part, sealed) {
			if err != nil {
				t.Errorf("what was sealed does not open: %v", err)
			}
			return
		}
		if file != nil || !errors.Is(err, seal.ErrTampered) {
			t.Errorf("opened %d bytes, with error %v", len(file), err)
		}
	})
}

// FuzzParams hands over params as a message may carry them. What is accepted must be of one piece.
func FuzzParams(f *testing.F) {
	for _, length := range []int64{0, 1, 16384, 1 << 20, 1 << 30, wire.MaxFileSize} {
		padded := wire.PaddedSize(length)
		size := wire.BlobSize(padded)
		f.Add(size, wire.DefaultPartSize(padded), length, wire.Parts(size, wire.DefaultPartSize(padded)))
		f.Add(size-1, small, length, 1)
		f.Add(size, small, length+1, 2)
	}
	f.Add(int64(-1<<63), -1<<63, int64(-1<<63), 0)
	f.Add(int64(1<<63-1), 1<<63-1, int64(1<<63-1), 7)
	f.Fuzz(func(t *testing.T, size int64, partSize int, length int64, parts int) {
		digests := make([]wire.Hash, min(max(parts, 0), wire.MaxParts))
		p := seal.Params{Size: size, PartSize: partSize, Length: length, Root: seal.RootOf(size, partSize, digests)}
		v, err := seal.NewVerifier(p, digests)
		if err != nil {
			if !errors.Is(err, seal.ErrTampered) {
				t.Errorf("%+v: %v", p, err)
			}
			return
		}
		var sealed, plain int64
		for i := range v.Parts() {
			off, n := v.FileRange(i)
			if off != plain || n < 0 || v.PartSize(i) < wire.ChunkOverhead || v.PartSize(i) > partSize {
				t.Fatalf("%+v: part %d has %d bytes for [%d, +%d), after %d", p, i, v.PartSize(i), off, n, plain)
			}
			sealed, plain = sealed+int64(v.PartSize(i)), plain+n
		}
		if sealed != size || plain != length || v.Size() != size {
			t.Errorf("%+v: the parts have %d bytes for %d", p, sealed, plain)
		}
	})
}
