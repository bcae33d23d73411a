package wire

import "math/bits"

// Sizes of the sealed-file format, in bytes; see docs/FORMAT.md. A server needs them to refuse a blob that no file
// gives, a client to seal one.
const (
	// ChunkSize is the length of the plaintext of every chunk but the last.
	ChunkSize = 16 << 10
	// ChunkOverhead is what sealing adds to a chunk.
	ChunkOverhead = 16
	// HeaderSize is the length of salt and commitment, which precede the first chunk.
	HeaderSize = 24 + 32

	// MaxFileSize is the length of the longest file.
	MaxFileSize = 64 << 30
	// MinPartSize and MaxPartSize bound S, the length that no part exceeds; S is a power of two.
	MinPartSize = 256 << 10
	MaxPartSize = 8 << 20
	// MaxParts is the largest number of parts of a blob.
	MaxParts = 32768
)

// PaddedSize returns P, the length to which a file of n bytes is padded with zeros: n, or 16 KiB if that is more,
// rounded up to an eighth of the power of two below it. It is at most 12.5 % more than n, and leaves eight sizes an
// octave.
func PaddedSize(n int64) int64 {
	n = max(n, ChunkSize)
	unit := int64(1) << (bits.Len64(uint64(n)) - 1 - 3)
	return (n + unit - 1) &^ (unit - 1)
}

// BlobSize returns the length of the blob whose padded plaintext has p bytes. Its last chunk is shorter than the
// others and may be empty.
func BlobSize(p int64) int64 { return HeaderSize + p + ChunkOverhead*(p/ChunkSize+1) }

// PlainSize returns P for a blob of n bytes. It is not ok if no file gives a blob of that length.
func PlainSize(n int64) (p int64, ok bool) {
	const sealed = ChunkSize + ChunkOverhead
	n -= HeaderSize + ChunkOverhead // the last chunk's overhead is there even if it is empty
	if n < 0 {
		return 0, false
	}
	p = n/sealed*ChunkSize + n%sealed
	if n%sealed >= ChunkSize || p > PaddedSize(MaxFileSize) || PaddedSize(p) != p {
		return 0, false
	}
	return p, true
}

// DefaultPartSize returns the S with which a blob of padded plaintext p is first tried.
func DefaultPartSize(p int64) int {
	if p <= 64<<20 {
		return 1 << 20
	}
	return 4 << 20
}

// ValidPartSize reports whether s may be the S of a blob of n bytes.
func ValidPartSize(s int, n int64) bool {
	return s >= MinPartSize && s <= MaxPartSize && s&(s-1) == 0 && Parts(n, s) <= MaxParts
}

// ChunksPerPart returns c, how many chunks a part of at most s bytes holds. One fewer than would fit without the
// header, so that part 0 has room for it.
func ChunksPerPart(s int) int { return s/ChunkSize - 1 }

// partStride is the number of bytes of sealed chunks in every part but the last.
func partStride(s int) int64 { return int64(ChunksPerPart(s)) * (ChunkSize + ChunkOverhead) }

// Parts returns how many parts of at most s bytes make a blob of n bytes.
func Parts(n int64, s int) int {
	body := n - HeaderSize
	stride := partStride(s)
	return int((body + stride - 1) / stride)
}

// PartRange returns where part i of a blob of n bytes begins, and its length, both in bytes.
func PartRange(n int64, s, i int) (off, length int64) {
	stride := partStride(s)
	off = HeaderSize + int64(i)*stride
	end := min(off+stride, n)
	if i == 0 {
		off = 0
	}
	return off, end - off
}
