package media

import (
	"cmp"
	"slices"
)

// An edit is a range of the original that is other in the stripped file, and as long.
type edit struct {
	off, n int64
	with   []byte // nil means zeros
}

// maxEdits bounds the edits of a file.
const maxEdits = 1 << 16

// blank turns a box into free space, and notes what was in it.
func (w *boxScan) blank(b box) error {
	n, err := w.zeros(b.body(), b.size())
	if err != nil || n == b.size() && b.typ == "free" {
		return err
	}
	if err := w.contents(b, 0); err != nil {
		return err
	}
	w.erase(b)
	return w.fail
}

// lose turns a box into free space that is noted as one thing.
func (w *boxScan) lose(b box, k Kind, name string) error {
	w.noteBox(b, k, name)
	w.erase(b)
	return w.fail
}

// loseFragment turns a fragment of a track that goes into free space.
func (w *boxScan) loseFragment(b box) error {
	if !w.lost {
		w.noteBox(b, Telemetry, "fragments of a track")
		w.lost = true
	}
	w.erase(b)
	return w.fail
}

func (w *boxScan) erase(b box) {
	if b.typ != "free" {
		w.edit(b.off+4, 4, []byte("free"))
	}
	w.edit(b.body(), b.size(), nil)
}

// tail clears the n bytes at off behind the last box in another.
func (w *boxScan) tail(off, n int64) error {
	if z, err := w.zeros(off, n); err != nil || z == n {
		return err
	}
	w.drop(Structure, "padding", off, n)
	w.edit(off, n, nil)
	return nil
}

// data clears what no sample and no item uses.
func (w *boxScan) data() error {
	next := 0
	for _, b := range w.tops {
		if b.typ != "mdat" {
			continue
		}
		var err error
		if next, err = w.used.gaps(b, next, w.unused); err != nil {
			return err
		}
	}
	if next < len(w.used.list) {
		return bad(w.used.list[next].off, "a sample that is not in the media data: the file is cut off or damaged")
	}
	return nil
}

// unused clears a range that no sample and no item uses. There may be very many, between
// the others; only the first is noted, unless it is known what was there.
func (w *boxScan) unused(off, n int64) error {
	z, err := w.zeros(off, n)
	if err != nil || z == n {
		return err
	}
	known := func(b Block) bool { return off <= b.Offset && b.Offset < off+n }
	if !w.noted && !slices.ContainsFunc(w.blocks, known) {
		w.drop(Structure, "mdat", off, n)
		w.noted = true
	}
	w.edit(off, n, nil)
	return w.fail
}

// cutEnd leaves out free space at the end of the file.
func (w *boxScan) cutEnd() {
	for i := len(w.tops) - 1; i >= 0; i-- {
		b := w.tops[i]
		if w.needed(b) {
			return
		}
		if b.isFiller() && !slices.ContainsFunc(w.blocks, func(x Block) bool { return x.Offset == b.off }) {
			w.drop(Structure, b.typ, b.off, b.n)
		}
		w.end = b.off
	}
}

// needed reports whether a box at the top of the file is more than free space now.
func (w *boxScan) needed(b box) bool {
	if b.typ == "meta" {
		return w.meta != nil && b == w.meta.box
	}
	_, ok := topTree[b.typ]
	return ok && (b.typ != "ftyp" || b == w.ftyp) && (b.typ != "moof" || w.moov.n > 0)
}

func (w *boxScan) edit(off, n int64, with []byte) {
	switch {
	case n == 0:
	case len(w.edits) == maxEdits:
		w.refuse("too much of it would have to be rewritten")
	default:
		w.edits = append(w.edits, edit{off, n, with})
	}
}

// finish lays out the file.
func (w *boxScan) finish() error {
	slices.SortFunc(w.edits, func(a, b edit) int { return cmp.Compare(a.off, b.off) })
	at := int64(0)
	for _, e := range w.edits {
		if e.off >= w.end {
			break // it is cut off
		}
		w.keep(at, e.off-at)
		if e.with == nil {
			w.zero(e.n)
		} else {
			w.write(e.with)
		}
		at = e.off + e.n
	}
	w.keep(at, w.end-at)
	return w.fail
}
