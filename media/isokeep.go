package media

import (
	"bytes"
	"slices"
)

// pictureItems are the types of items that are pictures, or made of pictures.
var pictureItems = []string{"hvc1", "hev1", "hvt1", "av01", "vvc1", "avc1", "lhv1", "unci", "grid", "iovl", "iden"}

// foreignItems are pictures in formats that have metadata of their own inside.
var foreignItems = []string{"jpeg", "j2k1", "mski", "j2ki"}

// itemProperties are the properties that change how a picture looks
// (ISO/IEC 23008-12 section 6.5), and how much of each is needed.
var itemProperties = map[string]shape{
	"hvcC": hvcCShape, "av1C": keepAll, "avcC": avcCShape, "vvcC": keepAll, "lhvC": keepAll, "uncC": keepAll, "cmpd": keepAll,
	"ispe": fixed(12, [2]int{0, 4}),
	"pixi": pixiShape,
	"colr": colrShape,
	"irot": maskShape(3), "imir": maskShape(1),
	"clap": fixed(32), "pasp": fixed(8), "clli": fixed(4), "mdcv": fixed(24), "amve": fixed(8), "cclv": keepAll,
	"iscl": fixed(12, [2]int{0, 4}), "oinf": keepAll, "tols": keepAll,
	"lsel": fixed(2), "a1op": fixed(1), "a1lx": keepAll,
	"auxC": auxCShape,
}

// maskShape is that of one byte, of which some bits count.
func maskShape(mask byte) shape {
	return func(b []byte, n int64) (int64, string) {
		if n < 1 {
			return 0, cutOffBox
		}
		b[0] &= mask
		return 1, ""
	}
}

func pixiShape(b []byte, n int64) (int64, string) {
	if n < 5 || n < 5+int64(b[4]) {
		return 0, cutOffBox
	}
	clear(b[:4])
	return 5 + int64(b[4]), ""
}

// auxCShape keeps the property of a picture that is the transparency of another.
func auxCShape(b []byte, n int64) (int64, string) {
	if n < 5 {
		return 0, cutOffBox
	}
	clear(b[:4])
	for _, urn := range alphaURNs {
		if bytes.HasPrefix(b[4:], []byte(urn+"\x00")) {
			return int64(4 + len(urn) + 1), ""
		}
	}
	return notNeeded, ""
}

// reduceProperty returns the body of a property with nothing in it but what changes the
// picture, or nil if nothing does.
func reduceProperty(p part) ([]byte, string) {
	if p.typ == "colr" && len(p.body) > 4 && (string(p.body[:4]) == "prof" || string(p.body[:4]) == "rICC") {
		if len(p.body)-4 > maxProfile {
			return nil, "a colour profile of more than 4 MiB"
		}
		// The description is written anew, so the profile may have another length.
		profile := reduceProfile(p.body[4:])
		if profile == nil {
			return nil, ""
		}
		return slices.Concat(p.body[:4], profile), ""
	}
	sh, ok := itemProperties[p.typ]
	if !ok {
		return nil, ""
	}
	b := bytes.Clone(p.body)
	keep, reason := sh(b, int64(len(b)))
	if reason != "" || keep == notNeeded {
		return nil, reason
	}
	return b[:keep], ""
}

// isAlpha reports whether the item is the transparency of another.
func (m *itemMeta) isAlpha(it *item) bool {
	return slices.ContainsFunc(it.props, func(a association) bool {
		p := m.props[a.index-1]
		if p.typ != "auxC" {
			return false
		}
		b, _ := reduceProperty(p)
		return b != nil
	})
}

// choose decides which items are kept: every picture that a viewer shows, what these are
// made of, and their transparency. It returns a reason if that cannot be done.
func (m *itemMeta) choose() string {
	helpers := m.helpers()
	var open []*item
	keep := func(it *item) {
		if it != nil && !it.kept && (isPictureItem(it) || slices.Contains(foreignItems, it.typ)) {
			it.kept = true
			open = append(open, it)
		}
	}
	for _, it := range m.items {
		if it.id == m.primary || !it.hidden && !helpers[it.id] {
			keep(it)
		}
	}
	out, in := m.ways()
	for len(open) > 0 {
		it := open[len(open)-1]
		open = open[:len(open)-1]
		for _, r := range out[it.id] {
			if r.typ == "dimg" {
				for _, id := range r.to {
					keep(m.byID[id])
				}
			}
		}
		for _, r := range in[it.id] {
			if from := m.byID[r.from]; r.typ == "auxl" && from != nil && m.isAlpha(from) {
				keep(from)
			}
		}
	}
	return m.checkChosen()
}

// helpers returns the pictures that are not shown for themselves: thumbnails, auxiliary
// pictures, and maps that brighten another.
func (m *itemMeta) helpers() map[uint32]bool {
	list := make(map[uint32]bool)
	for _, r := range m.refs {
		from := m.byID[r.from]
		switch {
		case r.typ == "thmb", r.typ == "auxl":
			list[r.from] = true
		case r.typ == "dimg" && from != nil && from.typ == "tmap" && len(r.to) > 1:
			for _, id := range r.to[1:] {
				list[id] = true
			}
		}
	}
	return list
}

func isPictureItem(it *item) bool { return slices.Contains(pictureItems, it.typ) }

// ways returns the references from every item, and those of transparency to it.
func (m *itemMeta) ways() (out, in map[uint32][]reference) {
	out, in = make(map[uint32][]reference), make(map[uint32][]reference)
	for _, r := range m.refs {
		out[r.from] = append(out[r.from], r)
		if r.typ != "auxl" {
			continue
		}
		for _, id := range r.to {
			in[id] = append(in[id], r)
		}
	}
	return out, in
}

// checkChosen returns a reason if the items that are kept cannot be vouched for.
func (m *itemMeta) checkChosen() string {
	if !m.byID[m.primary].kept {
		return "a picture of an unknown kind: " + quoted(m.byID[m.primary].typ)
	}
	for _, it := range m.items {
		switch {
		case !it.kept:
			continue
		case !isPictureItem(it):
			return "a picture in a format inside another: " + quoted(it.typ)
		case it.method > 1 || it.method == 1 && m.idat.typ == "":
			return "a picture that is not in the file itself"
		case len(it.extents) == 0 && it.typ != "iden":
			return "a picture without data"
		}
		for _, e := range it.extents {
			if e.off == e.end && it.typ != "iden" {
				return "a picture of an unknown length"
			}
			if it.method == 1 && e.end > int64(len(m.idat.body)) {
				return "a picture that is cut off"
			}
		}
		for _, a := range it.props {
			p := m.props[a.index-1]
			if _, ok := itemProperties[p.typ]; a.essential && !ok && !isFree(p.typ) {
				return "a property that is needed and not known: " + quoted(p.typ)
			}
		}
	}
	return ""
}

func isFree(typ string) bool { return typ == "free" || typ == "skip" }
