//go:build !js

package inspect

import (
	"bytes"
	"encoding/xml"
	"strings"

	"github.com/seed-7b314ca8/mayfly/media"
)

// extendedHeader is what stands before a part of an extended packet: a GUID, the length of
// the whole and the place of the part.
const extendedHeader = 32 + 4 + 4

// xmpBlock reads an XMP packet, or keeps a part of an extended one for later.
func (r *reader) xmpBlock(b media.Block) {
	data := r.body(b)
	switch {
	case b.Name == "tEXt" || b.Name == "zTXt" || b.Name == "iTXt":
		keyword, text := r.textChunk(b)
		if data = []byte(text); strings.HasPrefix(keyword, "Raw profile") {
			data = rawProfile(text)
		}
	case b.Name == "APP1" && len(data) > extendedHeader && isHex(data[:32]):
		if part := data[extendedHeader:]; len(r.extendedXMP)+len(part) <= maxBlock {
			r.extendedXMP = append(r.extendedXMP, part...)
		}
		return
	}
	before := len(r.tags)
	if r.readXMP(data); len(r.tags) == before {
		r.amount(b, "XMP", Unknown)
	}
}

func isHex(b []byte) bool {
	return len(bytes.Trim(b, "0123456789abcdefABCDEF")) == 0
}

// readXMP adds the properties of a packet.
func (r *reader) readXMP(data []byte) {
	// Programs put zeros, headers of their own and padding around it.
	from, to := bytes.IndexByte(data, '<'), bytes.LastIndexByte(data, '>')
	if from < 0 || to < from {
		return
	}
	d := xml.NewDecoder(bytes.NewReader(data[from : to+1]))
	d.Strict = false
	var path []xml.Name
	for range 20 * maxTags {
		token, err := d.RawToken()
		if err != nil || len(path) > 64 {
			return // what was read so far stands
		}
		switch t := token.(type) {
		case xml.StartElement:
			path = append(path, t.Name)
			r.xmpAttributes(t)
		case xml.EndElement:
			path = path[:max(0, len(path)-1)]
		case xml.CharData:
			if name := property(path); name.Local != "" {
				r.addXMP(name, string(t))
			}
		}
	}
}

// xmpAttributes adds the properties that stand as attributes.
func (r *reader) xmpAttributes(e xml.StartElement) {
	for _, a := range e.Attr {
		if a.Name.Local == "xmptk" {
			r.add("XMP", "Toolkit", a.Value, Software)
		} else if !isGrammar(a.Name) {
			r.addXMP(a.Name, a.Value)
		}
	}
}

func (r *reader) addXMP(name xml.Name, value string) {
	label := name.Local
	if name.Space != "" {
		label = name.Space + ":" + label
	}
	kind := nameKind(label)
	if name.Local == "Orientation" || strings.HasPrefix(label, "hdrgm:") {
		kind = Look
	}
	r.add("XMP", label, value, kind)
}

// property returns the innermost element that is no grammar.
func property(path []xml.Name) xml.Name {
	for i := len(path) - 1; i >= 0; i-- {
		if !isGrammar(path[i]) {
			return path[i]
		}
	}
	return xml.Name{}
}

// isGrammar reports whether a name belongs to RDF or XML and not to a property.
func isGrammar(n xml.Name) bool {
	switch n.Space {
	case "rdf", "x", "xml", "xmlns":
		return true
	}
	return n.Local == "xmlns"
}
