package media

import (
	"bytes"
	"encoding/binary"
)

// Markers of ITU-T T.81 table B.1, without their leading 0xff.
const (
	mTEM  = 0x01
	mSOF0 = 0xc0
	mDHT  = 0xc4
	mJPG  = 0xc8
	mDAC  = 0xcc
	mSOFF = 0xcf
	mRST0 = 0xd0
	mRST7 = 0xd7
	mSOI  = 0xd8
	mEOI  = 0xd9
	mSOS  = 0xda
	mDQT  = 0xdb
	mDNL  = 0xdc
	mDRI  = 0xdd
	mAPP0 = 0xe0
	mAPP1 = 0xe1
	mAPP2 = 0xe2
	mAPPE = 0xee
	mAPPF = 0xef
	mCOM  = 0xfe
)

// Identifiers at the start of APPn segments.
const (
	idJFIF  = "JFIF\x00"
	idExif  = "Exif\x00"
	idICC   = "ICC_PROFILE\x00"
	idAdobe = "Adobe"
	idXMP   = "http://ns.adobe.com/xap/1.0/\x00"
	idXMPX  = "http://ns.adobe.com/xmp/extension/\x00"
)

// A jpegScan reads a JPEG from its first byte to its EOI. What a decoder must know before
// the first scan is rebuilt at the front, in a fixed order; the rest follows as it stood.
type jpegScan struct {
	*plan
	kept   []span
	frame  bool // a SOF was seen
	scans  int
	jfif   []byte // the 14 bytes of a JFIF segment, rebuilt
	adobe  []byte // the 12 bytes of an Adobe segment, rebuilt
	look   look
	exif   int // index in blocks of the Exif block that look is from, plus one
	icc    []iccPart
	iccLen int64
}

// A span is a range of the original.
type span struct{ off, n int64 }

// An iccPart is one APP2 segment of a profile.
type iccPart struct {
	seq, count byte
	data       span
	block      int // index in blocks
}

func scanJPEG(p *plan) error {
	j := &jpegScan{plan: p}
	off := int64(2)
	for {
		m, at, err := j.marker(off)
		if err != nil {
			return err
		}
		if m == mEOI {
			return j.finish(at + 2)
		}
		if off, err = j.segment(m, at); err != nil {
			return err
		}
	}
}

// marker returns the next marker and its place. What stands before it is left out.
func (j *jpegScan) marker(off int64) (m byte, at int64, err error) {
	at, m, err = j.nextMarker(off, betweenSegments)
	if err == nil {
		j.drop(Structure, "between segments", off, at-off)
	}
	return m, at, err
}

// segment reads the segment of marker m at off and returns where it ends.
func (j *jpegScan) segment(m byte, off int64) (int64, error) {
	if m == mTEM || m >= mRST0 && m <= mRST7 {
		j.drop(Structure, "marker", off, 2)
		return off + 2, nil
	}
	if m == mSOI {
		return 0, bad(off, "a second picture begins inside the first")
	}
	n, err := j.be16(off + 2)
	if err != nil {
		return 0, err
	}
	if n < 2 {
		return 0, bad(off, "a segment shorter than its own length")
	}
	body, err := j.at(off+4, int(n-2))
	if err != nil {
		return 0, err
	}
	end := off + 2 + n
	switch {
	case m >= mAPP0 && m <= mAPPF || m == mCOM:
		j.meta(m, off, body)
		return end, nil
	case m == mSOS:
		return j.scan(off, body)
	case isSOF(m):
		if j.frame {
			return 0, bad(off, "a second frame header")
		}
		j.frame = true
	}
	if reason := checkTables(m, body); reason != "" {
		return 0, bad(off, reason)
	}
	j.hold(off, 2+n)
	return end, nil
}

// scan reads a scan header and the entropy-coded data behind it.
func (j *jpegScan) scan(off int64, header []byte) (int64, error) {
	if !j.frame {
		return 0, bad(off, "a scan before the frame header")
	}
	if len(header) == 0 || len(header) != 4+2*int(header[0]) {
		return 0, bad(off, "a scan header of a wrong length")
	}
	j.scans++
	end, _, err := j.nextMarker(off+4+int64(len(header)), insideScan)
	if err == errTruncated {
		return 0, bad(j.size, "the picture data ends without an end marker: it is cut off")
	}
	j.hold(off, end-off)
	return end, err
}

