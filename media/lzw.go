package media

// An lzwReader reads the codes of a GIF picture (GIF89a appendix F) from its row of
// sub-blocks, and keeps no pixels, only their number. It finds where the picture ends.
// Decoders stop there; what follows would never be seen.
//
// It is a value: a copy goes on from the same place.
type lzwReader struct {
	s    *source
	sub  int64  // where the current sub-block begins, with its length
	off  int64  // of the next byte
	b    []byte // the rest of the sub-block
	last byte   // the byte read last
	bits uint   // how many bits of it are in acc
	acc  uint32
}

// code reads a code of the given width. It answers ok = false where the row ends, and the
// reader then stands behind the row.
func (r *lzwReader) code(width uint) (code int, ok bool, err error) {
	for r.bits < width {
		if len(r.b) == 0 {
			if err = r.open(); err != nil || len(r.b) == 0 {
				return 0, false, err
			}
		}
		r.last = r.b[0]
		r.b = r.b[1:]
		r.off++
		r.acc |= uint32(r.last) << r.bits
		r.bits += 8
	}
	code = int(r.acc & (1<<width - 1))
	r.acc >>= width
	r.bits -= width
	return code, true, nil
}

// open begins the next sub-block. The last one is empty.
func (r *lzwReader) open() error {
	n, err := r.s.byteAt(r.off)
	if err != nil {
		return err
	}
	r.sub = r.off
	r.off++
	r.b, err = r.s.at(r.off, int(n))
	return err
}

// An lzwTable knows how many pixels each code stands for.
type lzwTable struct {
	clear   int // the code that empties the table; the next one ends the picture
	next    int
	width   uint
	prev    int // the code before, or -1
	lengths [4096]uint16
}

// begin makes t the table that a picture with codes of the given width begins with.
func (t *lzwTable) begin(minWidth byte) {
	t.clear = 1 << minWidth
	for i := range t.clear {
		t.lengths[i] = 1
	}
	t.reset()
}

func (t *lzwTable) reset() {
	t.next, t.prev = t.clear+2, -1
	t.width = 1
	for 1<<t.width < t.next {
		t.width++
	}
}

// pixels returns how many pixels a code that is neither clear nor end stands for, and takes
// it into the table. It returns 0 if there can be no such code here.
func (t *lzwTable) pixels(code int) int64 {
	if t.prev < 0 {
		if code >= t.clear {
			return 0
		}
		t.prev = code
		return 1
	}
	if code > t.next {
		return 0
	}
	if t.next < len(t.lengths) {
		t.lengths[t.next] = t.lengths[t.prev] + 1
		if t.next++; t.next == 1<<t.width && t.width < 12 {
			t.width++
		}
	}
	t.prev = code
	return int64(t.lengths[code])
}

// An lzwEnd is where a picture ends, or has to end.
type lzwEnd struct {
	at    lzwReader // before the end code
	width uint      // of the end code
	clean bool      // the end code stands there, zero bits behind it, and nothing else
	end   int64     // behind the row of sub-blocks
}

// lzwEnd reads the picture of up to max pixels whose sub-blocks begin at off. It ends at
// its end code, or where it has all its pixels, or with its data: a picture that has fewer
// pixels than its frame is shown as far as it goes.
func (s *source) lzwEnd(off int64, minWidth byte, max int64) (lzwEnd, error) {
	if s.lzw == nil {
		s.lzw = new(lzwTable) // one for all frames
	}
	t := s.lzw
	t.begin(minWidth)
	r := lzwReader{s: s, off: off}
	for n := int64(0); ; {
		e := lzwEnd{at: r, width: t.width}
		code, ok, err := r.code(t.width)
		if err != nil {
			return e, err
		}
		switch {
		case !ok:
			e.end = r.off
			return e, nil
		case code == t.clear+1 || n >= max:
			return e.finish(r, code == t.clear+1)
		case code == t.clear:
			t.reset()
			continue
		}
		more := t.pixels(code)
		if more == 0 {
			return e, bad(r.off, "damaged picture data")
		}
		n += more
	}
}

// finish completes e, whose last code was read by r.
func (e lzwEnd) finish(r lzwReader, isEnd bool) (lzwEnd, error) {
	e.clean = isEnd && r.acc == 0 && len(r.b) == 0
	row, err := r.s.subBlocksEnd(r.off + int64(len(r.b)))
	e.clean = e.clean && row == r.off+1
	e.end = row
	return e, err
}

// tail returns the bytes that end a picture at e: what is left of the byte that the last
// code ends in, and the end code.
func (e lzwEnd) tail(endCode int) []byte {
	used := (8 - e.at.bits%8) % 8
	acc := uint32(endCode) << used
	if used > 0 {
		acc |= uint32(e.at.last) & (1<<used - 1)
	}
	var b []byte
	for n := int(used + e.width); n > 0; n -= 8 {
		b = append(b, byte(acc))
		acc >>= 8
	}
	return b
}

// wholeBytes returns where the bytes before tail end.
func (e lzwEnd) wholeBytes() int64 {
	if e.at.bits > 0 {
		return e.at.off - 1
	}
	return e.at.off
}

// subBlocksEnd returns where the row of sub-blocks at off ends.
func (s *source) subBlocksEnd(off int64) (int64, error) {
	for {
		n, err := s.byteAt(off)
		if err != nil {
			return 0, err
		}
		off += 1 + int64(n)
		if n == 0 {
			return off, nil
		}
	}
}
