package media

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// items finds the pictures of the file, and where their data are.
func (w *boxScan) items() error {
	for _, b := range w.tops {
		if b.typ != "meta" || w.meta != nil {
			continue
		}
		m, err := w.itemMeta(b)
		if err != nil {
			return err
		}
		w.meta = m
	}
	if w.meta == nil {
		return nil
	}
	if reason := w.meta.choose(); reason != "" {
		return bad(w.meta.box.off, reason)
	}
	for _, it := range w.meta.items {
		if !it.kept || it.method != 0 {
			continue
		}
		for _, e := range it.extents {
			if e.end > e.off && !w.used.add(e.off, e.end) {
				return bad(e.off, "the pictures are in too many places")
			}
		}
	}
	return nil
}

// rewriteMeta writes the description of the pictures anew, as long as it was.
func (w *boxScan) rewriteMeta() error {
	m := w.meta
	m.dropTurns = w.opts.DropOrientation
	m.dropProfile = w.opts.DropProfile
	now, reason := m.rewritten()
	if reason != "" {
		return bad(m.box.off, reason)
	}
	if bytes.Equal(now, m.raw) {
		return nil
	}
	w.noteItems()
	w.edit(m.box.off, m.box.n, now)
	return w.fail
}

// rewritten returns the box with only what the items that are kept need, filled up to its
// length with free space.
func (m *itemMeta) rewritten() ([]byte, string) {
	used := m.usedProperties()
	b := append(make([]byte, 0, len(m.raw)), m.raw[:m.head-4]...)
	b = append(b, 0, 0, 0, 0)
	handler := len(b)
	for _, p := range m.parts {
		switch p.typ {
		case "hdlr":
			h := bytes.Clone(p.body)
			clear(h[:8])
			clear(h[12:]) // the handler's maker and name
			handler = len(b)
			b = appendBox(b, p.typ, h)
		case "pitm":
			b = appendBox(b, p.typ, pitm(p.body))
		case "iinf":
			b = appendBox(b, p.typ, m.iinf(p.body))
		case "iloc":
			b = appendBox(b, p.typ, m.iloc(p.body))
		case "iref":
			if refs := m.iref(p.body); refs != nil {
				b = appendBox(b, p.typ, refs)
			}
		case "iprp":
			props, reason := m.iprp(p.body, used)
			if reason != "" {
				return nil, reason
			}
			b = appendBox(b, p.typ, props)
		case "idat":
			if data := m.cleanData(); data != nil {
				b = appendBox(b, p.typ, data)
			}
		}
	}
	return fill(b, handler, len(m.raw))
}

// fill brings b up to n bytes with a free box. One needs eight bytes: fewer go behind the
// name of the handler, which is a row of zeros.
func fill(b []byte, handler, n int) ([]byte, string) {
	left := n - len(b)
	if left > 0 && left < 8 {
		size := int(be(b[handler:], 4))
		binary.BigEndian.PutUint32(b[handler:], uint32(size+left))
		tail := bytes.Clone(b[handler+size:])
		b = append(append(b[:handler+size], make([]byte, left)...), tail...)
		left = 0
	}
	switch {
	case left < 0:
		return nil, "a description that does not fit in its place"
	case left > 0:
		b = appendBox(b, "free", make([]byte, left-8))
	}
	return b, ""
}

// pitm says which picture is the main one.
func pitm(b []byte) []byte {
	n := 6
	if b[0] > 0 {
		n = 8
	}
	return append([]byte{b[0], 0, 0, 0}, b[4:n]...)
}

// iinf lists the items that are kept, without names.
func (m *itemMeta) iinf(was []byte) []byte {
	var list []byte
	count := 0
	for _, it := range m.items {
		if !it.kept {
			continue
		}
		count++
		e := []byte{2, 0, 0, 0}
		if it.hidden {
			e[3] = 1
		}
		if it.id > 0xffff {
			e[0] = 3
			e = binary.BigEndian.AppendUint32(e, it.id)
		} else {
			e = binary.BigEndian.AppendUint16(e, uint16(it.id))
		}
		e = append(append(append(e, 0, 0), it.typ...), 0)
		list = appendBox(list, "infe", e)
	}
	head := []byte{was[0], 0, 0, 0}
	if was[0] == 0 {
		head = binary.BigEndian.AppendUint16(head, uint16(count))
	} else {
		head = binary.BigEndian.AppendUint32(head, uint32(count))
	}
	return append(head, list...)
}

