package media

import "encoding/binary"

// bitstream returns how many bytes of the data of c, which is ALPH, VP8 or VP8L, a decoder
// needs, as far as that can be said without decoding it. An ALPH chunk stands before a
// VP8 chunk.
func (s *source) bitstream(c riffChunk, withAlpha bool) (int64, error) {
	b, err := s.at(c.data(), int(min(c.n, 10)))
	if err != nil {
		return 0, err
	}
	switch c.typ {
	case "VP8 ":
		return c.n, checkVP8(c, b)
	case "VP8L":
		if len(b) < 5 || b[0] != 0x2f || b[4]>>5 != 0 {
			return 0, bad(c.off, "damaged picture data")
		}
		if withAlpha {
			return 0, bad(c.off, "a separate alpha channel beside a picture with its own")
		}
		return c.n, nil
	}
	if len(b) < 2 || b[0]&3 > 1 || b[0]>>6 != 0 {
		return 0, bad(c.off, "a damaged alpha channel")
	}
	return c.n, nil
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
