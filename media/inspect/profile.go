//go:build !js

package inspect

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/seed-7b314ca8/mayfly/media"
)

// profileBlock keeps a colour profile for later: in a JPEG it may be cut into segments.
func (r *reader) profileBlock(b media.Block) {
	data := r.body(b)
	switch b.Name {
	case "iCCP":
		_, rest, _ := bytes.Cut(data, []byte{0})
		if name, _, _ := bytes.Cut(data, []byte{0}); b.Removed {
			r.addTag(Tag{"ICC", "Name", decode(name), Look, false})
		}
		data = r.inflate(rest[min(1, len(rest)):])
	case "tEXt", "zTXt", "iTXt":
		_, text := r.textChunk(b)
		data = rawProfile(text)
	case "application extension":
		data = joinSubBlocks(data)
	}
	if len(r.profile)+len(data) <= maxBlock {
		r.profile = append(r.profile, data...)
	}
}

// readProfile adds what a colour profile tells beside colours. The profile of a monitor
// tells which one; that of a colour space is the same in millions of files.
func (r *reader) readProfile(b []byte) {
	if len(b) < 132 {
		return
	}
	be := binary.BigEndian
	if y := be.Uint16(b[24:]); y != 0 {
		when := fmt.Sprintf("%04d-%02d-%02d", y, be.Uint16(b[26:]), be.Uint16(b[28:]))
		r.addTag(Tag{"ICC", "Date", when, Time, false})
	}
	if maker := bytes.Trim(b[48:56], "\x00 "); len(maker) > 0 {
		r.addTag(Tag{"ICC", "Maker", decode(maker), Device, false})
	}
	n := min(int64(be.Uint32(b[128:])), 100, int64(len(b)-132)/12)
	for i := range n {
		e := b[132+12*i:]
		off, size := int64(be.Uint32(e[4:])), int64(be.Uint32(e[8:]))
		if off+size <= int64(len(b)) && size >= 12 {
			r.profileTag(string(e[:4]), b[off:off+size])
		}
	}
}

func (r *reader) profileTag(sig string, b []byte) {
	switch sig {
	case "desc":
		r.addTag(Tag{"ICC", "Description", profileText(b), Look, false})
	case "cprt":
		r.addTag(Tag{"ICC", "Copyright", profileText(b), Look, false})
	case "dmnd", "dmdd":
		r.add("ICC", "Device", profileText(b), Device)
	case "mmod":
		r.add("ICC", "Monitor", fmt.Sprintf("make, model and serial number, %x", b[8:min(len(b), 40)]), Serial)
	case "meta":
		r.add("ICC", "Monitor", fmt.Sprintf("the system's own data, %d bytes", len(b)), Device)
	}
}

// profileText returns the text of a tag: ASCII in version 2, UTF-16 in version 4.
func profileText(b []byte) string {
	be := binary.BigEndian
	switch {
	case string(b[:4]) == "text":
		return decode(b[8:])
	case string(b[:4]) == "desc":
		n := int64(be.Uint32(b[8:]))
		return decode(b[12:min(int64(len(b)), 12+n)])
	case string(b[:4]) == "mluc" && len(b) >= 28:
		n, off := int64(be.Uint32(b[20:])), int64(be.Uint32(b[24:]))
		if off+n > int64(len(b)) {
			return ""
		}
		return fromUTF16(b[off:off+n], be)
	}
	return ""
}
