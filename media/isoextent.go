package media

import (
	"cmp"
	"slices"
)

// An extent is a range of a file, in bytes.
type extent struct{ off, end int64 }

// maxRanges bounds how many places of a file the kept samples are in, once those side by
// side count as one.
const maxRanges = 1 << 16

// extents collects ranges. It is cheap where each begins where the one before ended.
type extents struct {
	list []extent
}

// add adds a range. It reports false when there are too many.
func (s *extents) add(off, end int64) bool {
	if last := len(s.list) - 1; last >= 0 && s.list[last].off <= off && off <= s.list[last].end {
		s.list[last].end = max(s.list[last].end, end)
		return true
	}
	if len(s.list) == maxRanges {
		if s.merge(); len(s.list) > maxRanges/2 {
			return false
		}
	}
	s.list = append(s.list, extent{off, end})
	return true
}

// merge sorts the ranges and joins those that touch.
func (s *extents) merge() {
	slices.SortFunc(s.list, func(a, b extent) int { return cmp.Compare(a.off, b.off) })
	kept := s.list[:0]
	for _, x := range s.list {
		if last := len(kept) - 1; last >= 0 && x.off <= kept[last].end {
			kept[last].end = max(kept[last].end, x.end)
			continue
		}
		kept = append(kept, x)
	}
	s.list = kept
}

// gaps calls used for every range that lies in the box and gap for what is between them.
// The ranges must be merged. It returns the index of the first range behind the box; a range
// that lies in part outside fails.
func (s *extents) gaps(b box, i int, gap func(off, n int64) error) (int, error) {
	off := b.body()
	for ; i < len(s.list) && s.list[i].off < b.end(); i++ {
		x := s.list[i]
		if x.off < b.body() || x.end > b.end() {
			return i, bad(x.off, "a sample that is not in the media data: the file is cut off or damaged")
		}
		if err := gap(off, x.off-off); err != nil {
			return i, err
		}
		off = x.end
	}
	return i, gap(off, b.end()-off)
}
