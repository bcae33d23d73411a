package media

import "encoding/binary"

// Flags of a track fragment and its runs (ISO/IEC 14496-12 sections 8.8.7 and 8.8.8).
const (
	tfhdBase        = 0x1
	tfhdDescription = 0x2
	tfhdDuration    = 0x8
	tfhdSize        = 0x10
	tfhdFlags       = 0x20
	tfhdMoofIsBase  = 0x20000

	trunOffset   = 0x1
	trunFirst    = 0x4
	trunDuration = 0x100
	trunSize     = 0x200
	trunFlags    = 0x400
	trunComposed = 0x800
)

// A fragment is what the head of a track fragment says.
type fragment struct {
	track    *track
	base     int64 // where offsets count from
	implicit bool  // the base depends on the fragment before
	size     int64 // of a sample
}

// fragment reads the head of a track fragment. Its track is nil if there is none.
func (s *source) fragment(traf, moof box, list []*track) (fragment, error) {
	h, err := s.inside(traf, "tfhd")
	if err != nil {
		return fragment{}, err
	}
	b, err := s.at(h.body(), int(min(40, h.size())))
	if err != nil {
		return fragment{}, err
	}
	if len(b) < 8 {
		return fragment{}, bad(traf.off, "a fragment without a header")
	}
	f := fragment{track: byID(list, binary.BigEndian.Uint32(b[4:])), base: moof.off}
	if f.track == nil {
		return f, nil
	}
	flags, at := be(b[1:], 3), 8
	f.size = f.track.size
	f.implicit = flags&(tfhdBase|tfhdMoofIsBase) == 0
	if len(b) < tfhdLength(flags) {
		return fragment{}, bad(h.off, cutOffBox)
	}
	if flags&tfhdBase != 0 {
		f.base = be(b[at:], 8)
		at += 8
	}
	if flags&tfhdDescription != 0 {
		at += 4
	}
	if flags&tfhdDuration != 0 {
		at += 4
	}
	if flags&tfhdSize != 0 {
		f.size = be(b[at:], 4)
	}
	return f, nil
}

// tfhdLength returns how long the body of a tfhd box with these flags is.
func tfhdLength(flags int64) int {
	n := 8
	for _, o := range []struct {
		flag int64
		size int
	}{{tfhdBase, 8}, {tfhdDescription, 4}, {tfhdDuration, 4}, {tfhdSize, 4}, {tfhdFlags, 4}} {
		if flags&o.flag != 0 {
			n += o.size
		}
	}
	return n
}

func tfhdShape(b []byte, n int64) (int64, string) {
	if n < 8 {
		return 0, cutOffBox
	}
	keep := int64(tfhdLength(be(b[1:], 3)))
	if keep > n {
		return 0, cutOffBox
	}
	return keep, ""
}

// trunLayout returns the length of the head and of the entries of a trun box, and where in
// an entry the size of the sample stands, or -1.
func trunLayout(flags int64) (head, entry int64, size int) {
	head, size = 8, -1
	for _, f := range []int64{trunOffset, trunFirst} {
		if flags&f != 0 {
			head += 4
		}
	}
	for _, f := range []int64{trunDuration, trunSize, trunFlags, trunComposed} {
		if flags&f == 0 {
			continue
		}
		if f == trunSize {
			size = int(entry)
		}
		entry += 4
	}
	return head, entry, size
}

func trunShape(b []byte, n int64) (int64, string) {
	if n < 8 {
		return 0, cutOffBox
	}
	head, entry, _ := trunLayout(be(b[1:], 3))
	keep := head + entry*be(b[4:], 4)
	if keep > n {
		return 0, "a table that is cut off"
	}
	return keep, ""
}

// fragments adds the places of the samples in a moof box of the tracks that are kept.
func (s *source) fragments(moof box, list []*track, into *extents) error {
	end, lost := moof.off, false
	return s.boxes(moof.body(), moof.end(), func(b box) error {
		if b.typ != "traf" {
			return nil
		}
		f, err := s.fragment(b, moof, list)
		if err != nil {
			return err
		}
		if f.track == nil || !f.track.kept {
			lost = true
			return nil
		}
		if f.implicit && lost {
			return bad(b.off, "a fragment that is placed by one that has to go")
		}
		if f.implicit {
			f.base = end
		}
		end, err = s.runs(b, f, into)
		return err
	}, nil)
}

// runs adds the places of the samples of a track fragment, and returns where they end.
func (s *source) runs(traf box, f fragment, into *extents) (int64, error) {
	next := f.base
	err := s.boxes(traf.body(), traf.end(), func(b box) error {
		if b.typ != "trun" {
			return nil
		}
		h, err := s.at(b.body(), int(min(12, b.size())))
		if err != nil || len(h) < 8 {
			return or(err, bad(b.off, cutOffBox))
		}
		flags := be(h[1:], 3)
		if flags&trunOffset != 0 && len(h) == 12 {
			next = f.base + int64(int32(binary.BigEndian.Uint32(h[8:])))
		}
		n, err := s.runSize(b, flags, be(h[4:], 4), f.size)
		if err != nil {
			return err
		}
		if next < 0 || next > 1<<62 || n > 1<<62 {
			return bad(b.off, "a sample at an impossible place")
		}
		if n > 0 && !into.add(next, next+n) {
			return bad(b.off, "the samples are in too many places")
		}
		next += n
		return nil
	}, nil)
	return next, err
}

// runSize returns how many bytes the samples of a run have.
func (s *source) runSize(trun box, flags, count, each int64) (int64, error) {
	head, entry, at := trunLayout(flags)
	if head+entry*count > trun.size() {
		return 0, bad(trun.off, "a table that is cut off")
	}
	if at < 0 {
		return count * each, nil
	}
	var sum int64
	for i := range count {
		b, err := s.at(trun.body()+head+entry*i+int64(at), 4)
		if err != nil {
			return 0, err
		}
		sum += be(b, 4)
	}
	return sum, nil
}
