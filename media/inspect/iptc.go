//go:build !js

package inspect

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/seed-7b314ca8/mayfly/media"
)

// iptcBlock keeps Photoshop's resources for later: they may be cut into several segments.
func (r *reader) iptcBlock(b media.Block) {
	data := r.body(b)
	switch b.Name {
	case "tEXt", "zTXt", "iTXt":
		_, text := r.textChunk(b)
		data = rawProfile(text)
	case "application extension":
		data = joinSubBlocks(data)
	}
	if len(r.resources)+len(data) <= maxBlock {
		r.resources = append(r.resources, data...)
	}
}

// Image resources of Photoshop.
const (
	resourceIPTC       = 0x0404
	resourceThumbnail4 = 0x0409
	resourceThumbnail  = 0x040c
	resourceURL        = 0x040b
	resourceExif       = 0x0422
	resourceXMP        = 0x0424
)

// readResources adds what the image resources of Photoshop tell.
func (r *reader) readResources(b []byte) {
	if len(b) > 0 && b[0] == 0x1c {
		r.readIPTC(b) // without resources around it
		return
	}
	total := len(b)
	other := 0
	for len(b) >= 12 && string(b[:4]) == "8BIM" {
		id := binary.BigEndian.Uint16(b[4:])
		name := (int(b[6]) + 2) &^ 1 // a string with its length, padded
		if len(b) < 6+name+4 {
			break
		}
		n := int64(binary.BigEndian.Uint32(b[6+name:]))
		b = b[6+name+4:]
		if n > int64(len(b)) {
			break
		}
		if !r.resource(id, b[:n]) {
			other++
		}
		b = b[min((n+1)&^1, int64(len(b))):]
	}
	if other > 0 {
		r.add("Photoshop", "Resources", fmt.Sprintf("%d blocks of an editor, %d bytes in all", other, total), Software)
	}
}

// resource reads one image resource and reports whether it knows it.
func (r *reader) resource(id uint16, b []byte) bool {
	switch id {
	case resourceIPTC:
		r.readIPTC(b)
	case resourceThumbnail4, resourceThumbnail:
		r.add("Photoshop", "Thumbnail", fmt.Sprintf("a small copy of the picture, %d bytes", len(b)), Picture)
	case resourceURL:
		r.add("Photoshop", "URL", string(b), Person)
	case resourceExif:
		r.readExif(b)
	case resourceXMP:
		r.readXMP(b)
	default:
		return false
	}
	return true
}

// iptcNames are the data sets of record 2 of IIM version 4 that a person understands.
var iptcNames = map[byte]struct {
	name string
	kind Kind
}{
	5:   {"Title", Text},
	10:  {"Urgency", Settings},
	15:  {"Category", Text},
	20:  {"Category", Text},
	22:  {"Identifier", Serial},
	25:  {"Keyword", Text},
	26:  {"Place code", Place},
	27:  {"Place", Place},
	40:  {"Instructions", Text},
	55:  {"Date", Time},
	60:  {"Time", Time},
	62:  {"Digitised on", Time},
	63:  {"Digitised at", Time},
	65:  {"Program", Software},
	80:  {"Byline", Person},
	85:  {"Byline title", Person},
	90:  {"City", Place},
	92:  {"Sublocation", Place},
	95:  {"Province", Place},
	100: {"Country code", Place},
	101: {"Country", Place},
	103: {"Transmission", Serial},
	105: {"Headline", Text},
	110: {"Credit", Person},
	115: {"Source", Person},
	116: {"Copyright", Person},
	118: {"Contact", Person},
	120: {"Caption", Text},
	122: {"Caption writer", Person},
	221: {"Program data", Software},
}

// readIPTC adds the data sets of an IIM record.
func (r *reader) readIPTC(b []byte) {
	for {
		i := bytes.IndexByte(b, 0x1c)
		if i < 0 || len(b) < i+5 {
			return
		}
		b = b[i:]
		n := int(binary.BigEndian.Uint16(b[3:]))
		if n > 0x7fff || len(b) < 5+n {
			return
		}
		if set, ok := iptcNames[b[2]]; b[1] == 2 && ok {
			r.add("IPTC", set.name, string(b[5:5+n]), set.kind)
		} else if b[1] == 2 && b[2] > 0 {
			r.add("IPTC", fmt.Sprintf("2:%d", b[2]), string(b[5:5+n]), Unknown)
		}
		b = b[5+n:]
	}
}
