package media

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Block labels of GIF89a.
const (
	gifExtension   = 0x21
	gifImage       = 0x2c
	gifTrailer     = 0x3b
	gifPlainText   = 0x01
	gifControl     = 0xf9
	gifComment     = 0xfe
	gifApplication = 0xff
)

// gifProfile begins an application extension with a colour profile.
const gifProfile = "\x21\xff\x0bICCRGBG1012"

// A gifScan reads a GIF from its header to its trailer.
type gifScan struct {
	*plan
	control  span // the graphic control extension for the next picture
	images   int
	profiles int
}

func scanGIF(p *plan) error {
	g := &gifScan{plan: p}
	off, err := g.header()
	for err == nil {
		if off == p.size && g.images > 0 {
			return g.finish(off) // many programs leave the trailer out
		}
		var label byte
		if label, err = p.byteAt(off); err != nil {
			return err
		}
		switch label {
		case gifExtension:
			off, err = g.extension(off)
		case gifImage:
			off, err = g.image(off)
		case 0:
			g.drop(Structure, "between blocks", off, 1)
			off++
		default:
			// A trailer, or something unknown. Browsers end the animation there.
			if g.images == 0 {
				return bad(off, "there is no picture in it")
			}
			return g.finish(off)
		}
	}
	return err
}

// header keeps header, screen descriptor and global colours, and returns where they end.
func (g *gifScan) header() (int64, error) {
	b, err := g.at(0, 13)
	if err != nil {
		return 0, err
	}
	n := 13 + colourTable(b[10])
	if n > g.size {
		return 0, errTruncated
	}
	g.keep(0, n)
	return n, nil
}

