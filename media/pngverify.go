package media

import (
	"bytes"
	"encoding/binary"
)

// A pngCheck is the verifying walk of a PNG.
type pngCheck struct {
	*source
	inflation
	ihdr     ihdr
	palette  int64
	once     map[string]bool
	seq      uint32
	frame    *frameControl // waits for its picture
	inflated int64
}

// verifyPNG accepts a header, the chunks that change how the picture looks, once each and
// before it, the picture and its frames, in chunks that their zlib stream fills to the last
// byte, and an empty IEND at the end.
func verifyPNG(s *source, z inflation) error {
	h, c, err := s.ihdr()
	v := &pngCheck{source: s, inflation: z, ihdr: h, once: make(map[string]bool)}
	for off := c.end(); err == nil; {
		if c, err = s.chunk(off); err != nil {
			return err
		}
		if c.typ == "IEND" {
			return v.end(c)
		}
		off, err = v.chunk(c)
	}
	return err
}

func (v *pngCheck) end(c chunk) error {
	if same, err := v.bytesAt(c.off, pngChunk("IEND", nil)); err != nil || !same {
		return or(err, bad(c.off, "an end with something in it"))
	}
	switch {
	case c.end() != v.size:
		return bad(c.end(), "bytes after the end of the picture")
	case !v.once["IDAT"] || v.frame != nil:
		return bad(c.off, "a picture is missing")
	}
	return nil
}

// bytesAt reports whether want stands at off.
func (s *source) bytesAt(off int64, want []byte) (bool, error) {
	b, err := s.at(off, len(want))
	return bytes.Equal(b, want), err
}

// chunk checks c, and the whole row of chunks if it is the first of a picture.
func (v *pngCheck) chunk(c chunk) (int64, error) {
	if c.typ == "IDAT" || c.typ == "fdAT" {
		return v.pixels(c)
	}
	if ok, err := v.intact(c); err != nil || !ok {
		return 0, or(err, bad(c.off, "a wrong checksum"))
	}
	if v.once[c.typ] && c.typ != "fcTL" {
		return 0, bad(c.off, "a chunk that may come only once")
	}
	v.once[c.typ] = true
	var ok bool
	var err error
	switch c.typ {
	case "fcTL":
		ok, err = v.fctl(c)
	case "iCCP":
		ok, err = v.iccp(c)
	case "eXIf":
		ok, err = v.exif(c)
	case "PLTE":
		ok = !v.once["IDAT"] && v.ihdr.colour&2 != 0 && c.n > 0 && c.n%3 == 0 && c.n <= 768
		v.palette = c.n / 3
	default:
		ok = !v.once["IDAT"] && v.ihdr.fits(c, v.palette)
	}
	if err == nil && !ok {
		err = bad(c.off, "a chunk that is not on the list, or not in its place")
	}
	return c.end(), err
}

func (v *pngCheck) fctl(c chunk) (bool, error) {
	f, err := v.frameControl(c, v.ihdr)
	ok := v.once["acTL"] && v.frame == nil && f.seq == v.seq
	v.frame = &f
	v.seq++
	return ok, err
}

func (v *pngCheck) iccp(c chunk) (bool, error) {
	if v.once["PLTE"] || v.once["IDAT"] || c.n > maxProfile {
		return false, nil
	}
	b, err := v.read(c.data(), c.n)
	if err != nil {
		return false, err
	}
	profile, rest, err := readICCP(b)
	return err == nil && rest == 0 && bytes.HasPrefix(b, []byte(pngProfileName)) && checkProfile(profile), nil
}

func (v *pngCheck) exif(c chunk) (bool, error) {
	if c.n > 128 {
		return false, nil
	}
	b, err := v.at(c.data(), int(c.n))
	return isLook(b), err
}

// pixels checks the row of chunks that begins with c and returns where it ends.
func (v *pngCheck) pixels(c chunk) (int64, error) {
	raw := v.ihdr.raw(v.ihdr.width, v.ihdr.height)
	switch {
	case c.typ == "IDAT" && v.once["IDAT"], c.typ == "fdAT" && (v.frame == nil || !v.once["IDAT"]):
		return 0, bad(c.off, "picture data out of place")
	case c.typ == "fdAT":
		raw = v.ihdr.raw(v.frame.width, v.frame.height)
	}
	v.once[c.typ] = true
	v.frame = nil
	if v.inflated += raw; v.inflated > maxAnimation {
		return 0, bad(c.off, "an animation of too many pixels")
	}
	if v.inflation == inflatedBefore {
		return v.row(c)
	}
	z := newPixelStream(v.source, c, v.number)
	sum, err := z.inflate(raw)
	if err != nil {
		return 0, err
	}
	ok, err := z.skipSum(sum)
	if err != nil {
		return 0, err
	}
	if !ok || z.at() != z.end() {
		return 0, bad(z.at(), "bytes after the end of the picture data")
	}
	last := z.c
	if err := z.readRest(); err != nil {
		return 0, err
	}
	if next, err := v.source.chunk(last.end()); err == nil && next.typ == c.typ {
		return 0, bad(next.off, "bytes after the end of the picture data")
	}
	return last.end(), v.number(last)
}

// row checks a row of chunks whose content is known to be right.
func (v *pngCheck) row(c chunk) (int64, error) {
	for typ := c.typ; ; {
		ok, err := v.intact(c)
		if err != nil || !ok {
			return 0, or(err, bad(c.off, "a wrong checksum"))
		}
		if err := v.number(c); err != nil {
			return 0, err
		}
		next, err := v.source.chunk(c.end())
		if err != nil || next.typ != typ {
			return c.end(), err
		}
		c = next
	}
}

// number checks the number of a chunk of an animation.
func (v *pngCheck) number(c chunk) error {
	if c.typ == "IDAT" {
		return nil
	}
	b, err := v.at(c.data(), 4)
	if err != nil {
		return err
	}
	if binary.BigEndian.Uint32(b) != v.seq {
		return bad(c.off, "an animation in disorder")
	}
	v.seq++
	return nil
}
