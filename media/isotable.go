package media

import (
	"fmt"
	"io"
)

// A column reads the entries of a sample table in order, through a small buffer of its own,
// so that the tables of several tracks can be read side by side.
type column struct {
	r       io.ReaderAt
	off     int64 // of what is read next
	left    int64 // bytes that are not read yet
	buf     []byte
	pending []byte // of buf
}

const tableBuffer = 16 << 10

// next returns the next n bytes, at most 12, or nil at the end.
func (t *column) next(n int) ([]byte, error) {
	if len(t.pending) < n {
		if int64(len(t.pending))+t.left < int64(n) {
			return nil, nil
		}
		if err := t.fill(); err != nil {
			return nil, err
		}
	}
	b := t.pending[:n]
	t.pending = t.pending[n:]
	return b, nil
}

func (t *column) fill() error {
	if t.buf == nil {
		t.buf = make([]byte, min(tableBuffer, t.left))
	}
	have := copy(t.buf, t.pending)
	n := int(min(int64(len(t.buf)-have), t.left))
	got, err := t.r.ReadAt(t.buf[have:have+n], t.off)
	if got < n {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("media: reading byte %d: %w", t.off, err)
	}
	t.off, t.left = t.off+int64(n), t.left-int64(n)
	t.pending = t.buf[:have+n]
	return nil
}

// A sampling yields the chunks of a track: rows of samples without a gap (ISO/IEC 14496-12
// sections 8.7.3 to 8.7.5).
type sampling struct {
	offsets column
	width   int // of an offset, in bytes

	runs    column // how many samples are in the chunks from which on
	chunk   int64  // number of the next one, from 1
	per     int64  // samples in a chunk
	nextRun [2]int64

	sizes column
	bits  int // of a size; 0: all have size
	size  func(samples int64) int64
	left  int64 // samples whose size is not read yet
	half  int   // a half byte that is left over, or -1
}

// sampling reads the heads of the tables in the sample table box stbl. A track without
// samples of its own, as in a fragmented file, has none.
func (s *source) sampling(stbl box, t *track) (*sampling, error) {
	p := &sampling{width: 4, chunk: 1, half: -1}
	offsets, err := s.inside(stbl, "stco")
	if offsets.n == 0 && err == nil {
		offsets, err = s.inside(stbl, "co64")
		p.width = 8
	}
	if err != nil {
		return nil, err
	}
	runs, err := s.inside(stbl, "stsc")
	if err != nil {
		return nil, err
	}
	if offsets.n == 0 || runs.n == 0 {
		return nil, bad(stbl.off, "a track without a table of its samples")
	}
	if p.offsets, err = s.table(offsets, 4, int64(p.width)); err != nil {
		return nil, err
	}
	if p.runs, err = s.table(runs, 4, 12); err != nil {
		return nil, err
	}
	if err := p.readSizes(s, stbl, t); err != nil {
		return nil, err
	}
	if err := p.turn(); err != nil {
		return nil, err
	}
	p.nextRun[0] = max(p.nextRun[0], 1)
	return p, nil
}

// table returns the entries of a table whose count stands at the given place of its body.
func (s *source) table(b box, count, size int64) (column, error) {
	h, err := s.at(b.body()+count, 4)
	if err != nil {
		return column{}, err
	}
	n := be(h, 4) * size
	if count+4+n > b.size() {
		return column{}, bad(b.off, "a table that is cut off")
	}
	return column{r: s.r, off: b.body() + count + 4, left: n}, nil
}

// readSizes reads the head of the table of sample sizes.
func (p *sampling) readSizes(s *source, stbl box, t *track) error {
	b, err := s.inside(stbl, "stsz")
	if err != nil {
		return err
	}
	if b.n == 0 {
		return p.readSmallSizes(s, stbl)
	}
	h, err := s.at(b.body(), int(min(12, b.size())))
	if err != nil || len(h) < 12 {
		return or(err, bad(b.off, cutOffBox))
	}
	each := be(h[4:], 4)
	if p.left = be(h[8:], 4); each != 0 {
		p.size = t.sound.sizer(each)
		return nil
	}
	p.bits = 32
	p.sizes, err = s.table(b, 8, 4)
	return err
}

func (p *sampling) readSmallSizes(s *source, stbl box) error {
	b, err := s.inside(stbl, "stz2")
	if err != nil {
		return err
	}
	h, err := s.at(b.body(), int(min(12, b.size())))
	if err != nil || len(h) < 12 {
		return or(err, bad(stbl.off, "a track without a table of its samples"))
	}
	p.bits, p.left = int(h[7]), be(h[8:], 4)
	n := (p.left*int64(p.bits) + 7) / 8
	if p.bits != 4 && p.bits != 8 && p.bits != 16 || 12+n > b.size() {
		return bad(b.off, "a table that is cut off")
	}
	p.sizes = column{r: s.r, off: b.body() + 12, left: n}
	return nil
}

// turn reads the next run of chunks.
func (p *sampling) turn() error {
	b, err := p.runs.next(12)
	if err != nil {
		return err
	}
	if b == nil {
		p.nextRun = [2]int64{0, p.nextRun[1]}
		return nil
	}
	p.nextRun = [2]int64{be(b, 4), be(b[4:], 4)}
	return nil
}

// next returns the next chunk that holds anything. Its n is zero at the end.
func (p *sampling) next() (off, n int64, err error) {
	for {
		b, err := p.offsets.next(p.width)
		if err != nil || b == nil {
			return 0, 0, err
		}
		off := be(b, p.width)
		if p.nextRun[0] == p.chunk {
			p.per = p.nextRun[1]
			if err := p.turn(); err != nil {
				return 0, 0, err
			}
		}
		p.chunk++
		n, err := p.chunkSize()
		if err != nil || n < 0 || off < 0 || off > 1<<62 || n > 1<<62 {
			return 0, 0, or(err, bad(p.offsets.off, "a sample at an impossible place"))
		}
		if n > 0 {
			return off, n, nil
		}
	}
}

// chunkSize returns how many bytes the samples of a chunk have.
func (p *sampling) chunkSize() (int64, error) {
	samples := min(p.per, p.left)
	p.left -= samples
	if p.size != nil {
		return p.size(samples), nil
	}
	var sum int64
	for range samples {
		n, err := p.oneSize()
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func (p *sampling) oneSize() (int64, error) {
	if p.bits == 4 && p.half >= 0 {
		n := int64(p.half)
		p.half = -1
		return n, nil
	}
	b, err := p.sizes.next(max(1, p.bits/8))
	if err != nil || b == nil {
		return 0, err
	}
	if p.bits == 4 {
		p.half = int(b[0] & 15)
		return int64(b[0] >> 4), nil
	}
	return be(b, p.bits/8), nil
}
