package media

import (
	"bytes"
	"encoding/binary"
)

// TIFF tags and types, as in Exif 2.32 sections 4.6.4 to 4.6.7.
const (
	tagInteropIndex   = 0x0001
	tagOrientation    = 0x0112
	tagExifIFD        = 0x8769
	tagColorSpace     = 0xa001
	tagInteropIFD     = 0xa005
	colorUncalibrated = 0xffff
	colorAdobeRGB     = 2 // not in the standard, but written

	tiffByte  = 1
	tiffASCII = 2
	tiffShort = 3
	tiffLong  = 4
	tiffIFD   = 13
)

// A look is what Exif says of how a picture is to be shown.
type look struct {
	orientation int  // 2 to 8, or 0: as it is
	adobeRGB    bool // the colours are Adobe RGB
}

// exif returns the smallest Exif block that says the same, or nil if there is nothing to say.
func (l look) exif() []byte {
	be := binary.BigEndian
	entry := func(b []byte, tag, typ uint16, n uint32, value ...byte) []byte {
		b = be.AppendUint16(b, tag)
		b = be.AppendUint16(b, typ)
		b = be.AppendUint32(b, n)
		return append(b, append(value, 0, 0, 0, 0)[:4]...)
	}
	first := 0
	if l.orientation != 0 {
		first++
	}
	if l.adobeRGB {
		first++
	}
	if first == 0 {
		return nil
	}
	b := []byte{'M', 'M', 0, 42, 0, 0, 0, 8, 0, byte(first)}
	if l.orientation != 0 {
		b = entry(b, tagOrientation, tiffShort, 1, 0, byte(l.orientation))
	}
	if !l.adobeRGB {
		return append(b, 0, 0, 0, 0)
	}
	sub := byte(8 + 2 + 12*first + 4)
	b = entry(b, tagExifIFD, tiffLong, 1, 0, 0, 0, sub)
	b = append(b, 0, 0, 0, 0)
	interop := sub + 2 + 12*2 + 4
	b = append(b, 0, 2)
	b = entry(b, tagColorSpace, tiffShort, 1, 0xff, 0xff)
	b = entry(b, tagInteropIFD, tiffLong, 1, 0, 0, 0, interop)
	b = append(b, 0, 0, 0, 0)
	b = append(b, 0, 1)
	b = entry(b, tagInteropIndex, tiffASCII, 4, 'R', '0', '3', 0)
	return append(b, 0, 0, 0, 0)
}

// isLook reports whether b is one of the blocks that look.exif makes.
func isLook(b []byte) bool {
	for o := 0; o <= 8; o++ {
		for _, adobe := range []bool{false, true} {
			if l := (look{o, adobe}); o != 1 && len(b) > 0 && bytes.Equal(b, l.exif()) {
				return true
			}
		}
	}
	return false
}

// A tiff reads the directories of an Exif block of n bytes at off. Damage ends a
// directory and is no error: cameras and programs leave much of it, and what is needed
// stands at the front.
type tiff struct {
	s      *source
	off, n int64
	order  binary.ByteOrder
}

// look returns what the Exif block of n bytes at off says of how the picture is shown.
func (s *source) look(off, n int64) look {
	t := &tiff{s: s, off: off, n: min(n, s.size-off)}
	head := t.at(0, 8)
	if head == nil {
		return look{}
	}
	switch string(head[:4]) {
	case "II*\x00":
		t.order = binary.LittleEndian
	case "MM\x00*":
		t.order = binary.BigEndian
	default:
		return look{}
	}
	var l look
	first := int64(t.order.Uint32(head[4:]))
	if o, ok := t.number(first, tagOrientation); ok && o >= 2 && o <= 8 {
		l.orientation = int(o)
	}
	l.adobeRGB = t.adobeRGB(first)
	return l
}

// adobeRGB reports whether the Exif directory below the one at first declares Adobe RGB.
func (t *tiff) adobeRGB(first int64) bool {
	exif, ok := t.number(first, tagExifIFD)
	if !ok {
		return false
	}
	space, _ := t.number(exif, tagColorSpace)
	if space == colorAdobeRGB {
		return true
	}
	interop, ok := t.number(exif, tagInteropIFD)
	if !ok || space != colorUncalibrated {
		return false
	}
	e := t.entry(interop, tagInteropIndex)
	return e != nil && t.order.Uint16(e[2:]) == tiffASCII && string(e[8:11]) == "R03"
}

// number returns the first value of a tag in the directory at dir. It stands in the entry
// itself unless there are too many.
func (t *tiff) number(dir int64, tag uint16) (int64, bool) {
	e := t.entry(dir, tag)
	if e == nil {
		return 0, false
	}
	n := t.order.Uint32(e[4:])
	switch typ := t.order.Uint16(e[2:]); {
	case typ == tiffByte && n >= 1 && n <= 4:
		return int64(e[8]), true
	case typ == tiffShort && n >= 1 && n <= 2:
		return int64(t.order.Uint16(e[8:])), true
	case (typ == tiffLong || typ == tiffIFD) && n == 1:
		return int64(t.order.Uint32(e[8:])), true
	}
	return 0, false
}

// entry returns the 12 bytes of a tag in the directory at dir, or nil.
func (t *tiff) entry(dir int64, tag uint16) []byte {
	head := t.at(dir, 2)
	if head == nil {
		return nil
	}
	n := int64(t.order.Uint16(head))
	for i := range n {
		e := t.at(dir+2+12*i, 12)
		if e == nil || t.order.Uint16(e) == tag {
			return e
		}
	}
	return nil
}

// at returns n bytes at off within the block, or nil.
func (t *tiff) at(off int64, n int) []byte {
	if off < 0 || off+int64(n) > t.n {
		return nil
	}
	b, err := t.s.at(t.off+off, n)
	if err != nil {
		return nil
	}
	return b
}
