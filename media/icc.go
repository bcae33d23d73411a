package media

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// An ICC profile (ICC.1:2022) turns the numbers in a picture into colours. It also holds
// dates, makers, models, serial numbers of monitors and free text. reduceProfile rebuilds
// it from the tags that the colour arithmetic reads, each cut to the length its type has.
const (
	iccHeader  = 128
	iccEntry   = 12
	iccMaxTags = 100 // as lcms, which refuses more
)

// colourTags are the tags that colour arithmetic reads.
var colourTags = map[string]bool{
	"wtpt": true, "bkpt": true, "chad": true, "lumi": true, "cicp": true, "gamt": true,
	"rXYZ": true, "gXYZ": true, "bXYZ": true,
	"rTRC": true, "gTRC": true, "bTRC": true, "kTRC": true,
	"A2B0": true, "A2B1": true, "A2B2": true, "B2A0": true, "B2A1": true, "B2A2": true,
	"D2B0": true, "D2B1": true, "D2B2": true, "D2B3": true,
	"B2D0": true, "B2D1": true, "B2D2": true, "B2D3": true,
}

// Signatures that the header may hold.
var (
	iccClasses = []string{"scnr", "mntr", "prtr", "spac", "link", "abst", "nmcl"}
	iccSpaces  = []string{
		"XYZ ", "Lab ", "Luv ", "YCbr", "Yxy ", "RGB ", "GRAY", "HSV ", "HLS ", "CMYK", "CMY ",
		"1CLR", "2CLR", "3CLR", "4CLR", "5CLR", "6CLR", "7CLR", "8CLR",
		"9CLR", "ACLR", "BCLR", "CCLR", "DCLR", "ECLR", "FCLR",
	}
	iccElements = []string{"cvst", "matf", "clut", "bACS", "eACS"}
	iccD50      = []byte{0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d}
)

// The texts that every profile must have. They say nothing.
const (
	iccDescription = "colour"
	iccCopyright   = "none"
)

// reduceProfile returns b with nothing in it but colour arithmetic, or nil if b is no
// profile that a decoder would use. A tag that lies outside b or makes no sense is left
// out, as decoders pass over it too.
func reduceProfile(b []byte) []byte {
	head := reduceHeader(b)
	if head == nil {
		return nil
	}
	w := &profileWriter{version: head[8]}
	w.add("desc", w.description())
	w.add("cprt", w.copyright())
	b = b[:min(int64(len(b)), int64(binary.BigEndian.Uint32(b)))]
	n := int(binary.BigEndian.Uint32(b[iccHeader:]))
	for i := range n {
		e := b[iccHeader+4+iccEntry*i:][:iccEntry]
		off, size := int64(binary.BigEndian.Uint32(e[4:])), int64(binary.BigEndian.Uint32(e[8:]))
		if sig := string(e[:4]); colourTags[sig] && !w.has(sig) && off+size <= int64(len(b)) {
			w.add(sig, reduceTag(b[off:off+size]))
		}
	}
	return w.profile(head)
}

// reduceHeader returns the header of b with only what colour arithmetic reads, or nil.
func reduceHeader(b []byte) []byte {
	if len(b) < iccHeader+4 || string(b[36:40]) != "acsp" {
		return nil
	}
	class, space, pcs := string(b[12:16]), string(b[16:20]), string(b[20:24])
	if !slices.Contains(iccClasses, class) || !slices.Contains(iccSpaces, space) || !slices.Contains(iccSpaces, pcs) {
		return nil
	}
	n := int64(binary.BigEndian.Uint32(b[iccHeader:]))
	end := min(int64(len(b)), int64(binary.BigEndian.Uint32(b)))
	if n > iccMaxTags || iccHeader+4+iccEntry*n > end {
		return nil
	}
	h := make([]byte, iccHeader)
	copy(h[8:10], b[8:10])   // version
	copy(h[12:24], b[12:24]) // class, colour space, connection space
	copy(h[36:40], "acsp")
	h[67] = b[67] & 3    // rendering intent
	copy(h[68:], iccD50) // the illuminant, which is always this one
	return h
}