// colourTable returns the length of the colour table that flags announce.
func colourTable(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// extension reads the extension at off and returns where it ends.
func (g *gifScan) extension(off int64) (int64, error) {
	label, err := g.byteAt(off + 1)
	if err != nil {
		return 0, err
	}
	end, err := g.subBlocksEnd(off + 2)
	if err != nil {
		return 0, err
	}
	switch label {
	case gifControl:
		return end, g.graphicControl(span{off, end - off})
	case gifApplication:
		return end, g.application(off, end)
	}
	name, kind := "extension", Maker
	switch label {
	case gifComment:
		name, kind = "comment extension", Comment
	case gifPlainText:
		name, kind = "plain text extension", Comment
	}
	g.note(Block{Kind: kind, Name: name, Offset: off, Size: end - off, Body: off + 2, BodySize: end - off - 2, Removed: true})
	return end, nil
}

// graphicControl reads a control extension, which stands before the picture it is for. Of
// several the last one counts.
func (g *gifScan) graphicControl(at span) error {
	g.dropControl()
	b, err := g.at(at.off+2, 1)
	if err != nil {
		return err
	}
	if b[0] != 4 {
		g.drop(Structure, "control extension", at.off, at.n)
		return nil
	}
	g.control = at
	return nil
}

func (g *gifScan) dropControl() {
	g.drop(Structure, "control extension", g.control.off, g.control.n)
	g.control = span{}
}

// writeControl puts the control extension before its picture: transparency, delay and
// disposal.
func (g *gifScan) writeControl() error {
	if g.control.n == 0 {
		return nil
	}
	old, err := g.at(g.control.off, 7)
	if err != nil {
		return err
	}
	var b [8]byte
	copy(b[:], old)
	b[3] &= 0x1f // the reserved bits
	at := g.control
	g.control = span{}
	return g.rewrite(at, "control extension", b[:])
}

// rewrite puts lit in place of a structure that has more in it.
func (g *gifScan) rewrite(at span, name string, lit []byte) error {
	same, err := g.equal(at.off, at.n, lit)
	switch {
	case err != nil:
		return err
	case same:
		g.keep(at.off, at.n)
	default:
		g.drop(Structure, name, at.off, at.n)
		g.write(lit)
	}
	return nil
}

// application reads an application extension. Only the one that says how often an
// animation is repeated stays.
func (g *gifScan) application(off, end int64) error {
	b := g.prefix(off, 19)
	if loop := loopExtension(b); loop != nil {
		return g.rewrite(span{off, end - off}, "loop extension", loop)
	}
	if bytes.HasPrefix(b, []byte(gifProfile)) {
		return g.profile(off, end)
	}
	kind, name := Maker, "application extension"
	skip := min(14, end-off)
	if len(b) >= 14 && b[2] == 11 {
		switch string(b[3:14]) {
		case "XMP DataXMP":
			kind = XMP
		case "MGK8BIM0000":
			kind = IPTC
		case "C2PA_GIF\x01\x00\x00":
			kind = Origin
		}
	}
	g.note(Block{Kind: kind, Name: name, Offset: off, Size: end - off, Body: off + skip, BodySize: end - off - skip, Removed: true})
	return nil
}

// loopExtension returns the extension that b begins with if it says how often the animation
// is repeated, and nothing beyond that.
func loopExtension(b []byte) []byte {
	if len(b) < 19 || b[2] != 11 || b[14] < 3 || b[15]&7 != 1 {
		return nil
	}
	if id := string(b[3:14]); id != "NETSCAPE2.0" && id != "ANIMEXTS1.0" {
		return nil
	}
	return append(bytes.Clone(b[:14]), 3, 1, b[16], b[17], 0)
}

// profile reads the extension from off to end, which holds a colour profile.
func (g *gifScan) profile(off, end int64) error {
	start := off + int64(len(gifProfile))
	b := Block{Kind: Profile, Name: "application extension", Offset: off, Size: end - off, Body: start, BodySize: end - start, Removed: true}
	var reduced []byte
	if g.profiles++; g.profiles == 1 && !g.opts.DropProfile {
		old, err := g.subBlocks(start, end)
		if err != nil {
			return err
		}
		reduced = reduceProfile(old)
	}
	if reduced == nil {
		g.note(b)
		return nil
	}
	g.grow(len(gifProfile) + len(reduced) + len(reduced)/255 + 2)
	return g.replace(b, appendSubBlocks([]byte(gifProfile), reduced))
}

// subBlocks returns what the row of sub-blocks from off to end holds, which is a colour
// profile.
func (s *source) subBlocks(off, end int64) ([]byte, error) {
	if end-off > maxProfile {
		return nil, bad(off, "a colour profile of more than 4 MiB")
	}
	data := make([]byte, 0, end-off)
	for {
		n, err := s.byteAt(off)
		if err != nil || n == 0 {
			return data, err
		}
		b, err := s.at(off+1, int(n))
		if err != nil {
			return nil, err
		}
		data = append(data, b...)
		off += 1 + int64(n)
	}
}

// appendSubBlocks appends data as a row of sub-blocks.
func appendSubBlocks(b, data []byte) []byte {
	b = slices.Grow(b, len(data)+len(data)/255+2)
	for part := range slices.Chunk(data, 255) {
		b = append(append(b, byte(len(part))), part...)
	}
	return append(b, 0)
}

// image reads the picture at off and returns where it ends.
func (g *gifScan) image(off int64) (int64, error) {
	b, err := g.at(off, 10)
	if err != nil {
		return 0, err
	}
	descriptor := [10]byte(b)
	pixels := int64(binary.LittleEndian.Uint16(b[5:])) * int64(binary.LittleEndian.Uint16(b[7:]))
	data := off + 10 + colourTable(b[9])
	minWidth, err := g.byteAt(data)
	if err != nil {
		return 0, err
	}
	if minWidth < 1 || minWidth > 11 {
		return 0, bad(data, "picture data of an unknown width")
	}
	e, err := g.lzwEnd(data+1, minWidth, pixels)
	if err != nil {
		return 0, err
	}
	if err := g.writeControl(); err != nil {
		return 0, err
	}
	g.images++
	if descriptor[9]&0x18 != 0 {
		descriptor[9] &^= 0x18 // the reserved bits
		g.drop(Structure, "image descriptor", off+9, 1)
		g.write(descriptor[:])
	} else {
		g.keep(off, 10)
	}
	g.keep(off+10, data+1-off-10)
	g.pixels(data+1, e, 1<<minWidth+1)
	return e.end, nil
}

// pixels keeps the sub-blocks that begin at off up to the end of the picture, and makes
// that end clean.
func (g *gifScan) pixels(off int64, e lzwEnd, endCode int) {
	if e.clean {
		g.keep(off, e.end-off)
		return
	}
	sub, cut := e.at.sub, e.wholeBytes()
	if sub == 0 { // not one byte of data
		sub, cut = off, off
	}
	g.drop(Trailer, "image data", cut, e.end-1-cut)
	g.keep(off, sub-off)
	tail := e.tail(endCode)
	switch n := max(0, cut-sub-1); { // bytes of the last sub-block before the tail
	case n+int64(len(tail)) <= 255:
		g.write([]byte{byte(n + int64(len(tail)))})
		g.keep(sub+1, n)
	default:
		g.write([]byte{byte(n)})
		g.keep(sub+1, n)
		g.write([]byte{byte(len(tail))})
	}
	g.write(append(tail, 0))
}

// finish ends the file, whose original has its trailer at off, or something else, or nothing.
func (g *gifScan) finish(off int64) error {
	g.dropControl()
	if b := g.prefix(off, 1); len(b) > 0 && b[0] == gifTrailer {
		g.keep(off, 1)
		off++
	} else {
		g.write([]byte{gifTrailer})
	}
	g.drop(Trailer, trailerName(g.prefix(off, 12)), off, g.size-off)
	return g.fail
}
