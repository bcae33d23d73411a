package media

// avcCShape is that of the configuration of AVC (ISO/IEC 14496-15 section 5.3.3).
func avcCShape(b []byte, n int64) (int64, string) {
	s := &scanner{b: b}
	head := s.take(5)
	s.units(s.num(1) & 31)
	s.units(s.num(1))
	if profile := head[1]; profile >= 100 && profile != 118 && profile != 128 && len(s.b) >= 4 {
		s.take(3)
		s.units(s.num(1))
	}
	return s.taken(n)
}

// hvcCShape is that of the configuration of HEVC (section 8.3.3).
func hvcCShape(b []byte, n int64) (int64, string) {
	s := &scanner{b: b}
	s.take(22)
	for range s.num(1) { // kinds of units
		s.take(1)
		s.units(s.num(2))
	}
	return s.taken(n)
}

// units takes rows of bytes, each with its length before it.
func (s *scanner) units(count int64) {
	for range count {
		if s.bad {
			return
		}
		s.take(int(s.num(2)))
	}
}

// taken returns how many of n bytes have been taken.
func (s *scanner) taken(n int64) (int64, string) {
	if s.bad {
		return 0, cutOffBox
	}
	return n - int64(len(s.b)), ""
}

// esdsShape is that of a stream of MPEG-4.
func esdsShape(b []byte, n int64) (int64, string) {
	if n < 4 {
		return 0, cutOffBox
	}
	clear(b[:4])
	switch kind, elsewhere := streamKind(b); {
	case elsewhere:
		return 0, "the media are in another file"
	case kind == streamVorbis, isStillStream(kind):
		return 0, "a way of coding with metadata of its own inside"
	}
	return n, ""
}

// Kinds of streams (the registered object types of MPEG-4) that hold texts: pictures in
// formats of their own, and Vorbis in its configuration.
const (
	streamJPEG   = 0x6c
	streamPNG    = 0x6d
	streamJP2    = 0x6e
	streamVorbis = 0xdd
)

func isStillStream(kind int64) bool {
	return kind == streamJPEG || kind == streamPNG || kind == streamJP2
}

// streamKind returns how a stream is coded by the body of its esds box (ISO/IEC 14496-1
// section 7.2.6), or zero, and whether it is at another address.
func streamKind(b []byte) (kind int64, elsewhere bool) {
	s := &scanner{b: b[min(4, len(b)):]}
	if s.descriptor() != 3 {
		return 0, false // a player does not understand it either
	}
	s.take(2)
	flags := s.num(1)
	if flags&0x80 != 0 {
		s.take(2)
	}
	if flags&0x40 != 0 {
		return 0, true
	}
	if flags&0x20 != 0 {
		s.take(2)
	}
	if s.descriptor() != 4 {
		return 0, false
	}
	return s.num(1), false
}

// descriptor takes the head of a descriptor and returns its tag.
func (s *scanner) descriptor() int64 {
	tag := s.num(1)
	for more := int64(0x80); more&0x80 != 0 && !s.bad; {
		more = s.num(1)
	}
	return tag
}

// dfLaShape leaves of the blocks of FLAC (RFC 9639 section 8) the first, which says how the
// sound is coded; the others become padding.
func dfLaShape(b []byte, n int64) (int64, string) {
	if n < 42 || b[4]&0x7f != 0 || be(b[5:], 3) != 34 {
		return 0, "a damaged header of FLAC"
	}
	clear(b[:4])
	at := 42
	for last := b[4]&0x80 != 0; !last; {
		if len(b)-at < 4 {
			return 0, cutOffBox
		}
		size := int(be(b[at+1:], 3))
		if size > len(b)-at-4 {
			return 0, cutOffBox
		}
		last = b[at]&0x80 != 0
		b[at] = b[at]&0x80 | 1
		clear(b[at+4 : at+4+size])
		at += 4 + size
	}
	return int64(at), ""
}

// svhdShape clears the name of the program that made a spherical video.
func svhdShape(b []byte, n int64) (int64, string) {
	if n < 5 {
		return 0, cutOffBox
	}
	clear(b)
	return 5, ""
}