// iloc lists where the items that are kept are, in the layout that it had.
func (m *itemMeta) iloc(was []byte) []byte {
	s := &scanner{b: was}
	p, count := s.placing()
	head := 8
	if p.version == 2 {
		head = 10
	}
	b := append([]byte{was[0], 0, 0, 0}, was[4:head]...)
	kept := 0
	for range count {
		before := s.b
		id := s.id(p.version == 2)
		if p.version > 0 {
			s.take(2)
		}
		s.take(2 + p.base)
		s.take(int(s.num(2)) * (p.idx + p.offset + p.length))
		if it := m.byID[id]; it != nil && it.kept {
			entry := bytes.Clone(before[:len(before)-len(s.b)])
			if p.version > 0 {
				at := 2
				if p.version == 2 {
					at = 4
				}
				entry[at], entry[at+1] = 0, entry[at+1]&15
			}
			b = append(b, entry...)
			kept++
		}
	}
	if p.version == 2 {
		binary.BigEndian.PutUint32(b[6:], uint32(kept))
	} else {
		binary.BigEndian.PutUint16(b[6:], uint16(kept))
	}
	if p.version == 0 {
		b[5] &= 0xf0
	}
	return b
}

// keptRefs are the references that a viewer needs.
var keptRefs = []string{"dimg", "auxl", "prem"}

// iref lists the references between items that are kept. It is nil if there are none.
func (m *itemMeta) iref(was []byte) []byte {
	b := []byte{was[0], 0, 0, 0}
	for _, r := range m.refs {
		to := m.keptTargets(r)
		if len(to) == 0 {
			continue
		}
		e := appendID(nil, was[0], r.from)
		e = binary.BigEndian.AppendUint16(e, uint16(len(to)))
		for _, id := range to {
			e = appendID(e, was[0], id)
		}
		b = appendBox(b, r.typ, e)
	}
	if len(b) == 4 {
		return nil
	}
	return b
}

// keptTargets returns where a reference may still lead.
func (m *itemMeta) keptTargets(r reference) []uint32 {
	if from := m.byID[r.from]; !slices.Contains(keptRefs, r.typ) || from == nil || !from.kept {
		return nil
	}
	var to []uint32
	for _, id := range r.to {
		if it := m.byID[id]; it != nil && it.kept {
			to = append(to, id)
		}
	}
	return to
}

func appendID(b []byte, version byte, id uint32) []byte {
	if version == 0 {
		return binary.BigEndian.AppendUint16(b, uint16(id))
	}
	return binary.BigEndian.AppendUint32(b, id)
}

// usedProperties says of every property, by its number, whether a picture that is kept has it.
func (m *itemMeta) usedProperties() []bool {
	used := make([]bool, len(m.props)+1)
	for _, it := range m.items {
		for _, a := range it.props {
			used[a.index] = used[a.index] || it.kept
		}
	}
	return used
}

// iprp holds the properties that are used, at the numbers they had, and who has them.
func (m *itemMeta) iprp(was []byte, used []bool) ([]byte, string) {
	props := make([]byte, 0, len(was))
	m.reduced = make([][]byte, len(m.props))
	for i, p := range m.props {
		var body []byte
		if used[i+1] && !m.unwanted(p) {
			var reason string
			if body, reason = reduceProperty(p); reason != "" {
				return nil, reason
			}
		}
		m.reduced[i] = body
		if used[i+1] = body != nil; body != nil {
			props = appendBox(props, p.typ, body)
		} else {
			props = appendBox(props, "free")
		}
	}
	b := appendBox(make([]byte, 0, len(was)), "ipco", props)
	list, _ := split(was)
	for _, p := range list[1:] {
		if p.typ == "ipma" {
			b = appendBox(b, p.typ, m.ipma(p.body, used))
		}
	}
	return b, ""
}

