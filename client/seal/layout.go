package seal

import "github.com/seed-7b314ca8/mayfly/wire"

// layout says where in a blob and in its file each part lies. Its sizes belong together. Parts are counted from zero; what
// methods return for a part that is not there means nothing.
type layout struct {
	size     int64 // |blob|
	partSize int   // S
	length   int64 // L
	padded   int64 // P
}

// Size returns the length of the blob, in bytes.
func (l *layout) Size() int64 { return l.size }

// Parts returns how many parts the blob has: one at least.
func (l *layout) Parts() int { return wire.Parts(l.size, l.partSize) }

// PartSize returns the length of part i, in bytes; no part is longer than S.
func (l *layout) PartSize(i int) int {
	_, n := wire.PartRange(l.size, l.partSize, i)
	return int(n)
}

// FileRange returns which bytes of the file are in part i: n bytes from off on. Where there is only padding in it, n is
// zero.
func (l *layout) FileRange(i int) (off, n int64) {
	off, padded := l.plainRange(i)
	off = min(off, l.length)
	return off, min(int64(padded), l.length-off)
}

// plainRange returns where in the padded plaintext part i begins, and how much of it the part holds.
func (l *layout) plainRange(i int) (off int64, n int) {
	stride := int64(wire.ChunksPerPart(l.partSize)) * wire.ChunkSize
	off = int64(i) * stride
	return off, int(min(stride, l.padded-off))
}

// firstChunk returns the number of the first chunk of part i.
func (l *layout) firstChunk(i int) int64 { return int64(i) * int64(wire.ChunksPerPart(l.partSize)) }

func (l *layout) has(i int) bool    { return i >= 0 && i < l.Parts() }
func (l *layout) isLast(i int) bool { return i == l.Parts()-1 }

// headerIn returns how many bytes of header part i begins with.
func (l *layout) headerIn(i int) int {
	if i == 0 {
		return wire.HeaderSize
	}
	return 0
}
