package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// window is how much of the original is in memory at a time, in bytes.
const window = 256 << 10

// errTruncated reports a read past the end of a source.
var errTruncated = errors.New("media: truncated")

// A source reads a file through one window. The slices it returns are valid until the next
// call.
type source struct {
	r    io.ReaderAt
	size int64

	buf  []byte
	off  int64 // of buf[0]
	fail error // if set, every read answers it

	lzw    *lzwTable // of GIF
	shaped []byte    // of a box of the ISO base media family
}

// at returns the n bytes at off; n is at most window.
func (s *source) at(off int64, n int) ([]byte, error) {
	if s.fail != nil {
		return nil, s.fail
	}
	if off < 0 || int64(n) > s.size-off {
		return nil, errTruncated
	}
	if off < s.off || off+int64(n) > s.off+int64(len(s.buf)) {
		if err := s.fill(off); err != nil {
			return nil, err
		}
	}
	i := int(off - s.off)
	return s.buf[i : i+n : i+n], nil
}

// from returns the bytes at off that are in the window, and at least one.
func (s *source) from(off int64) ([]byte, error) {
	if _, err := s.at(off, 1); err != nil {
		return nil, err
	}
	return s.buf[off-s.off:], nil
}

// fill moves the window to off.
func (s *source) fill(off int64) error {
	n := int(min(window, s.size-off))
	if cap(s.buf) < n {
		s.buf = make([]byte, n)
	}
	s.buf, s.off = s.buf[:n], off
	got, err := s.r.ReadAt(s.buf, off)
	if got == n {
		return nil
	}
	s.buf = s.buf[:0]
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	s.fail = fmt.Errorf("media: reading byte %d: %w", off, err)
	return s.fail
}

// read returns a copy of the n bytes at off.
func (s *source) read(off, n int64) ([]byte, error) {
	if off < 0 || n > s.size-off {
		return nil, errTruncated
	}
	b := make([]byte, 0, n)
	for n > 0 {
		w, err := s.from(off)
		if err != nil {
			return nil, err
		}
		w = w[:min(int64(len(w)), n)]
		b = append(b, w...)
		off, n = off+int64(len(w)), n-int64(len(w))
	}
	return b, nil
}

// prefix returns up to n bytes at off, fewer only where the file ends.
func (s *source) prefix(off int64, n int) []byte {
	b, err := s.at(off, int(min(int64(n), max(0, s.size-off))))
	if err != nil {
		return nil
	}
	return b
}

func (s *source) byteAt(off int64) (byte, error) {
	b, err := s.at(off, 1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

func (s *source) be16(off int64) (int64, error) {
	b, err := s.at(off, 2)
	if err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint16(b)), nil
}
