package media

import "bytes"

// What nextMarker takes for data, and what for a marker.
type jpegState bool

const (
	betweenSegments jpegState = false // restart markers are markers like others
	insideScan      jpegState = true  // and here they are part of the data
)

// nextMarker returns the next marker at or behind off, and the place of its last 0xff. In a
// scan the place is that of the first of several 0xff. It costs little more than reading
// the bytes.
func (s *source) nextMarker(off int64, in jpegState) (at int64, m byte, err error) {
	row := int64(-1) // where the current row of 0xff began
	for {
		b, err := s.from(off)
		if err != nil {
			return 0, 0, err
		}
		for i := 0; i < len(b); i++ {
			if row < 0 {
				if i = skipData(b, i, in); i == len(b) {
					break
				}
				row = off + int64(i)
				continue
			}
			switch c := b[i]; {
			case c == 0xff:
			case isData(c, in):
				row = -1
			case in == insideScan:
				return row, c, nil
			default:
				return off + int64(i) - 1, c, nil
			}
		}
		off += int64(len(b))
	}
}

// isData reports whether 0xff and c are data and no marker.
func isData(c byte, in jpegState) bool {
	return c == 0 || in == insideScan && c&^7 == mRST0
}

// skipData returns the place in b, at or behind i, of a 0xff that is not followed by a byte
// that makes it data, or len(b). Nearly all of a photo's bytes pass through this loop.
func skipData(b []byte, i int, in jpegState) int {
	for {
		n := bytes.IndexByte(b[i:], 0xff)
		if n < 0 {
			return len(b)
		}
		if i += n; i+1 == len(b) || !isData(b[i+1], in) {
			return i
		}
		i += 2
	}
}

// isSOF reports whether m begins a frame that stands alone (T.81 B.1.1.3, without the
// hierarchical ones).
func isSOF(m byte) bool {
	switch m {
	case 0xc0, 0xc1, 0xc2, 0xc3, 0xc9, 0xca, 0xcb:
		return true
	}
	return false
}

// checkTables says what is wrong with a segment that decoding needs, or returns "". The
// length of each must be what its content needs, so that nothing else is in it.
func checkTables(m byte, b []byte) string {
	switch {
	case isSOF(m):
		return checkSOF(b)
	case m == mDQT:
		return checkDQT(b)
	case m == mDHT:
		return checkDHT(b)
	case m == mDAC:
		if len(b)%2 != 0 {
			return "arithmetic conditioning of a wrong length"
		}
	case m == mDRI, m == mDNL:
		if len(b) != 2 {
			return "a restart interval or line count of a wrong length"
		}
	case m > mSOF0 && m < mSOFF && m != mJPG:
		return "a hierarchical JPEG, which is not supported"
	default:
		return "an unknown segment"
	}
	return ""
}

func checkSOF(b []byte) string {
	switch {
	case len(b) < 6 || b[5] == 0 || len(b) != 6+3*int(b[5]):
		return "a frame header of a wrong length"
	case b[3] == 0 && b[4] == 0:
		return "a picture without width"
	}
	return ""
}

func checkDQT(b []byte) string {
	for len(b) > 0 {
		n := 1 + 64*(1+int(b[0]>>4))
		if b[0]>>4 > 1 || b[0]&15 > 3 || len(b) < n {
			return "a broken quantisation table"
		}
		b = b[n:]
	}
	return ""
}

func checkDHT(b []byte) string {
	for len(b) > 0 {
		n := 17
		if len(b) < n || b[0]>>4 > 1 || b[0]&15 > 3 {
			return "a broken Huffman table"
		}
		for _, codes := range b[1:17] {
			n += int(codes)
		}
		if n > 17+256 || len(b) < n {
			return "a broken Huffman table"
		}
		b = b[n:]
	}
	return ""
}
