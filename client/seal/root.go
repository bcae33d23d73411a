package seal

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// A Root fixes every byte of a blob: it is a hash of the length, the part size and the digest of every part.
type Root = wire.Hash

// RootOf returns the root of a blob of size bytes in parts of at most partSize bytes, which have these digests.
func RootOf(size int64, partSize int, digests []wire.Hash) (root Root) {
	h := sha256.New()
	h.Write([]byte("mayfly/root/v1"))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(size)))
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(partSize)))
	for i := range digests {
		h.Write(digests[i][:])
	}
	h.Sum(root[:0])
	return root
}

// Params are what a message says of a blob, besides its id and its secret.
type Params struct {
	Size     int64 // |blob| in bytes
	PartSize int   // S in bytes
	Length   int64 // of the file, in bytes
	Root     Root
}

// layout returns the layout that p describes, if it is one that a [Sealer] makes.
func (p Params) layout() (layout, error) {
	if p.Length < 0 || p.Length > wire.MaxFileSize {
		return layout{}, ErrLength
	}
	padded := wire.PaddedSize(p.Length)
	if p.Size != wire.BlobSize(padded) || !wire.ValidPartSize(p.PartSize, p.Size) {
		return layout{}, ErrLength
	}
	return layout{p.Size, p.PartSize, p.Length, padded}, nil
}
