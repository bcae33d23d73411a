package media

import (
	"encoding/binary"
	"math"
)

// Bounds on the structure of a file of boxes.
const (
	maxBoxes  = 1 << 16 // at the top of a file, or in one box
	maxTracks = 100
	maxShape  = 64 << 10 // a box that is read as a whole, in bytes

	maxVideoProfile = 1 << 20 // the colour profile of a video, in bytes
)

// A box is a box of an ISO base media file (ISO/IEC 14496-12 section 4.2): n bytes at off,
// of which the first head are its length and type.
type box struct {
	off, n int64
	head   int64
	typ    string
}

func (b box) body() int64 { return b.off + b.head }
func (b box) end() int64  { return b.off + b.n }
func (b box) size() int64 { return b.n - b.head } // of the body

// isFiller reports whether the box is there to take up room.
func (b box) isFiller() bool { return b.typ == "free" || b.typ == "skip" || b.typ == "wide" }

// topBox returns the box at off of the file. The last one may leave its length open.
func (s *source) topBox(off int64) (box, error) {
	h, err := s.at(off, int(min(8, s.size-off)))
	if err != nil {
		return box{}, err
	}
	if len(h) == 8 && be(h, 4) == 0 {
		return box{off, s.size - off, 8, string(h[4:8])}, nil
	}
	return s.box(off, s.size)
}

// topBoxes returns the boxes at the top of the file, and where they end if what follows is
// none, with the reason. It counts them first, so that a long list is not copied often.
func (s *source) topBoxes() (tops []box, end int64, err error) {
	count := 0
	for end < s.size {
		b, err := s.topBox(end)
		if err != nil {
			break
		}
		if count == maxBoxes {
			return nil, end, bad(b.off, "too many boxes")
		}
		count++
		end = b.end()
	}
	tops, end = make([]box, 0, count), 0
	for end < s.size {
		b, err := s.topBox(end)
		if err != nil {
			return tops, end, err
		}
		tops = append(tops, b)
		end = b.end()
	}
	return tops, end, nil
}

// box returns the box at off in a box that ends at end.
func (s *source) box(off, end int64) (box, error) {
	if end-off < 8 {
		return box{}, bad(off, "a box is cut off")
	}
	h, err := s.at(off, int(min(16, end-off, s.size-off)))
	if err != nil {
		return box{}, err
	}
	if len(h) < 8 {
		return box{}, errTruncated
	}
	b := box{off, be(h, 4), 8, boxType(h[4:8])}
	if b.n == 1 && len(h) == 16 {
		n := binary.BigEndian.Uint64(h[8:])
		if n > math.MaxInt64/2 {
			return box{}, bad(off, "a box is cut off")
		}
		b.n, b.head = int64(n), 16
	}
	if b.n < b.head {
		return box{}, bad(off, "a box of an impossible length")
	}
	if b.n > end-off {
		return box{}, bad(off, "a box is cut off")
	}
	return b, nil
}

// boxType returns a type as a string, without a copy for those that there may be many of.
func boxType(b []byte) string {
	switch string(b) {
	case "moof":
		return "moof"
	case "mdat":
		return "mdat"
	case "free":
		return "free"
	}
	return string(b)
}

// boxes calls f for every box from off to end. What is left behind the last one, fewer than
// eight bytes or zeros only, goes to rest if rest is not nil.
func (s *source) boxes(off, end int64, f func(box) error, rest func(off, n int64) error) error {
	for count := 0; off < end; count++ {
		if count == maxBoxes {
			return bad(off, "too many boxes")
		}
		tail, err := s.isTail(off, end)
		if err != nil {
			return err
		}
		if tail {
			if rest == nil {
				return nil
			}
			return rest(off, end-off)
		}
		b, err := s.box(off, end)
		if err != nil {
			return err
		}
		if err := f(b); err != nil {
			return err
		}
		off = b.end()
	}
	return nil
}

// isTail reports whether there is no box at off: QuickTime ends some lists with a zero.
func (s *source) isTail(off, end int64) (bool, error) {
	if end-off < 8 {
		return true, nil
	}
	h, err := s.at(off, 4)
	if err != nil || be(h, 4) != 0 {
		return false, err
	}
	if n, err := s.zeros(off, end-off); err != nil || n < end-off {
		return false, or(err, bad(off, "a box without an end"))
	}
	return true, nil
}

// zeros returns how many of the n bytes at off are zero before the first that is not.
func (s *source) zeros(off, n int64) (int64, error) {
	for done := int64(0); done < n; {
		b, err := s.from(off + done)
		if err != nil {
			return 0, err
		}
		b = b[:min(int64(len(b)), n-done)]
		for i, c := range b {
			if c != 0 {
				return done + int64(i), nil
			}
		}
		done += int64(len(b))
	}
	return n, nil
}

// inside returns the first box that the path of types leads to, below b. Its n is zero if
// there is none.
func (s *source) inside(b box, path ...string) (box, error) {
	from := b.body()
	for _, typ := range path {
		var found box
		err := s.boxes(from, b.end(), func(c box) error {
			if c.typ == typ && found.n == 0 {
				found = c
			}
			return nil
		}, nil)
		if err != nil || found.n == 0 {
			return box{}, err
		}
		b, from = found, found.body()
	}
	return b, nil
}

// be returns a number of size bytes, at most eight, at the start of b.
func be(b []byte, size int) int64 {
	var n uint64
	for _, c := range b[:size] {
		n = n<<8 | uint64(c)
	}
	return int64(n)
}