// hold keeps n bytes at off, in the order of the original.
func (j *jpegScan) hold(off, n int64) {
	if last := len(j.kept) - 1; last >= 0 && j.kept[last].off+j.kept[last].n == off {
		j.kept[last].n += n
		return
	}
	if len(j.kept) == maxPieces {
		j.refuse("too many pieces")
		return
	}
	j.kept = append(j.kept, span{off, n})
}

// meta reads an APPn or COM segment at off.
func (j *jpegScan) meta(m byte, off int64, body []byte) {
	kind, id := jpegKind(m, body)
	j.note(Block{
		Kind: kind, Name: jpegName(m), Offset: off, Size: 4 + int64(len(body)), Removed: true,
		Body: off + 4 + int64(id), BodySize: int64(len(body) - id),
	})
	if j.scans > 0 || len(j.blocks) == 0 {
		return // too late for a decoder
	}
	block := len(j.blocks) - 1
	same := false
	switch {
	case m == mAPP0 && len(body) >= 14 && bytes.HasPrefix(body, []byte(idJFIF)):
		j.jfif = rebuildJFIF(body)
		same = bytes.Equal(body, j.jfif)
	case m == mAPPE && len(body) >= 12 && bytes.HasPrefix(body, []byte(idAdobe)):
		j.adobe = rebuildAdobe(body)
		same = bytes.Equal(body, j.adobe)
	case m == mAPP2 && kind == Profile:
		j.icc = append(j.icc, iccPart{body[12], body[13], span{off + 4 + int64(id), int64(len(body) - id)}, block})
		j.iccLen += int64(len(body) - id)
	case kind == Exif && j.exif == 0:
		j.look, j.exif = j.source.look(off+4+int64(id), int64(len(body)-id)), block+1
	}
	j.blocks[block].Removed = !same
}

// rebuildJFIF returns the 14 bytes of a JFIF segment without thumbnail.
func rebuildJFIF(b []byte) []byte {
	out := append([]byte(idJFIF), 1, min(b[6], 2), b[7], b[8], b[9], b[10], b[11], 0, 0)
	if out[7] > 2 {
		out[7] = 0
	}
	return out
}

// rebuildAdobe returns the 12 bytes of an Adobe segment that says only which colour
// transform was used. A decoder takes all values above 1 for 2.
func rebuildAdobe(b []byte) []byte {
	return append([]byte(idAdobe), 0, 100, 0, 0, 0, 0, min(b[11], 2))
}

// finish reads what is behind the EOI, which ends at end, and lays out the file.
func (j *jpegScan) finish(end int64) error {
	if j.scans == 0 {
		return bad(end-2, "there is no picture in it")
	}
	j.hold(end-2, 2)
	j.drop(Trailer, trailerName(j.prefix(end, 12)), end, j.size-end)
	profile, err := j.profile()
	if err != nil {
		return err
	}
	j.keep(0, 2)
	if j.jfif != nil {
		j.write(jpegSegment(mAPP0, j.jfif))
	}
	j.writeExif(profile != nil)
	j.writeProfile(profile)
	if j.adobe != nil {
		j.write(jpegSegment(mAPPE, j.adobe))
	}
	for _, s := range j.kept {
		j.keep(s.off, s.n)
	}
	return j.fail
}

// writeExif writes what the look of the picture needs, if anything.
func (j *jpegScan) writeExif(hasProfile bool) {
	b := j.wanted(j.look, hasProfile).exif()
	if b == nil {
		return
	}
	seg := jpegSegment(mAPP1, []byte("Exif\x00\x00"), b)
	j.write(seg)
	old := &j.blocks[j.exif-1]
	same, err := j.equal(old.Offset, old.Size, seg)
	old.Removed = err != nil || !same
}

// wanted returns what the options leave of l in a picture with or without other means to
// say its colours.
func (p *plan) wanted(l look, hasColours bool) look {
	if p.opts.DropOrientation {
		l.orientation = 0
	}
	if hasColours || p.opts.DropProfile {
		l.adobeRGB = false
	}
	return l
}

const iccPerSegment = 0xffff - 2 - len(idICC) - 2

