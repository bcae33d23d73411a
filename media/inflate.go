package media

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"hash/crc32"
	"io"
)

// A pixelStream reads the zlib stream that lies in a row of IDAT or fdAT chunks. It is an
// [io.ByteReader], so that flate takes no byte more than it needs, and the place where the
// stream ends is known.
type pixelStream struct {
	s     *source
	c     chunk // the current one
	skip  int64 // bytes before the stream in every chunk: 4 in fdAT
	whole func(chunk) error

	pos int64  // of the first byte in the file that is not in b
	b   []byte // of the current chunk, still to be read
	sum uint32 // CRC of the current chunk up to pos
	err error
}

// newPixelStream begins at chunk c. As the stream leaves a chunk, whole is called with it.
func newPixelStream(s *source, c chunk, whole func(chunk) error) *pixelStream {
	z := &pixelStream{s: s, whole: whole}
	if c.typ == "fdAT" {
		z.skip = 4
	}
	z.err = z.open(c)
	return z
}

func (z *pixelStream) open(c chunk) error {
	if c.n < z.skip {
		return bad(c.off, "a frame without a number")
	}
	sum, err := z.s.crc(0, c.off+4, 4+z.skip)
	z.c, z.pos, z.sum, z.b = c, c.data()+z.skip, sum, nil
	return err
}

// end returns where the data of the current chunk end.
func (z *pixelStream) end() int64 { return z.c.data() + z.c.n }

// at returns the place of the next byte.
func (z *pixelStream) at() int64 { return z.pos - int64(len(z.b)) }

func (z *pixelStream) ReadByte() (byte, error) {
	for len(z.b) == 0 && z.err == nil {
		z.err = z.fill()
	}
	if len(z.b) == 0 {
		return 0, z.err
	}
	c := z.b[0]
	z.b = z.b[1:]
	return c, nil
}

// Read makes an io.Reader of z, as flate asks for.
func (z *pixelStream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := z.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

// fill reads on, in the current chunk or in the next.
func (z *pixelStream) fill() error {
	if z.pos == z.end() {
		return z.next()
	}
	b, err := z.s.from(z.pos)
	if err != nil {
		return err
	}
	z.b = b[:min(int64(len(b)), z.end()-z.pos)]
	z.sum = crc32.Update(z.sum, crc32.IEEETable, z.b)
	z.pos += int64(len(z.b))
	return nil
}

// next leaves the current chunk.
func (z *pixelStream) next() error {
	if err := z.checkSum(); err != nil {
		return err
	}
	if err := z.whole(z.c); err != nil {
		return err
	}
	c, err := z.s.chunk(z.c.end())
	if err != nil {
		return err
	}
	if c.typ != z.c.typ {
		return bad(c.off, "the picture data end too early: the picture is cut off")
	}
	return z.open(c)
}

// checkSum compares the CRC of the current chunk, all of which was read, with the one in
// the file.
func (z *pixelStream) checkSum() error {
	b, err := z.s.at(z.end(), 4)
	if err == nil && binary.BigEndian.Uint32(b) != z.sum {
		err = bad(z.c.off, "picture data with a wrong checksum")
	}
	return err
}

// readRest reads what is left of the current chunk, for its checksum.
func (z *pixelStream) readRest() error {
	for z.b = nil; z.pos < z.end(); z.b = nil {
		if err := z.fill(); err != nil {
			return err
		}
	}
	return z.checkSum()
}

// inflate reads the compressed picture, which must be raw bytes long before compression,
// up to its checksum, and returns what that must be.
func (z *pixelStream) inflate(raw int64) (sum [4]byte, err error) {
	if raw > maxRaw {
		return sum, bad(z.c.off, "a picture of too many pixels")
	}
	if err := z.zlibHeader(); err != nil {
		return sum, err
	}
	adler := adler32.New()
	n, err := io.CopyBuffer(adler, io.LimitReader(flate.NewReader(z), raw+1), make([]byte, 32<<10))
	switch {
	case z.err != nil:
		return sum, z.err
	case err != nil:
		return sum, bad(z.at(), "the picture data are damaged")
	case n < raw:
		return sum, bad(z.at(), "too few pixels: the picture is cut off")
	case n > raw:
		return sum, bad(z.at(), "more pixels than the picture has room for")
	}
	return [4]byte(adler.Sum(nil)), nil
}

// zlibHeader reads the two bytes before the compressed data (RFC 1950 section 2.2).
func (z *pixelStream) zlibHeader() error {
	cmf, err := z.ReadByte()
	if err != nil {
		return err
	}
	flg, err := z.ReadByte()
	if err != nil {
		return err
	}
	if cmf&15 != 8 || cmf>>4 > 7 || flg&0x20 != 0 || (uint(cmf)<<8|uint(flg))%31 != 0 {
		return bad(z.c.off, "picture data of an unknown compression")
	}
	return nil
}

// skipSum reads past want. If something else stands there it stays where it is and reports
// false.
func (z *pixelStream) skipSum(want [4]byte) (bool, error) {
	at, left := z.at(), len(z.b)
	same := z.s.streamHas(z.c, z.skip, at, want[:])
	b, err := z.s.at(at, left) // the look ahead has moved the window
	if z.b = b; err != nil || !same {
		return false, err
	}
	for range want {
		if _, err := z.ReadByte(); err != nil {
			return false, err
		}
	}
	return true, nil
}

// streamHas reports whether the stream that lies in c and the chunks behind it has want at
// the place at.
func (s *source) streamHas(c chunk, skip, at int64, want []byte) bool {
	for _, w := range want {
		for at == c.data()+c.n {
			next, err := s.chunk(c.end())
			if err != nil || next.typ != c.typ || next.n < skip {
				return false
			}
			c, at = next, next.data()+skip
		}
		if b, err := s.byteAt(at); err != nil || b != w {
			return false
		}
		at++
	}
	return true
}

var errProfile = errors.New("media: not a compressed profile")

// unzip returns the content of the zlib stream b, which must be all of b and hold at most
// limit bytes.
func unzip(b []byte, limit int64) (data []byte, rest int, err error) {
	r := bytes.NewReader(b)
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, 0, errProfile
	}
	// Twice: once for the length, so that no buffer has to grow.
	n, err := io.Copy(io.Discard, io.LimitReader(z, limit+1))
	if err != nil {
		return nil, 0, errProfile
	}
	rest = r.Len()
	r.Reset(b)
	if err := z.(zlib.Resetter).Reset(r, nil); err != nil {
		return nil, 0, errProfile
	}
	data = make([]byte, n)
	_, err = io.ReadFull(z, data)
	return data, rest, err
}
