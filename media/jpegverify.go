package media

import (
	"bytes"
	"encoding/binary"
)

// verifyJPEG accepts SOI, then at most one JFIF, Exif, profile and Adobe segment in this
// order, then tables, frames and scans without a byte between them, then EOI and the end.
func verifyJPEG(s *source) error {
	off, err := verifyJPEGHead(s)
	frames, scans := 0, 0
	for err == nil {
		var b []byte
		if b, err = s.at(off, 2); err != nil {
			return err
		}
		m := b[1]
		switch {
		case b[0] != 0xff:
			return bad(off, "bytes between segments")
		case m == mEOI && scans == 0:
			return bad(off, "there is no picture in it")
		case m == mEOI && off+2 != s.size:
			return bad(off+2, "bytes after the end of the picture")
		case m == mEOI:
			return nil
		case isSOF(m):
			frames++
		case m == mSOS:
			scans++
		}
		if frames > 1 || scans > 0 && frames == 0 {
			return bad(off, "frame headers in disorder")
		}
		off, err = verifyJPEGSegment(s, off, m)
	}
	return err
}

// verifyJPEGSegment checks the segment at off, with its scan, and returns where it ends.
func verifyJPEGSegment(s *source, off int64, m byte) (int64, error) {
	body, err := s.jpegBody(off)
	if err != nil {
		return 0, err
	}
	end := off + 4 + int64(len(body))
	if m != mSOS {
		if reason := checkTables(m, body); reason != "" {
			return 0, bad(off, reason)
		}
		return end, nil
	}
	if len(body) < 4 || len(body) != 4+2*int(body[0]) {
		return 0, bad(off, "a scan header of a wrong length")
	}
	end, _, err = s.nextMarker(end, insideScan)
	return end, err
}

// jpegBody returns the content of the segment at off.
func (s *source) jpegBody(off int64) ([]byte, error) {
	n, err := s.be16(off + 2)
	if err != nil {
		return nil, err
	}
	if n < 2 {
		return nil, bad(off, "a segment shorter than its own length")
	}
	return s.at(off+4, int(n-2))
}

// verifyJPEGHead checks what stands before the tables and returns where it ends.
func verifyJPEGHead(s *source) (int64, error) {
	off := int64(2)
	var head jpegHead
	for {
		b, err := s.at(off, 2)
		if err != nil {
			return 0, err
		}
		m := b[1]
		if b[0] != 0xff || m < mAPP0 || m > mAPPF {
			break
		}
		body, err := s.jpegBody(off)
		if err != nil {
			return 0, err
		}
		if !head.segment(m, body) {
			return 0, bad(off, "an application segment that is not on the list, or not in its place")
		}
		off += 4 + int64(len(body))
	}
	if head.parts != head.count || head.parts > 0 && !checkProfile(head.profile) {
		return 0, bad(off, "a colour profile with more than colours in it")
	}
	return off, nil
}

// A jpegHead is what the application segments of a clean JPEG say.
type jpegHead struct {
	last    byte // the marker before
	profile []byte
	parts   int // of the profile
	count   int // as each part says it
}

// segment reports whether a segment is on the list and in its place.
func (h *jpegHead) segment(m byte, body []byte) bool {
	if m < h.last || m == h.last && m != mAPP2 {
		return false
	}
	h.last = m
	switch m {
	case mAPP0:
		return isJFIF(body)
	case mAPP1:
		return bytes.HasPrefix(body, []byte("Exif\x00\x00")) && isLook(body[6:])
	case mAPP2:
		return bytes.HasPrefix(body, []byte(idICC)) && h.part(body[len(idICC):])
	case mAPPE:
		return isAdobe(body)
	}
	return false
}

// part takes the next part of the profile, which begins with its number and how many there
// are. All but the last are full.
func (h *jpegHead) part(b []byte) bool {
	if len(b) < 3 || len(h.profile)%iccPerSegment != 0 || len(h.profile)+len(b) > maxProfile+iccPerSegment {
		return false
	}
	if h.parts++; h.parts == 1 {
		h.count = int(b[1])
		h.profile = make([]byte, 0, min(h.count*iccPerSegment, maxProfile))
	}
	h.profile = append(h.profile, b[2:]...)
	return int(b[0]) == h.parts && int(b[1]) == h.count
}

func isJFIF(b []byte) bool {
	return len(b) == 14 && string(b[:6]) == "JFIF\x00\x01" && b[6] <= 2 && b[7] <= 2 && binary.BigEndian.Uint16(b[12:]) == 0
}

func isAdobe(b []byte) bool {
	return len(b) == 12 && string(b[:11]) == "Adobe\x00\x64\x00\x00\x00\x00" && b[11] <= 2
}