// profile returns the colour profile in its reduced form, or nil if there is none to keep.
func (j *jpegScan) profile() ([]byte, error) {
	if len(j.icc) == 0 || j.opts.DropProfile {
		return nil, nil
	}
	if j.iccLen > maxProfile {
		return nil, bad(j.icc[0].data.off, "a colour profile of more than 4 MiB")
	}
	ordered := orderICC(j.icc)
	old := make([]byte, 0, j.iccLen)
	for _, part := range ordered {
		b, err := j.at(part.data.off, int(part.data.n))
		if err != nil {
			return nil, err
		}
		old = append(old, b...)
	}
	if len(old) < 4 || int64(binary.BigEndian.Uint32(old)) != j.iccLen && !inSequence(j.icc) {
		return nil, nil
	}
	profile := reduceProfile(old)
	if bytes.Equal(old, profile) && len(ordered) == len(splitICC(profile)) {
		for _, part := range j.icc {
			j.blocks[part.block].Removed = false
		}
	}
	return profile, nil
}

// orderICC returns the parts in the order of their numbers if these are as they should be,
// and as they stand otherwise.
func orderICC(parts []iccPart) []iccPart {
	if !inSequence(parts) {
		return parts
	}
	ordered := make([]iccPart, len(parts))
	for _, part := range parts {
		ordered[part.seq-1] = part
	}
	return ordered
}

// inSequence reports whether the parts are numbered 1 to n, each of n, in any order.
// Decoders use no other profile; one whose parts happen to add up to its own length was
// meant to be one, and is taken too.
func inSequence(parts []iccPart) bool {
	var seen [256]bool
	for _, part := range parts {
		if int(part.count) != len(parts) || part.seq == 0 || part.seq > part.count || seen[part.seq] {
			return false
		}
		seen[part.seq] = true
	}
	return true
}

// writeProfile writes a profile in as many segments as it needs.
func (j *jpegScan) writeProfile(profile []byte) {
	j.grow(len(profile) + len(profile)/8)
	parts := splitICC(profile)
	for i, part := range parts {
		head := append([]byte{0xff, mAPP2, 0, 0}, idICC...)
		head = append(head, byte(i+1), byte(len(parts)))
		binary.BigEndian.PutUint16(head[2:], uint16(len(head)-2+len(part)))
		j.write(head)
		j.write(part)
	}
}

// splitICC cuts a profile into parts that fit in a segment each.
func splitICC(profile []byte) [][]byte {
	var parts [][]byte
	for len(profile) > 0 {
		n := min(len(profile), iccPerSegment)
		parts, profile = append(parts, profile[:n]), profile[n:]
	}
	return parts
}

// jpegSegment returns a marker segment of the given content.
func jpegSegment(m byte, content ...[]byte) []byte {
	b := append([]byte{0xff, m, 0, 0}, bytes.Join(content, nil)...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-2))
	return b
}

// jpegKind says what an APPn or COM segment is about, and how long its identifier is.
func jpegKind(m byte, body []byte) (Kind, int) {
	has := func(id string) bool { return bytes.HasPrefix(body, []byte(id)) }
	switch {
	case m == mCOM:
		return Comment, 0
	case m == mAPP0 && has(idJFIF) && (len(body) < 14 || body[12] == 0 || body[13] == 0):
		return Structure, len(idJFIF)
	case m == mAPP0 && (has(idJFIF) || has("JFXX\x00")):
		return Thumbnail, len(idJFIF)
	case m == mAPP1 && has(idExif) && len(body) > len(idExif):
		return Exif, len(idExif) + 1
	case m == mAPP1 && has(idXMP):
		return XMP, len(idXMP)
	case m == mAPP1 && has(idXMPX):
		return XMP, len(idXMPX)
	case m == mAPP2 && has(idICC) && len(body) >= len(idICC)+2:
		return Profile, len(idICC) + 2
	case m == mAPP2 && has("MPF\x00"):
		return Picture, 4
	case m == 0xeb && has("JP"):
		return Origin, 2
	case m == 0xed && has("Photoshop 3.0\x00"):
		return IPTC, 14
	case m == 0xed && has("Adobe_CM"):
		return Structure, 8
	case m == mAPPE && has(idAdobe):
		return Structure, len(idAdobe)
	case m == mAPP0+10:
		return Comment, 0
	}
	return Maker, 0
}

func jpegName(m byte) string {
	if m == mCOM {
		return "COM"
	}
	return [...]string{
		"APP0", "APP1", "APP2", "APP3", "APP4", "APP5", "APP6", "APP7",
		"APP8", "APP9", "APP10", "APP11", "APP12", "APP13", "APP14", "APP15",
	}[m-mAPP0]
}

// trailerName says what stands behind the end of a picture, by its first bytes.
func trailerName(head []byte) string {
	switch {
	case Detect(head) != 0:
		return "another picture"
	case len(head) >= 8 && string(head[4:8]) == "ftyp":
		return "video"
	}
	return "trailer"
}
