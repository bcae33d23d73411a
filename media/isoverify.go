package media

import (
	"bytes"
	"slices"
)

// A boxCheck is the verifying walk of a file of the ISO base media family.
type boxCheck struct {
	*source
	format Format
	tops   []box
	tracks []*track
	used   extents
	inUse  *track
}

// verifyBoxes accepts boxes that a player needs, at places where they may be, each in the
// shape that it is left in; free space that is zero; and media data in which everything is
// zero that is not part of a sample or picture.
func verifyBoxes(s *source, f Format) error {
	v := &boxCheck{source: s, format: f}
	if err := v.list(); err != nil {
		return err
	}
	for _, typ := range []string{"moov", "ftyp", "meta"} {
		if _, err := only(v.tops, typ); err != nil {
			return err
		}
	}
	if err := v.needed(); err != nil {
		return err
	}
	for _, b := range v.tops {
		if err := v.top(b); err != nil {
			return err
		}
	}
	return v.data()
}

// list reads the boxes at the top of the file, to its last byte.
func (v *boxCheck) list() error {
	var err error
	if v.tops, _, err = v.topBoxes(); err != nil {
		return err
	}
	if last := v.tops[len(v.tops)-1]; last.typ == "free" {
		return bad(last.off, "bytes after the end of the file")
	}
	return nil
}

// needed finds out what of the media data is in use.
func (v *boxCheck) needed() error {
	moov, _ := only(v.tops, "moov")
	if moov.n > 0 {
		var err error
		if v.tracks, err = v.source.tracks(moov); err != nil {
			return err
		}
		if err := v.samples(v.tracks, &v.used); err != nil {
			return err
		}
	}
	for _, b := range v.tops {
		if b.typ != "moof" {
			continue
		}
		if moov.n == 0 {
			return bad(b.off, "a fragment without a movie")
		}
		if err := v.fragments(b, v.tracks, &v.used); err != nil {
			return err
		}
	}
	meta, _ := only(v.tops, "meta")
	if meta.n > 0 && !v.format.isPicture() {
		return bad(meta.off, "data about the file")
	}
	if meta.n > 0 {
		if err := v.pictures(meta); err != nil {
			return err
		}
	}
	if meta.n == 0 && len(v.used.list) == 0 {
		return bad(v.size, "there is no picture and no sound in it")
	}
	v.used.merge()
	return nil
}

// top checks a box at the top of the file.
func (v *boxCheck) top(b box) error {
	r, ok := topTree[b.typ]
	switch {
	case !ok:
		return v.filler(b)
	case b.typ == "meta", b.typ == "mdat":
		return nil // they have a check of their own
	case b.typ == "ftyp", b.typ == "styp":
		r.shape = brandShape(v.format)
		return v.leaf(b, r)
	}
	return v.one(b, r)
}

// filler accepts free space.
func (v *boxCheck) filler(b box) error {
	if b.typ != "free" {
		return bad(b.off, "a box that is not needed: "+quoted(b.typ))
	}
	return v.zero(b.body(), b.size())
}

// zero accepts zeros.
func (v *boxCheck) zero(off, n int64) error {
	z, err := v.zeros(off, n)
	if err == nil && z < n {
		err = bad(off+z, "bytes that are not needed")
	}
	return err
}

// kids checks the boxes in b, which begin first bytes behind its header.
func (v *boxCheck) kids(b box, rules map[string]rule, first int64) error {
	var seen []string
	return v.boxes(b.body()+first, b.end(), func(c box) error {
		r, ok := rules[c.typ]
		if !ok {
			return v.filler(c)
		}
		if !r.many && slices.Contains(seen, c.typ) {
			return bad(c.off, "a second "+quoted(c.typ)+" box")
		}
		if !r.many {
			seen = append(seen, c.typ)
		}
		return v.one(c, r)
	}, v.zero)
}

// one checks a box of a known type.
func (v *boxCheck) one(b box, r rule) error {
	switch b.typ {
	case "trak":
		i := slices.IndexFunc(v.tracks, func(t *track) bool { return t.box == b })
		if v.inUse = v.tracks[i]; !v.inUse.kept {
			return bad(b.off, "a track that is neither picture nor sound")
		}
	case "traf":
		f, err := v.fragment(b, box{}, v.tracks)
		if err != nil {
			return err
		}
		if f.track == nil {
			return bad(b.off, "a fragment of no track")
		}
	case "stsd":
		return v.stsd(b)
	}
	if ok, err := v.refersToKept(b, v.tracks); err != nil || !ok {
		return or(err, bad(b.off, "it refers to a track that is not there"))
	}
	if r.kids != nil {
		return v.kids(b, r.kids, r.first)
	}
	return v.leaf(b, r)
}

// leaf accepts a box that its shape would not change.
func (v *boxCheck) leaf(b box, r rule) error {
	_, same, keep, err := v.reshape(b, r)
	switch {
	case err != nil:
		return err
	case keep == notNeeded:
		return bad(b.off, "a box that is not needed: "+quoted(b.typ))
	case !same:
		return bad(b.off, "more in a "+quoted(b.typ)+" box than is needed")
	}
	return v.zero(b.body()+keep, b.size()-keep)
}

// stsd checks sample descriptions.
func (v *boxCheck) stsd(b box) error {
	h, err := v.read(b.body(), 8)
	if err != nil {
		return err
	}
	if h[0] > 1 || be(h[1:], 3) != 0 {
		return bad(b.off, "descriptions of an unknown version")
	}
	left := be(h[4:], 4)
	err = v.boxes(b.body()+8, b.end(), func(e box) error {
		if left--; left < 0 {
			return bad(e.off, "more descriptions than there should be")
		}
		return v.entry(e, h[0])
	}, v.zero)
	if err == nil && left != 0 {
		err = bad(b.off, "fewer descriptions than there should be")
	}
	return err
}

func (v *boxCheck) entry(e box, stsdVersion byte) error {
	head, err := v.read(e.body(), min(e.size(), 128))
	if err != nil {
		return err
	}
	now := bytes.Clone(head)
	first, reason := entryShape(v.inUse, e.typ, now, stsdVersion)
	switch {
	case reason != "":
		return bad(e.off, reason)
	case !bytes.Equal(head, now):
		return bad(e.off, "more in a description than is needed")
	case v.inUse.handler == "soun":
		return v.kids(e, audioTree, int64(first))
	}
	return v.kids(e, videoTree, int64(first))
}

// data checks that the media data hold nothing but samples and pictures.
func (v *boxCheck) data() error {
	next := 0
	for _, b := range v.tops {
		if b.typ != "mdat" {
			continue
		}
		var err error
		if next, err = v.used.gaps(b, next, v.zero); err != nil {
			return err
		}
	}
	if next < len(v.used.list) {
		return bad(v.used.list[next].off, "a sample that is not in the media data: the file is cut off or damaged")
	}
	return nil
}
