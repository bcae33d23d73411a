package media

import (
	"bytes"
	"cmp"
	"io"
	"math"
	"slices"
	"sort"
)

// A File is a stripped file: a list of ranges, each kept from the original or literal. It
// is safe for concurrent use if the src given to Strip is.
type File struct {
	src     io.ReaderAt
	format  Format
	pieces  []piece
	literal []byte // what stands in place of original bytes, in order
	removed []Removed
	size    int64
}

// A piece is a range of a File. It ends where the next one begins.
type piece struct {
	start int64 // in the File
	n     int64
	from  int64 // in the original; if negative, ^from in literal, or fromZeros
}

// fromZeros is where a piece is from that is nothing but zeros.
const fromZeros = math.MinInt64

// Format returns the format of the file.
func (f *File) Format() Format { return f.format }

// Size returns the length of the stripped file, in bytes.
func (f *File) Size() int64 { return f.size }

// Removed returns what the original has and this file lacks, in the original's order. It
// is empty if nothing had to be taken out.
func (f *File) Removed() []Removed { return f.removed }

// ReadAt implements [io.ReaderAt].
func (f *File) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errNegative
	}
	i := sort.Search(len(f.pieces), func(i int) bool { return f.pieces[i].start > off }) - 1
	for ; n < len(p) && off < f.size; i++ {
		q := f.pieces[i]
		part := p[n:min(int64(len(p)), int64(n)+q.start+q.n-off)]
		got, err := f.readPiece(q, part, off-q.start)
		n, off = n+got, off+int64(got)
		if err != nil {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// readPiece fills p from q, beginning at off within it.
func (f *File) readPiece(q piece, p []byte, off int64) (int, error) {
	if q.from == fromZeros {
		clear(p)
		return len(p), nil
	}
	if q.from < 0 {
		return copy(p, f.literal[^q.from+off:]), nil
	}
	n, err := f.src.ReadAt(p, q.from+off)
	if n == len(p) {
		return n, nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF // the original has become shorter
	}
	return n, err
}

// A plan collects the ranges of the File to be, and what it leaves out. Where a bound is
// passed the source fails, and with it the walk.
type plan struct {
	*source
	opts   Options
	file   *File
	blocks []Block
}

// keep appends n bytes of the original at off.
func (p *plan) keep(off, n int64) {
	if last := len(p.file.pieces) - 1; last >= 0 {
		q := &p.file.pieces[last]
		if q.from >= 0 && q.from+q.n == off {
			q.n += n
			p.file.size += n
			return
		}
	}
	p.add(n, off)
}

// zero appends n zeros.
func (p *plan) zero(n int64) { p.add(n, fromZeros) }

// write appends b.
func (p *plan) write(b []byte) {
	lit := len(p.file.literal)
	if lit+len(b) > maxLiteral {
		p.refuse("too much of it would have to be rewritten")
		return
	}
	p.file.literal = append(p.file.literal, b...)
	if last := len(p.file.pieces) - 1; last >= 0 && p.file.pieces[last].from < 0 && p.file.pieces[last].from != fromZeros {
		p.file.pieces[last].n += int64(len(b))
		p.file.size += int64(len(b))
		return
	}
	p.add(int64(len(b)), ^int64(lit))
}

// grow makes room for n more bytes of literals, so that a large one is not copied often.
func (p *plan) grow(n int) { p.file.literal = slices.Grow(p.file.literal, n) }

func (p *plan) add(n, from int64) {
	switch {
	case n == 0:
	case len(p.file.pieces) == maxPieces:
		p.refuse("too many pieces")
	default:
		p.file.pieces = append(p.file.pieces, piece{p.file.size, n, from})
		p.file.size += n
	}
}

// refuse makes every further read of the original fail.
func (p *plan) refuse(reason string) {
	if p.fail == nil {
		p.fail = bad(p.size, reason)
	}
}

// note records a block that carries or could carry metadata.
func (p *plan) note(b Block) {
	switch {
	case b.Size == 0:
	case len(p.blocks) == maxBlocks:
		p.refuse("too many metadata blocks")
	default:
		p.blocks = append(p.blocks, b)
	}
}

// drop records that n bytes of the original at off are left out.
func (p *plan) drop(k Kind, name string, off, n int64) {
	p.note(Block{Kind: k, Name: name, Offset: off, Size: n, Body: off, BodySize: n, Removed: true})
}

// replace appends lit in place of the block b, and keeps the original where that is the same.
func (p *plan) replace(b Block, lit []byte) error {
	same, err := p.equal(b.Offset, b.Size, lit)
	if err != nil {
		return err
	}
	b.Removed = !same
	p.note(b)
	if same {
		p.keep(b.Offset, b.Size)
	} else {
		p.write(lit)
	}
	return nil
}

// equal reports whether the n bytes of the original at off are want.
func (p *plan) equal(off, n int64, want []byte) (bool, error) {
	if n != int64(len(want)) {
		return false, nil
	}
	for len(want) > 0 {
		b, err := p.at(off, min(len(want), window))
		if err != nil {
			return false, err
		}
		if !bytes.Equal(b, want[:len(b)]) {
			return false, nil
		}
		off, want = off+int64(len(b)), want[len(b):]
	}
	return true, nil
}

// sorted returns the blocks in the order of the original.
func (p *plan) sorted() []Block {
	slices.SortStableFunc(p.blocks, func(a, b Block) int { return cmp.Compare(a.Offset, b.Offset) })
	return p.blocks
}

// removed returns what is not in the File, in the order of the original.
func (p *plan) removed() []Removed {
	var rs []Removed
	for _, b := range p.sorted() {
		if b.Removed {
			rs = append(rs, Removed{b.Kind, b.Offset, b.Size, b.Name})
		}
	}
	return rs
}
