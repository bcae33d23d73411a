package media

import (
	"bytes"
	"encoding/binary"
)

// A webpCheck is the verifying walk of a WebP file.
type webpCheck struct {
	*source
	off   int64
	flags byte
}

// verifyWebP accepts one VP8 or VP8L chunk, or a VP8X chunk and, in this order, a profile,
// the header of an animation, the picture or the frames, and a small Exif block; a RIFF
// length that is the file's; and zero padding.
func verifyWebP(s *source) error {
	b, err := s.at(0, 12)
	if err != nil {
		return err
	}
	if int64(binary.LittleEndian.Uint32(b[4:])) != s.size-8 || s.size&1 != 0 {
		return bad(4, "a length that is not the file's")
	}
	v := &webpCheck{source: s, off: 12}
	if c, chunkErr := s.riffChunk(12, s.size); chunkErr == nil && c.typ == "VP8X" {
		err = v.extended(c)
	} else {
		err = v.picture(s.size)
	}
	if err == nil && v.off != s.size {
		err = bad(v.off, "bytes after the end of the picture")
	}
	return err
}

// take returns the chunk at the current place if it is of type typ, and goes behind it.
func (v *webpCheck) take(typ string, end int64) (c riffChunk, ok bool, err error) {
	if v.off == end {
		return c, false, nil
	}
	if c, err = v.riffChunk(v.off, end); err != nil || c.typ != typ {
		return c, false, err
	}
	if c.n&1 == 1 {
		if pad, err := v.byteAt(c.end() - 1); err != nil || pad != 0 {
			return c, false, or(err, bad(c.end()-1, "padding that is not zero"))
		}
	}
	v.off = c.end()
	return c, true, nil
}

// extended checks a file with a VP8X chunk.
func (v *webpCheck) extended(c riffChunk) error {
	b, err := v.at(c.data(), int(min(10, c.n)))
	if err != nil {
		return err
	}
	known := byte(vp8xAnimation | vp8xExif | vp8xAlpha | vp8xICC)
	if c.n != 10 || b[0]&^known != 0 || b[1]|b[2]|b[3] != 0 {
		return bad(c.off, "a header with something else in it")
	}
	v.flags = b[0]
	v.off = c.end()
	if err := v.iccp(); err != nil {
		return err
	}
	if v.flags&vp8xAnimation != 0 {
		err = v.animation()
	} else {
		err = v.picture(v.size)
	}
	return or(err, v.exif())
}

func (v *webpCheck) iccp() error {
	c, ok, err := v.take("ICCP", v.size)
	if err != nil {
		return err
	}
	if !ok {
		return v.without(vp8xICC)
	}
	if c.n > maxProfile {
		return bad(c.off, "a colour profile that is too long")
	}
	b, err := v.read(c.data(), c.n)
	if err == nil && !checkProfile(b) {
		err = bad(c.off, "a colour profile with more than colours in it")
	}
	return err
}

// without refuses a feature flag for what is not there.
func (v *webpCheck) without(flag byte) error {
	if v.flags&flag != 0 {
		return bad(20, "a header that announces what is not there")
	}
	return nil
}

func (v *webpCheck) exif() error {
	c, ok, err := v.take("EXIF", v.size)
	if err != nil {
		return err
	}
	if !ok {
		return v.without(vp8xExif)
	}
	b, err := v.at(c.data(), int(min(c.n, 128)))
	if err == nil && (c.n > 128 || !isLook(bytes.Clone(b))) {
		err = bad(c.off, "camera data")
	}
	return err
}

func (v *webpCheck) animation() error {
	c, ok, err := v.take("ANIM", v.size)
	if err != nil || !ok || c.n != 6 {
		return or(err, bad(v.off, "an animation without its header"))
	}
	frames := 0
	for {
		c, ok, err := v.take("ANMF", v.size)
		switch {
		case err != nil:
			return err
		case !ok && frames == 0:
			return bad(v.off, "an animation without frames")
		case !ok:
			return nil
		}
		if err := v.frame(c); err != nil {
			return err
		}
		frames++
	}
}

func (v *webpCheck) frame(c riffChunk) error {
	if c.n < 16 || c.n&1 != 0 {
		return bad(c.off, "a frame of a wrong length")
	}
	b, err := v.at(c.data(), 16)
	if err != nil {
		return err
	}
	if b[15]&^3 != 0 {
		return bad(c.off, "reserved bits that are not zero")
	}
	v.off = c.data() + 16
	if err := v.picture(c.end()); err != nil {
		return err
	}
	if v.off != c.end() {
		return bad(v.off, "a frame with something else in it")
	}
	return nil
}

// picture checks a VP8L chunk, or a VP8 chunk with or without an ALPH chunk before it. None
// may be longer than it need be.
func (v *webpCheck) picture(end int64) error {
	var parts []riffChunk
	for _, typ := range []string{"ALPH", "VP8 ", "VP8L"} {
		c, ok, err := v.take(typ, end)
		if err != nil {
			return err
		}
		if ok {
			parts = append(parts, c)
		}
	}
	if len(parts) == 0 || !isPicture(parts[len(parts)-1]) || len(parts) > 1 && isPicture(parts[len(parts)-2]) {
		return bad(v.off, "no picture where it must be")
	}
	lengths, err := v.pictureLengths(parts)
	if err != nil {
		return err
	}
	for i, c := range parts {
		if c.n != lengths[i] {
			return bad(c.data()+lengths[i], "bytes after the end of the picture data")
		}
	}
	return nil
}