// A profileWriter lays out tags one behind the other.
type profileWriter struct {
	version byte
	sigs    []string
	data    [][]byte
	total   int
}

func (w *profileWriter) has(sig string) bool { return slices.Contains(w.sigs, sig) }

// add appends a tag. Nil data is no tag. Tags may share their data, as the curves of red,
// green and blue often do.
func (w *profileWriter) add(sig string, data []byte) {
	if data == nil {
		return
	}
	if i := slices.IndexFunc(w.data, func(d []byte) bool { return bytes.Equal(d, data) }); i >= 0 {
		data = w.data[i]
	} else if w.total += len(data); w.total > maxProfile {
		w.total -= len(data)
		return
	}
	w.sigs, w.data = append(w.sigs, sig), append(w.data, data)
}

// profile returns head, completed with the tags.
func (w *profileWriter) profile(head []byte) []byte {
	be := binary.BigEndian
	n := len(w.sigs)
	out := make([]byte, 0, iccHeader+4+iccEntry*n+w.total+4*n)
	out = be.AppendUint32(append(out, head...), uint32(n))
	out = append(out, make([]byte, iccEntry*n)...)
	for i, d := range w.data {
		e := out[iccHeader+4+iccEntry*i:][:iccEntry]
		copy(e, w.sigs[i])
		be.PutUint32(e[8:], uint32(len(d)))
		if j := w.same(i); j < i {
			copy(e[4:8], out[iccHeader+4+iccEntry*j+4:])
			continue
		}
		be.PutUint32(e[4:], uint32(len(out)))
		out = pad4(append(out, d...))
	}
	be.PutUint32(out, uint32(len(out)))
	return out
}

// same returns the first tag that has the data of tag i.
func (w *profileWriter) same(i int) int {
	return slices.IndexFunc(w.data, func(d []byte) bool { return &d[0] == &w.data[i][0] })
}

func (w *profileWriter) description() []byte {
	if w.version >= 4 {
		return mluc(iccDescription)
	}
	b := append([]byte("desc\x00\x00\x00\x00"), 0, 0, 0, byte(len(iccDescription)+1))
	b = append(b, iccDescription...)
	// A final zero, an empty Unicode text, and an empty Macintosh text of fixed length.
	return append(b, make([]byte, 1+8+3+67)...)
}

func (w *profileWriter) copyright() []byte {
	if w.version >= 4 {
		return mluc(iccCopyright)
	}
	return []byte("text\x00\x00\x00\x00" + iccCopyright + "\x00")
}

// mluc returns an ASCII text as the multi-localised Unicode of ICC version 4.
func mluc(s string) []byte {
	b := []byte("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cenUS\x00\x00\x00\x00\x00\x00\x00\x1c")
	b[23] = byte(2 * len(s))
	for i := range len(s) {
		b = append(b, 0, s[i])
	}
	return b
}

