package media

import "encoding/binary"

// pictureLengths returns how many bytes of each part of a picture a decoder needs, as far as
// that can be said without decoding it. The parts are a VP8L chunk, or a VP8 chunk with or
// without an ALPH chunk before it.
func (s *source) pictureLengths(parts []riffChunk) ([]int64, error) {
	last := len(parts) - 1
	picture := parts[last]
	b, err := s.at(picture.data(), int(min(picture.n, 10)))
	if err != nil {
		return nil, err
	}
	var lengths []int64
	switch {
	case picture.typ == "VP8L" && (len(b) < 5 || b[0] != 0x2f || b[4]>>5 != 0):
		return nil, bad(picture.off, "damaged picture data")
	case picture.typ == "VP8L" && last > 0:
		return nil, bad(picture.off, "a separate alpha channel beside a picture with its own")
	case picture.typ == "VP8 ":
		if err := checkVP8(picture, b); err != nil {
			return nil, err
		}
	}
	if last > 0 {
		w, h := binary.LittleEndian.Uint16(b[6:])&0x3fff, binary.LittleEndian.Uint16(b[8:])&0x3fff
		n, err := s.alphaLength(parts[0], int64(w)*int64(h))
		if err != nil {
			return nil, err
		}
		lengths = append(lengths, n)
	}
	return append(lengths, picture.n), nil
}

// alphaLength returns how many bytes of an ALPH chunk a decoder needs for so many pixels.
func (s *source) alphaLength(c riffChunk, pixels int64) (int64, error) {
	b, err := s.at(c.data(), int(min(c.n, 1)))
	if err != nil {
		return 0, err
	}
	switch {
	case len(b) < 1 || b[0]&3 > 1 || b[0]>>6 != 0:
		return 0, bad(c.off, "a damaged alpha channel")
	case b[0]&3 == 1:
		return c.n, nil // compressed: only a decoder knows
	case 1+pixels > c.n:
		return 0, bad(c.off, "an alpha channel that is cut off")
	}
	return 1 + pixels, nil
}

// checkVP8 checks the header of a key frame (RFC 6386 section 9.1).
func checkVP8(c riffChunk, b []byte) error {
	if len(b) < 10 || b[0]&1 != 0 || string(b[3:6]) != "\x9d\x01\x2a" {
		return bad(c.off, "damaged picture data")
	}
	first := int64(binary.LittleEndian.Uint32([]byte{b[0], b[1], b[2], 0}) >> 5)
	if 10+first > c.n {
		return bad(c.off, "the picture data end too early: the picture is cut off")
	}
	return nil
}
