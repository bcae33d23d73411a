package media

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// maxMeta bounds the box that describes the pictures of a file, which is rewritten.
const maxMeta = 2 << 20

// Bounds on what it describes.
const (
	maxParts   = 1 << 14 // boxes side by side
	maxItems   = 1 << 13
	maxExtents = 1 << 15
	maxLinks   = 1 << 16 // references and associations
)

// A part is a box within bytes that are in memory.
type part struct {
	typ  string
	body []byte
	at   int // of the body, from the beginning of what was split
}

// split returns the boxes that b is made of, or false if it is not.
func split(b []byte) ([]part, bool) {
	var list []part
	for at := 0; at < len(b); {
		if len(b)-at < 8 {
			return nil, false
		}
		n, head := be(b[at:], 4), 8
		if n == 1 && len(b)-at >= 16 {
			n, head = be(b[at+8:], 8), 16
		}
		if n < int64(head) || n > int64(len(b)-at) || len(list) == maxParts {
			return nil, false
		}
		list = append(list, part{string(b[at+4 : at+8]), b[at+head : at+int(n)], at + head})
		at += int(n)
	}
	return list, true
}

// appendBox appends a box with the given body.
func appendBox(b []byte, typ string, body ...[]byte) []byte {
	start := len(b)
	b = append(append(b, 0, 0, 0, 0), typ...)
	for _, p := range body {
		b = append(b, p...)
	}
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start))
	return b
}

// An item is a picture of a file, or data about one (ISO/IEC 23008-12).
type item struct {
	id      uint32
	typ     string
	content string // the media type of a "mime" item
	hidden  bool
	kept    bool
	method  byte     // of construction: 0 in the file, 1 in idat
	extents []extent // from the beginning of the file, or of idat
	props   []association
}

// An association gives an item a property by its number, from 1.
type association struct {
	index     int
	essential bool
}

// A reference leads from one item to others.
type reference struct {
	typ  string
	from uint32
	to   []uint32
}

// An itemMeta is the meta box of a file of pictures.
type itemMeta struct {
	box     box
	head    int // of the box and its version
	raw     []byte
	parts   []part
	primary uint32
	items   []*item
	byID    map[uint32]*item
	refs    []reference
	props   []part // from number 1
	propsAt int    // in raw, where parts of props count from
	idat    part
	extents int // of all items
	links   int // of all items

	reduced [][]byte // the bodies of props that are kept, once rewritten

	dropTurns, dropProfile bool
}

// itemMeta reads the meta box b. It is nil if b does not describe pictures.
func (s *source) itemMeta(b box) (*itemMeta, error) {
	if b.n > maxMeta {
		return nil, bad(b.off, "too much about its pictures")
	}
	raw, err := s.read(b.off, b.n)
	if err != nil {
		return nil, err
	}
	m := &itemMeta{box: b, raw: raw, head: int(b.head) + 4, byID: make(map[uint32]*item)}
	if b.size() < 4 {
		return nil, bad(b.off, cutOffBox)
	}
	parts, ok := split(raw[m.head:])
	if !ok {
		return nil, bad(b.off, "a damaged description of its pictures")
	}
	m.parts = parts
	if h, ok := m.one("hdlr"); !ok || len(h.body) < 20 || string(h.body[8:12]) != "pict" {
		return nil, nil
	}
	if reason := m.read(); reason != "" {
		return nil, bad(b.off, reason)
	}
	return m, nil
}

// one returns the only part of a type.
func (m *itemMeta) one(typ string) (part, bool) {
	i := slices.IndexFunc(m.parts, func(p part) bool { return p.typ == typ })
	if i < 0 || slices.ContainsFunc(m.parts[i+1:], func(p part) bool { return p.typ == typ }) {
		return part{}, false
	}
	return m.parts[i], true
}

const damagedItems = "a damaged description of its pictures"

// read reads all parts, and returns a reason if it cannot.
func (m *itemMeta) read() string {
	for _, p := range m.parts {
		switch p.typ {
		case "hdlr", "pitm", "iinf", "iloc", "iprp", "iref", "idat":
			if _, ok := m.one(p.typ); !ok {
				return "a second " + quoted(p.typ) + " box"
			}
		case "ipro":
			return "it is encrypted or protected"
		}
	}
	for _, step := range []struct {
		typ      string
		optional bool
		read     func([]byte) string
	}{
		{"iinf", false, m.readInfo},
		{"pitm", false, m.readPrimary},
		{"iloc", false, m.readPlaces},
		{"iref", true, m.readReferences},
		{"iprp", false, m.readProperties},
	} {
		p, ok := m.one(step.typ)
		if !ok && step.optional {
			continue
		}
		if !ok {
			return "no picture in it"
		}
		if reason := step.read(p.body); reason != "" {
			return reason
		}
	}
	m.idat, _ = m.one("idat")
	return ""
}

// A scanner takes numbers from the front of bytes. Once they run out it answers zeros.
type scanner struct {
	b   []byte
	bad bool
}

func (s *scanner) take(n int) []byte {
	if n > len(s.b) {
		s.b, s.bad = nil, true
		return make([]byte, n)
	}
	t := s.b[:n]
	s.b = s.b[n:]
	return t
}

func (s *scanner) num(n int) int64 { return be(s.take(n), n) }

// id takes the number of an item, which is longer in newer versions.
func (s *scanner) id(long bool) uint32 {
	if long {
		return uint32(s.num(4))
	}
	return uint32(s.num(2))
}

