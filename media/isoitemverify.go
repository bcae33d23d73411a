package media

import (
	"bytes"
	"slices"
)

// pictures accepts a description of pictures that lists nothing but pictures, without
// names, with properties that change how they look, and references between them.
func (v *boxCheck) pictures(b box) error {
	m, err := v.itemMeta(b)
	if err != nil {
		return err
	}
	if m == nil {
		return bad(b.off, "data about the file")
	}
	c := &itemCheck{m: m, used: make([]bool, len(m.props)+1)}
	for _, step := range []func() string{m.choose, c.parts, c.items, c.refs, c.props, c.data, c.settled} {
		if reason := step(); reason != "" {
			return bad(b.off, reason)
		}
	}
	for _, it := range m.items {
		if it.method != 0 {
			continue
		}
		for _, e := range it.extents {
			if e.end > e.off && !v.used.add(e.off, e.end) {
				return bad(e.off, "the pictures are in too many places")
			}
		}
	}
	return nil
}

// An itemCheck goes through a description of pictures.
type itemCheck struct {
	m    *itemMeta
	used []bool // by number of the property
}

// parts checks what the description is made of.
func (c *itemCheck) parts() string {
	if be(c.m.raw[c.m.head-4:], 4) != 0 {
		return "a version of the description that is not known"
	}
	for _, p := range c.m.parts {
		switch p.typ {
		case "iinf", "iloc", "iref", "iprp", "idat":
		case "pitm":
			if len(p.body) != 6 && len(p.body) != 8 {
				return "more than the number of a picture"
			}
		case "hdlr":
			if !isZero(p.body[:8]) || !isZero(p.body[12:]) {
				return "a name of a handler"
			}
		case "free":
			if !isZero(p.body) {
				return "bytes that are not needed"
			}
		default:
			return "a box that is not needed: " + quoted(p.typ)
		}
	}
	return ""
}

// items checks that every entry is that of a picture, and has no name.
func (c *itemCheck) items() string {
	p, _ := c.m.one("iinf")
	head := 6
	if p.body[0] == 1 {
		head = 8
	}
	list, _ := split(p.body[head:])
	if be(p.body[4:], head-4) != int64(len(list)) {
		return "a count of pictures that is wrong"
	}
	for _, e := range list {
		size := 13
		if e.typ == "infe" && len(e.body) > 0 && e.body[0] == 3 {
			size += 2
		}
		if e.typ != "infe" || len(e.body) != size || e.body[size-1] != 0 || be(e.body[1:], 3)&^1 != 0 {
			return "more about a picture than is needed"
		}
	}
	for _, it := range c.m.items {
		if !it.kept {
			return "something that is not a picture to be seen: " + quoted(it.typ)
		}
		for _, a := range it.props {
			c.used[a.index] = true
		}
	}
	return ""
}

// refs checks that references lead from picture to picture.
func (c *itemCheck) refs() string {
	for _, r := range c.m.refs {
		if !slices.Contains(keptRefs, r.typ) || c.m.byID[r.from] == nil {
			return "a reference that is not needed"
		}
		for _, id := range r.to {
			if c.m.byID[id] == nil {
				return "a reference that leads nowhere"
			}
		}
	}
	return ""
}

// props checks that every property is in use and in its shape, or empty.
func (c *itemCheck) props() string {
	for i, p := range c.m.props {
		if p.typ == "free" && len(p.body) == 0 && !c.used[i+1] {
			continue
		}
		sh, ok := itemProperties[p.typ]
		if !ok || !c.used[i+1] {
			return "a property that is not needed: " + quoted(p.typ)
		}
		if p.typ == "colr" && len(p.body) > 4 && !bytes.HasPrefix(p.body, []byte("ncl")) {
			if !checkProfile(p.body[4:]) {
				return "a colour profile with more than colours in it"
			}
			continue
		}
		now := bytes.Clone(p.body)
		if keep, reason := sh(now, int64(len(now))); reason != "" || keep != int64(len(now)) || !bytes.Equal(now, p.body) {
			return "more in a property than is needed: " + quoted(p.typ)
		}
	}
	return ""
}

// data checks that within the description there is nothing but pictures.
func (c *itemCheck) data() string {
	at := int64(0)
	var list []extent
	for _, it := range c.m.items {
		if it.method == 1 {
			list = append(list, it.extents...)
		}
	}
	e := extents{list: list}
	e.merge()
	for _, x := range e.list {
		if !isZero(c.m.idat.body[at:max(at, x.off)]) {
			return "bytes that are not needed"
		}
		at = x.end
	}
	if !isZero(c.m.idat.body[at:]) || len(list) == 0 && c.m.idat.typ != "" {
		return "bytes that are not needed"
	}
	return ""
}

// settled checks what the other steps do not see: counts, flags and order are as they are
// written.
func (c *itemCheck) settled() string {
	now, reason := c.m.rewritten()
	if reason == "" && !bytes.Equal(now, c.m.raw) {
		reason = "a description that is not in its shortest form"
	}
	return reason
}