// unwanted reports whether the options drop a property.
func (m *itemMeta) unwanted(p part) bool {
	switch p.typ {
	case "irot", "imir":
		return m.dropTurns
	case "colr":
		return m.dropProfile && len(p.body) >= 4 && string(p.body[:3]) != "ncl"
	}
	return false
}

// ipma lists the properties of the items that are kept.
func (m *itemMeta) ipma(was []byte, used []bool) []byte {
	s := &scanner{b: was}
	version := s.num(1)
	long := s.num(3)&1 != 0
	count := s.num(4)
	b := append([]byte{was[0], 0, 0, was[3] & 1}, 0, 0, 0, 0)
	kept := uint32(0)
	for range count {
		it := m.byID[s.id(version > 0)]
		var list []byte
		n, left := s.num(1), byte(0)
		for range n {
			entry := s.b
			a := s.association(long)
			if used[a.index] && a.index > 0 {
				list = append(list, entry[:len(entry)-len(s.b)]...)
				left++
			}
		}
		if it != nil && it.kept && left > 0 {
			kept++
			b = append(appendID(b, was[0], it.id), left)
			b = append(b, list...)
		}
	}
	binary.BigEndian.PutUint32(b[4:], kept)
	return b
}

// cleanData returns the data within the description with zeros where no picture is, or nil
// if none is there.
func (m *itemMeta) cleanData() []byte {
	b := make([]byte, len(m.idat.body))
	any := false
	for _, it := range m.items {
		if !it.kept || it.method != 1 {
			continue
		}
		for _, e := range it.extents {
			copy(b[e.off:e.end], m.idat.body[e.off:e.end])
			any = true
		}
	}
	if !any {
		return nil
	}
	return b
}

// noteItems notes the items and properties that are left out.
func (w *boxScan) noteItems() {
	m := w.meta
	noted := len(w.blocks)
	thumbnails := make(map[uint32]bool)
	for _, r := range m.refs {
		if r.typ == "thmb" {
			thumbnails[r.from] = true
		}
	}
	for _, it := range m.items {
		if !it.kept {
			w.noteItem(it, thumbnails[it.id])
		}
	}
	for i, p := range m.props {
		if b := m.reduced[i]; p.typ == "colr" && b != nil && !bytes.Equal(b, p.body) {
			at := m.box.off + int64(m.propsAt+p.at)
			w.note(Block{Kind: Profile, Name: "colr", Offset: at, Size: int64(len(p.body)), Body: at + 4, BodySize: int64(len(p.body)) - 4, Removed: true})
		}
	}
	if len(w.blocks) == noted {
		w.noteBox(m.box, Structure, "meta")
	}
}

// itemKinds say what items are about.
var itemKinds = map[string]Kind{"Exif": Exif, "uri ": Maker, "tmap": Picture}

func (w *boxScan) noteItem(it *item, thumbnail bool) {
	kind, ok := itemKinds[it.typ]
	switch {
	case thumbnail:
		kind = Thumbnail
	case it.typ == "mime" && it.content == "application/rdf+xml":
		kind = XMP
	case it.typ == "mime":
		kind = Maker
	case !ok && isPictureItem(it), !ok && it.typ == "jpeg":
		kind = Picture
	case !ok:
		kind = Maker
	}
	base := int64(0)
	if it.method == 1 {
		base = w.meta.box.off + int64(w.meta.head+w.meta.idat.at)
	}
	for _, e := range it.extents {
		off, n := base+e.off, e.end-e.off
		if off < 0 || n <= 0 || off+n > w.size {
			continue
		}
		b := Block{Kind: kind, Name: boxName(it.typ), Offset: off, Size: n, Body: off, BodySize: n, Removed: true}
		if kind == Exif {
			b.Body, b.BodySize = w.exifBody(off, n)
		}
		w.note(b)
	}
}

// exifBody returns where the Exif of an item begins: behind four bytes that tell where
// (ISO/IEC 23008-12 annex A.2.1).
func (w *boxScan) exifBody(off, n int64) (int64, int64) {
	h := w.prefix(off, 4)
	if len(h) < 4 || n < 4 {
		return off, n
	}
	skip := 4 + be(h, 4)
	if skip > n {
		return off, n
	}
	return off + skip, n - skip
}