func (m *itemMeta) readInfo(b []byte) string {
	s := &scanner{b: b}
	version := s.num(1)
	s.take(3)
	if version == 0 {
		s.take(2)
	} else {
		s.take(4)
	}
	list, ok := split(s.b)
	if s.bad || !ok || version > 1 {
		return damagedItems
	}
	for _, p := range list {
		if p.typ != "infe" {
			continue
		}
		if reason := m.readItem(p.body); reason != "" {
			return reason
		}
	}
	return ""
}

func (m *itemMeta) readItem(b []byte) string {
	s := &scanner{b: b}
	version := s.num(1)
	flags := s.num(3)
	if version < 2 {
		return "" // of before items had types: it is left out
	}
	it := &item{id: s.id(version == 3), hidden: flags&1 != 0}
	protected := s.num(2) != 0
	it.typ = string(s.take(4))
	_, rest, _ := bytes.Cut(s.b, []byte{0})
	content, _, _ := bytes.Cut(rest, []byte{0})
	if it.typ == "mime" {
		it.content = string(content)
	}
	switch {
	case s.bad || version > 3 || m.byID[it.id] != nil:
		return damagedItems
	case len(m.items) == maxItems:
		return "too many pictures"
	case protected:
		return "it is encrypted or protected"
	}
	m.byID[it.id] = it
	m.items = append(m.items, it)
	return ""
}

func (m *itemMeta) readPrimary(b []byte) string {
	s := &scanner{b: b}
	version := s.num(1)
	s.take(3)
	if m.primary = s.id(version > 0); s.bad || m.byID[m.primary] == nil {
		return "no picture in it"
	}
	return ""
}

// A placing is the layout of an iloc box.
type placing struct {
	version                   int64
	offset, length, base, idx int // bytes of a number
}

func (s *scanner) placing() (p placing, count int64) {
	p.version = s.num(1)
	s.take(3)
	sizes := s.num(2)
	p.offset, p.length, p.base = int(sizes>>12), int(sizes>>8&15), int(sizes>>4&15)
	if p.version > 0 {
		p.idx = int(sizes & 15)
	}
	if p.version > 2 || p.offset > 8 || p.length > 8 || p.base > 8 || p.idx > 8 {
		s.bad = true
	}
	if p.version < 2 {
		return p, s.num(2)
	}
	return p, s.num(4)
}

func (m *itemMeta) readPlaces(b []byte) string {
	s := &scanner{b: b}
	p, count := s.placing()
	for range count {
		if s.bad {
			return damagedItems
		}
		if reason := m.readPlace(s, p); reason != "" {
			return reason
		}
	}
	return ""
}

func (m *itemMeta) readPlace(s *scanner, p placing) string {
	it := m.byID[s.id(p.version == 2)]
	var method, base int64
	if p.version > 0 {
		method = s.num(2) & 15
	}
	elsewhere := s.num(2) != 0
	if p.base > 0 {
		base = s.num(p.base)
	}
	n := s.num(2)
	if m.extents += int(n); m.extents > maxExtents {
		return "a picture in too many pieces"
	}
	for range n {
		if p.idx > 0 {
			s.take(p.idx)
		}
		var off, length int64
		if p.offset > 0 {
			off = s.num(p.offset)
		}
		if p.length > 0 {
			length = s.num(p.length)
		}
		if s.bad || off < 0 || base < 0 || length < 0 || base > 1<<60 || off > 1<<60 || length > 1<<60 {
			return damagedItems
		}
		if it != nil {
			it.extents = append(it.extents, extent{base + off, base + off + length})
		}
	}
	if it != nil {
		it.method = byte(method)
		if elsewhere {
			it.method = 255
		}
	}
	return ""
}

func (m *itemMeta) readReferences(b []byte) string {
	s := &scanner{b: b}
	version := s.num(1)
	s.take(3)
	list, ok := split(s.b)
	if s.bad || !ok || version > 1 {
		return damagedItems
	}
	for _, p := range list {
		e := &scanner{b: p.body}
		r := reference{typ: p.typ, from: e.id(version == 1)}
		n := e.num(2)
		if m.links += int(n) + 1; m.links > maxLinks {
			return "too many references"
		}
		for range n {
			r.to = append(r.to, e.id(version == 1))
			if e.bad {
				return damagedItems
			}
		}
		m.refs = append(m.refs, r)
	}
	return ""
}

func (m *itemMeta) readProperties(b []byte) string {
	list, ok := split(b)
	if !ok || len(list) < 1 || list[0].typ != "ipco" {
		return damagedItems
	}
	iprp, _ := m.one("iprp")
	m.propsAt = m.head + iprp.at + list[0].at
	if m.props, ok = split(list[0].body); !ok {
		return damagedItems
	}
	for _, p := range list[1:] {
		if p.typ != "ipma" {
			continue
		}
		if reason := m.readAssociations(p.body); reason != "" {
			return reason
		}
	}
	return ""
}

func (m *itemMeta) readAssociations(b []byte) string {
	s := &scanner{b: b}
	version := s.num(1)
	long := s.num(3)&1 != 0
	count := s.num(4)
	for range count {
		it := m.byID[s.id(version > 0)]
		n := s.num(1)
		if m.links += int(n); m.links > maxLinks {
			return "too many references"
		}
		for range n {
			a := s.association(long)
			if s.bad || a.index > len(m.props) {
				return damagedItems
			}
			if it != nil && a.index > 0 {
				it.props = append(it.props, a)
			}
		}
		if s.bad {
			return damagedItems
		}
	}
	return ""
}

func (s *scanner) association(long bool) association {
	if long {
		v := s.num(2)
		return association{int(v & 0x7fff), v&0x8000 != 0}
	}
	v := s.num(1)
	return association{int(v & 0x7f), v&0x80 != 0}
}