func pad4(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// reduceTag returns the tag with no byte but those its type defines, or nil if it is of no
// type that colour arithmetic reads.
func reduceTag(b []byte) []byte {
	if len(b) < 12 {
		return nil
	}
	switch string(b[:4]) {
	case "mAB ", "mBA ":
		return reduceLut(b)
	case "mpet":
		return reduceElements(b)
	}
	n := tagSize(b)
	if n < 0 || n > int64(len(b)) {
		return nil
	}
	out := bytes.Clone(b[:n])
	clear(out[4:8])
	switch string(b[:4]) {
	case "para":
		clear(out[10:12])
	case "mft1", "mft2":
		out[11] = 0
	}
	return out
}

// tagSize returns the length of a tag whose type has no offsets in it, or -1.
func tagSize(b []byte) int64 {
	be := binary.BigEndian
	switch string(b[:4]) {
	case "XYZ ":
		return 20
	case "cicp":
		return 12
	case "sf32":
		return 8 + 9*4
	case "curv":
		return 12 + 2*int64(be.Uint32(b[8:]))
	case "para":
		if f := int(be.Uint16(b[8:])); f < len(paraParams) {
			return 12 + 4*paraParams[f]
		}
	case "mft1":
		if grid := gridSize(b[10], b[8], b[9]); grid >= 0 {
			return 48 + 256*int64(b[8]) + grid + 256*int64(b[9])
		}
	case "mft2":
		if grid := gridSize(b[10], b[8], b[9]); grid >= 0 && len(b) >= 52 {
			in, out := int64(be.Uint16(b[48:])), int64(be.Uint16(b[50:]))
			return 52 + 2*(in*int64(b[8])+grid+out*int64(b[9]))
		}
	}
	return -1
}

// paraParams are the numbers of parameters of the parametric curves (ICC.1:2022 table 68).
var paraParams = [...]int64{1, 3, 4, 5, 7}

// gridSize returns points^in * out, or -1 if that is beyond any profile.
func gridSize(points, in, out byte) int64 {
	n := int64(out)
	for range in {
		if n *= int64(points); n > maxProfile {
			return -1
		}
	}
	return n
}

// reduceLut rebuilds a lutAToBType or lutBToAType with its parts one behind the other.
func reduceLut(b []byte) []byte {
	if len(b) < 32 {
		return nil
	}
	in, out := int(b[8]), int(b[9])
	first, last := in, out // how many curves stand at the device and at the connection space
	if string(b[:4]) == "mBA " {
		first, last = out, in
	}
	be := binary.BigEndian
	dst := make([]byte, 32, len(b))
	copy(dst, b[:4])
	dst[8], dst[9] = b[8], b[9]
	for i, reduce := range []func([]byte) []byte{
		func(b []byte) []byte { return reduceCurves(b, last) },
		func(b []byte) []byte { return b[:min(48, len(b))] }, // a matrix
		func(b []byte) []byte { return reduceCurves(b, last) },
		func(b []byte) []byte { return reduceClut(b, in, out) },
		func(b []byte) []byte { return reduceCurves(b, first) },
	} {
		off := int64(be.Uint32(b[12+4*i:]))
		if off == 0 {
			continue
		}
		if off > int64(len(b)) {
			return nil
		}
		part := reduce(b[off:])
		if len(part) == 0 || len(dst)+len(part) > maxProfile {
			return nil
		}
		be.PutUint32(dst[12+4*i:], uint32(len(dst)))
		dst = pad4(append(dst, part...))
	}
	return dst
}

// reduceCurves returns the n curves at the start of b, each padded to four bytes, or nil.
func reduceCurves(b []byte, n int) []byte {
	var dst []byte
	for range n {
		if len(b) < 12 || string(b[:4]) != "curv" && string(b[:4]) != "para" {
			return nil
		}
		curve := reduceTag(b)
		if curve == nil || len(dst)+len(curve) > maxProfile {
			return nil
		}
		dst = pad4(append(dst, curve...))
		b = b[min((len(curve)+3)&^3, len(b)):]
	}
	return dst
}

// reduceClut returns the colour lookup table at the start of b, or nil.
func reduceClut(b []byte, in, out int) []byte {
	if len(b) < 20 || in > 16 || b[16] != 1 && b[16] != 2 {
		return nil
	}
	n := out * int(b[16])
	for _, points := range b[:in] {
		if n *= int(points); n > maxProfile {
			return nil
		}
	}
	if 20+n > len(b) {
		return nil
	}
	dst := bytes.Clone(b[:20+n])
	clear(dst[in:16])
	clear(dst[17:20])
	return dst
}

// reduceElements rebuilds a multiProcessElementsType with its elements one behind the other.
func reduceElements(b []byte) []byte {
	be := binary.BigEndian
	if len(b) < 16 {
		return nil
	}
	n := int64(be.Uint32(b[12:]))
	if n > 255 || 16+8*n > int64(len(b)) {
		return nil
	}
	dst := make([]byte, 16+8*n, len(b))
	copy(dst, b[:4])
	copy(dst[8:], b[8:16])
	for i := range n {
		e := b[16+8*i:]
		off, size := int64(be.Uint32(e)), int64(be.Uint32(e[4:]))
		if off+size > int64(len(b)) || size < 12 || int64(len(dst))+size > maxProfile {
			return nil
		}
		if !slices.Contains(iccElements, string(b[off:off+4])) {
			return nil
		}
		be.PutUint32(dst[16+8*i:], uint32(len(dst)))
		be.PutUint32(dst[16+8*i+4:], uint32(size))
		dst = pad4(append(dst, b[off:off+size]...))
	}
	return dst
}

// checkProfile reports whether b is laid out as reduceProfile does it and holds nothing
// else. It reads the profile from the front, tag by tag, and follows no offset that it does
// not expect.
func checkProfile(b []byte) bool {
	if !checkHeader(b) {
		return false
	}
	n := int64(binary.BigEndian.Uint32(b[iccHeader:]))
	c := &profileCheck{b: b, next: iccHeader + 4 + iccEntry*n}
	for i := range n {
		e := b[iccHeader+4+iccEntry*i:][:iccEntry]
		off, size := int64(binary.BigEndian.Uint32(e[4:])), int64(binary.BigEndian.Uint32(e[8:]))
		if !c.tag(string(e[:4]), off, size) {
			return false
		}
	}
	return c.next == int64(len(b)) && n >= 2 && c.sigs[0] == "desc" && c.sigs[1] == "cprt"
}

// checkHeader reports whether the header of b is what reduceHeader leaves of it.
func checkHeader(b []byte) bool {
	if reduceHeader(b) == nil || int64(binary.BigEndian.Uint32(b)) != int64(len(b)) {
		return false
	}
	for _, zero := range [][2]int{{4, 8}, {10, 12}, {24, 36}, {40, 67}, {80, iccHeader}} {
		if !isZero(b[zero[0]:zero[1]]) {
			return false
		}
	}
	return b[67] <= 3 && bytes.Equal(b[68:80], iccD50)
}

func isZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// A profileCheck goes through the tags of a profile.
type profileCheck struct {
	b    []byte
	next int64 // where the data of the next tag must be
	sigs []string
	offs []int64
	data [][]byte
}

// tag checks a tag. Its data must follow those of the tag before, or be those of an earlier
// one if they are the same.
func (c *profileCheck) tag(sig string, off, size int64) bool {
	if off > c.next || off+size > int64(len(c.b)) || slices.Contains(c.sigs, sig) {
		return false
	}
	data := c.b[off : off+size]
	want := c.next
	same := slices.IndexFunc(c.data, func(d []byte) bool { return bytes.Equal(d, data) })
	if same >= 0 {
		want = c.offs[same]
	}
	if off != want || !checkTag(sig, c.b[8], data) {
		return false
	}
	c.sigs, c.offs, c.data = append(c.sigs, sig), append(c.offs, off), append(c.data, data)
	if same >= 0 {
		return true
	}
	end := (off + size + 3) &^ 3
	if end > int64(len(c.b)) || !isZero(c.b[off+size:end]) {
		return false
	}
	c.next = end
	return true
}

// checkTag reports whether the data of a tag is what reduceTag leaves of itself.
func checkTag(sig string, version byte, data []byte) bool {
	w := &profileWriter{version: version}
	switch {
	case sig == "desc":
		return bytes.Equal(data, w.description())
	case sig == "cprt":
		return bytes.Equal(data, w.copyright())
	}
	return colourTags[sig] && len(data) > 0 && bytes.Equal(data, reduceTag(data))
}
