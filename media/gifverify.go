package media

import (
	"bytes"
	"encoding/binary"
)

// verifyGIF accepts a header, pictures, each with at most one control extension before it
// and with data that end where the picture does, extensions that say how often to repeat
// the animation, one with a reduced colour profile, and a trailer at the end.
func verifyGIF(s *source) error {
	b, err := s.at(0, 13)
	if err != nil {
		return err
	}
	off := 13 + colourTable(b[10])
	control, profile, images := false, false, 0
	for {
		b, err := s.at(off, int(min(19, max(1, s.size-off))))
		if err != nil {
			return err
		}
		switch {
		case len(b) == 1 && b[0] == gifTrailer && images > 0 && !control:
			return nil
		case b[0] == gifImage:
			control, images = false, images+1
			off, err = verifyGIFImage(s, off)
		case isGIFControl(b) && !control:
			control = true
			off += 8
		case isGIFLoop(b):
			off += 19
		case bytes.HasPrefix(b, []byte(gifProfile)) && !profile:
			profile = true
			off, err = verifyGIFProfile(s, off+int64(len(gifProfile)))
		default:
			err = bad(off, "a block that is not on the list, or bytes after the end")
		}
		if err != nil {
			return err
		}
	}
}

func isGIFControl(b []byte) bool {
	return len(b) >= 8 && string(b[:3]) == "\x21\xf9\x04" && b[3] < 0x20 && b[7] == 0
}

func isGIFLoop(b []byte) bool {
	if len(b) < 19 {
		return false
	}
	head := string(b[:16])
	return (head == "\x21\xff\x0bNETSCAPE2.0\x03\x01" || head == "\x21\xff\x0bANIMEXTS1.0\x03\x01") && b[18] == 0
}

// verifyGIFProfile checks the colour profile in the sub-blocks at off and returns where they
// end.
func verifyGIFProfile(s *source, off int64) (int64, error) {
	end, err := s.subBlocksEnd(off)
	if err != nil {
		return 0, err
	}
	b, err := s.subBlocks(off, end)
	full := int64(len(b)+(len(b)+254)/255) + 1 // if every sub-block but the last is full
	if err == nil && (end-off != full || !checkProfile(b)) {
		err = bad(off, "a colour profile with more than colours in it")
	}
	return end, err
}

// verifyGIFImage checks the picture at off and returns where it ends.
func verifyGIFImage(s *source, off int64) (int64, error) {
	b, err := s.at(off, 10)
	if err != nil {
		return 0, err
	}
	if b[9]&0x18 != 0 {
		return 0, bad(off, "reserved bits that are not zero")
	}
	pixels := int64(binary.LittleEndian.Uint16(b[5:])) * int64(binary.LittleEndian.Uint16(b[7:]))
	data := off + 10 + colourTable(b[9])
	minWidth, err := s.byteAt(data)
	if err != nil {
		return 0, err
	}
	if minWidth < 1 || minWidth > 11 {
		return 0, bad(data, "picture data of an unknown width")
	}
	e, err := s.lzwEnd(data+1, minWidth, pixels)
	if err == nil && !e.clean {
		err = bad(e.at.off, "bytes after the end of the picture data")
	}
	return e.end, err
}
