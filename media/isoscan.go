package media

import (
	"bytes"
	"cmp"
	"slices"
)

// A boxScan reads a file of the ISO base media family. Offsets in such a file count from its
// beginning, so everything stays where it is, and what goes becomes free space.
type boxScan struct {
	*plan
	format Format
	tops   []box
	end    int64 // of the last box
	ftyp   box
	moov   box
	tracks []*track
	inUse  track   // the one that the walk is in
	used   extents // of samples and items
	meta   *itemMeta
	edits  []edit

	// Of these there may be very many, and only the first is noted.
	noted, lost bool // bytes of no sample, and a fragment of a track that goes
}

func scanBoxes(p *plan) error {
	w := &boxScan{plan: p, format: p.file.format}
	if err := w.survey(); err != nil {
		return err
	}
	if err := w.places(); err != nil {
		return err
	}
	for _, b := range w.tops {
		if err := w.top(b); err != nil {
			return err
		}
	}
	if err := w.data(); err != nil {
		return err
	}
	w.cutEnd()
	return w.finish()
}

// survey lists the boxes at the top of the file.
func (w *boxScan) survey() (err error) {
	w.tops, w.end, err = w.topBoxes()
	if err != nil && (w.fail != nil || len(w.tops) == 0 || w.startsKnown(w.end)) {
		return err
	}
	if i := slices.IndexFunc(w.tops, func(b box) bool { return b.typ == "ftyp" }); i >= 0 {
		w.ftyp = w.tops[i]
	}
	// What follows is no box but something else.
	w.drop(Trailer, trailerName(w.prefix(w.end, 12)), w.end, w.size-w.end)
	return nil
}

// startsKnown reports whether at off there is the beginning of a box that is needed.
func (w *boxScan) startsKnown(off int64) bool {
	h := w.prefix(off, 8)
	_, known := topTree[string(h[min(4, len(h)):])]
	return known
}

// only returns the one box of a type at the top of the file. Its n is zero if there is none.
func only(tops []box, typ string) (found box, err error) {
	for _, b := range tops {
		if b.typ != typ {
			continue
		}
		if found.n != 0 {
			return box{}, bad(b.off, "a second "+quoted(typ)+" box")
		}
		found = b
	}
	return found, nil
}

// places finds out which samples and items are needed and where they are.
func (w *boxScan) places() error {
	var err error
	if w.moov, err = only(w.tops, "moov"); err != nil {
		return err
	}
	if w.moov.n > 0 {
		if err := w.movie(); err != nil {
			return err
		}
	}
	if w.format.isPicture() {
		if err := w.items(); err != nil {
			return err
		}
	}
	if w.meta == nil && len(w.used.list) == 0 {
		return bad(w.size, "there is no picture and no sound in it")
	}
	w.used.merge()
	return nil
}

// movie finds the samples of the tracks that are kept.
func (w *boxScan) movie() (err error) {
	if c, err := w.inside(w.moov, "cmov"); err != nil || c.n > 0 {
		return or(err, bad(c.off, "a compressed header"))
	}
	if w.tracks, err = w.source.tracks(w.moov); err != nil {
		return err
	}
	if err := w.samples(w.tracks, &w.used); err != nil {
		return err
	}
	for _, b := range w.tops {
		if b.typ != "moof" {
			continue
		}
		if err := w.fragments(b, w.tracks, &w.used); err != nil {
			return err
		}
	}
	return nil
}

// top treats a box at the top of the file.
func (w *boxScan) top(b box) error {
	r, ok := topTree[b.typ]
	switch {
	case !ok, b.typ == "ftyp" && b != w.ftyp:
		return w.blank(b)
	case b.typ == "ftyp", b.typ == "styp":
		r.shape = brandShape(w.format)
		return w.leaf(b, r)
	case b.typ == "mdat":
		return nil // later, in one go
	case b.typ == "meta" && w.meta != nil && b == w.meta.box:
		return w.rewriteMeta()
	case b.typ == "meta", b.typ == "moof" && w.moov.n == 0:
		return w.blank(b)
	}
	return w.apply(b, r)
}

// kids treats the boxes in b, which begin first bytes behind its header.
func (w *boxScan) kids(b box, rules map[string]rule, first int64) error {
	var seen []string
	return w.boxes(b.body()+first, b.end(), func(c box) error {
		r, ok := rules[c.typ]
		if !ok {
			return w.blank(c)
		}
		if !r.many {
			if slices.Contains(seen, c.typ) {
				return bad(c.off, "a second "+quoted(c.typ)+" box")
			}
			seen = append(seen, c.typ)
		}
		return w.apply(c, r)
	}, w.tail)
}

// apply treats a box of a known type.
func (w *boxScan) apply(b box, r rule) error {
	switch b.typ {
	case "trak":
		return w.trak(b, r)
	case "stsd":
		return w.stsd(b)
	case "traf":
		f, err := w.fragment(b, box{}, w.tracks)
		if err != nil {
			return err
		}
		if f.track == nil || !f.track.kept {
			return w.loseFragment(b)
		}
	case "colr":
		if h := w.prefix(b.body(), 4); w.opts.DropProfile && string(h) != "nclx" && string(h) != "nclc" {
			return w.blank(b)
		}
	}
	if ok, err := w.refersToKept(b, w.tracks); err != nil || !ok {
		return or(err, w.blank(b))
	}
	if r.kids != nil {
		return w.kids(b, r.kids, r.first)
	}
	return w.leaf(b, r)
}

// refersToKept reports whether all the tracks that b names are kept.
func (s *source) refersToKept(b box, list []*track) (bool, error) {
	at, n := int64(0), int64(1)
	switch {
	case b.typ == "trex", b.typ == "tfra":
		at = 4
	case trefTree[b.typ].shape != nil:
		n = b.size() / 4
	default:
		return true, nil
	}
	if n > maxTracks || at+4*n > b.size() {
		return false, nil
	}
	ids, err := s.at(b.body()+at, int(4*n))
	for ; len(ids) >= 4; ids = ids[4:] {
		if t := byID(list, uint32(be(ids, 4))); t == nil || !t.kept {
			return false, err
		}
	}
	return err == nil, err
}

func (w *boxScan) trak(b box, r rule) error {
	i := slices.IndexFunc(w.tracks, func(t *track) bool { return t.box == b })
	t := w.tracks[i]
	if !t.kept {
		return w.lose(b, Telemetry, t.String())
	}
	w.inUse = *t
	return w.kids(b, r.kids, 0)
}

// leaf treats a box that has a shape.
func (w *boxScan) leaf(b box, r rule) error {
	now, same, keep, err := w.reshape(b, r)
	if err != nil {
		return err
	}
	if keep == notNeeded {
		return w.blank(b)
	}
	if b.typ == "tkhd" && w.opts.DropOrientation {
		same = same && bytes.Equal(now[keep-44:keep-8], unturned)
		copy(now[keep-44:], unturned)
	}
	if !same {
		w.edit(b.body(), int64(len(now)), bytes.Clone(now))
	}
	tail := max(keep, int64(len(now))) // what lies before it is in now
	z, err := w.zeros(b.body()+tail, b.size()-tail)
	if err != nil {
		return err
	}
	if z < b.size()-tail {
		w.edit(b.body()+tail, b.size()-tail, nil)
		same = false
	}
	if !same {
		w.noteLeaf(b, r)
	}
	return w.fail
}

// noteLeaf notes a box that is changed.
func (w *boxScan) noteLeaf(b box, r rule) {
	w.noteBox(b, cmp.Or(r.kind, Structure), b.typ)
	if last := len(w.blocks) - 1; r.kind == Profile && w.fail == nil {
		w.blocks[last].Body += 4 // behind the kind of the profile
		w.blocks[last].BodySize -= 4
	}
}

// unturned is the matrix of a picture as it is (ISO/IEC 14496-12 section 6.2.2).
var unturned = []byte("\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00")

// reshape returns what the shape of a box leaves of the first bytes of its body, whether
// they were so before, and how long the body should be. The bytes are valid until the next
// call.
func (s *source) reshape(b box, r rule) (now []byte, same bool, keep int64, err error) {
	n := min(b.size(), 128)
	limit := int64(maxShape)
	if b.typ == "colr" {
		limit = maxVideoProfile
	}
	switch {
	case r.whole && b.size() > limit:
		return nil, false, 0, bad(b.off, "a "+quoted(b.typ)+" box that is too long")
	case r.whole:
		n = b.size()
	}
	was, err := s.view(b.body(), n)
	if err != nil {
		return nil, false, 0, err
	}
	s.shaped = append(s.shaped[:0], was...)
	keep, reason := r.shape(s.shaped, b.size())
	if reason != "" {
		return nil, false, 0, bad(b.off, reason)
	}
	if keep != notNeeded {
		clear(s.shaped[min(keep, n):])
	}
	return s.shaped, bytes.Equal(was, s.shaped), keep, nil
}

// view returns the n bytes at off: a copy only if there are many.
func (s *source) view(off, n int64) ([]byte, error) {
	if n <= window {
		return s.at(off, int(n))
	}
	return s.read(off, n)
}

// stsd treats sample descriptions.
func (w *boxScan) stsd(b box) error {
	if b.size() < 8 {
		return bad(b.off, cutOffBox)
	}
	h, err := w.read(b.body(), 8)
	if err != nil {
		return err
	}
	if h[0] > 1 {
		return bad(b.off, "descriptions of an unknown version")
	}
	if be(h[1:], 3) != 0 {
		w.edit(b.body()+1, 3, nil)
		w.noteBox(b, Structure, b.typ)
	}
	count := int64(0)
	err = w.boxes(b.body()+8, b.end(), func(e box) error {
		if count++; count > be(h[4:], 4) {
			return bad(e.off, "more descriptions than there should be")
		}
		return w.entry(e, h[0])
	}, w.tail)
	if err == nil && count != be(h[4:], 4) {
		err = bad(b.off, "fewer descriptions than there should be")
	}
	return err
}

// entry treats a sample description.
func (w *boxScan) entry(e box, stsdVersion byte) error {
	was, err := w.read(e.body(), min(e.size(), 128))
	if err != nil {
		return err
	}
	now := bytes.Clone(was)
	first, reason := entryShape(&w.inUse, e.typ, now, stsdVersion)
	if reason != "" {
		return bad(e.off, reason)
	}
	if !bytes.Equal(was[:first], now[:first]) {
		w.edit(e.body(), int64(first), now[:first:first])
		w.note(Block{Kind: Comment, Name: "stsd", Offset: e.off, Size: e.n, Body: e.body(), BodySize: int64(first), Removed: true})
	}
	if w.inUse.handler == "soun" {
		return w.kids(e, audioTree, int64(first))
	}
	return w.kids(e, videoTree, int64(first))
}
