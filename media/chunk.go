package media

import (
	"encoding/binary"
	"hash/crc32"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// A chunk is a chunk of a PNG: length, type, n bytes of data, CRC.
type chunk struct {
	off, n int64
	typ    string
}

func (c chunk) data() int64 { return c.off + 8 }
func (c chunk) size() int64 { return 12 + c.n }
func (c chunk) end() int64  { return c.off + c.size() }

// ancillary reports whether a decoder may pass over the chunk without knowing it.
func (c chunk) ancillary() bool { return c.typ[0]&0x20 != 0 }

// chunk returns the chunk at off.
func (s *source) chunk(off int64) (chunk, error) {
	b, err := s.at(off, 8)
	if err != nil {
		return chunk{}, err
	}
	c := chunk{off, int64(binary.BigEndian.Uint32(b)), string(b[4:8])}
	for _, l := range b[4:8] {
		if l|0x20 < 'a' || l|0x20 > 'z' {
			return chunk{}, bad(off, "not a chunk")
		}
	}
	if c.n > 1<<31-1 {
		return chunk{}, bad(off, "a chunk that is too long")
	}
	if c.end() > s.size {
		return chunk{}, errTruncated
	}
	return c, nil
}

// intact reports whether the CRC of c is right.
func (s *source) intact(c chunk) (bool, error) {
	sum, err := s.crc(0, c.off+4, 4+c.n)
	if err != nil {
		return false, err
	}
	b, err := s.at(c.end()-4, 4)
	return err == nil && binary.BigEndian.Uint32(b) == sum, err
}

// crc returns the CRC-32 sum continued over n bytes at off.
func (s *source) crc(sum uint32, off, n int64) (uint32, error) {
	for n > 0 {
		b, err := s.from(off)
		if err != nil {
			return 0, err
		}
		b = b[:min(int64(len(b)), n)]
		sum = crc32.Update(sum, crc32.IEEETable, b)
		off, n = off+int64(len(b)), n-int64(len(b))
	}
	return sum, nil
}

// pngChunk returns a chunk of the given content.
func pngChunk(typ string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, typ...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// An ihdr is the header of a PNG.
type ihdr struct {
	width, height int64
	depth, colour byte
	interlaced    bool
}

// ihdr reads the header chunk.
func (s *source) ihdr() (ihdr, chunk, error) {
	c, err := s.chunk(int64(len(pngSignature)))
	if err != nil {
		return ihdr{}, c, err
	}
	if c.typ == "CgBI" {
		return ihdr{}, c, &UnsupportedError{"PNG of an iPhone program"}
	}
	if c.typ != "IHDR" || c.n != 13 {
		return ihdr{}, c, bad(c.off, "no header where it must be")
	}
	if ok, err := s.intact(c); err != nil || !ok {
		return ihdr{}, c, or(err, bad(c.off, "a header with a wrong checksum"))
	}
	b, err := s.at(c.data(), 13)
	if err != nil {
		return ihdr{}, c, err
	}
	h := ihdr{
		width: int64(binary.BigEndian.Uint32(b)), height: int64(binary.BigEndian.Uint32(b[4:])),
		depth: b[8], colour: b[9], interlaced: b[12] == 1,
	}
	if !h.valid() || b[10] != 0 || b[11] != 0 || b[12] > 1 {
		return ihdr{}, c, bad(c.off, "a header that makes no sense")
	}
	return h, c, nil
}

// or returns err unless it is nil, and then other.
func or(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func (h ihdr) valid() bool {
	if h.width < 1 || h.width > 1<<31-1 || h.height < 1 || h.height > 1<<31-1 {
		return false
	}
	switch h.colour {
	case 0:
		return h.depth == 1 || h.depth == 2 || h.depth == 4 || h.depth == 8 || h.depth == 16
	case 3:
		return h.depth == 1 || h.depth == 2 || h.depth == 4 || h.depth == 8
	case 2, 4, 6:
		return h.depth == 8 || h.depth == 16
	}
	return false
}

// channels returns the number of samples of a pixel.
func (h ihdr) channels() int64 {
	return [...]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[h.colour]
}

// maxRaw is the most that a picture may inflate to, in bytes: 500 megapixels in colour.
const maxRaw = 2 << 30

// raw returns how long a picture of w by h pixels is before compression, or more than
// maxRaw if it is longer than that.
func (h ihdr) raw(width, height int64) int64 {
	if !h.interlaced {
		return h.rows(width, height)
	}
	var n int64
	for _, p := range [7][4]int64{ // x, y, step in x, step in y
		{0, 0, 8, 8},
		{4, 0, 8, 8},
		{0, 4, 4, 8},
		{2, 0, 4, 4},
		{0, 2, 2, 4},
		{1, 0, 2, 2},
		{0, 1, 1, 2},
	} {
		n += h.rows((width-p[0]+p[2]-1)/p[2], (height-p[1]+p[3]-1)/p[3])
	}
	return n
}

// rows returns the length of height rows of width pixels, each behind its filter byte.
func (h ihdr) rows(width, height int64) int64 {
	if width <= 0 || height <= 0 {
		return 0
	}
	row := 1 + (width*h.channels()*int64(h.depth)+7)/8
	if row > maxRaw || row*height > maxRaw {
		return maxRaw + 1
	}
	return row * height
}

// An anciRule says where an ancillary chunk that changes how a picture looks may stand.
type anciRule struct {
	size       int64 // of its data, or 0: depends
	beforePLTE bool
}

// anciRules lists the ancillary chunks that are kept as they are. All stand before the
// picture; a decoder ignores those that do not, and those that come twice.
var anciRules = map[string]anciRule{
	"cHRM": {32, true},
	"gAMA": {4, true},
	"sRGB": {1, true},
	"cICP": {4, true},
	"mDCV": {24, true},
	"cLLI": {8, true},
	"mDCv": {24, true}, // as it was written while the standard was a draft
	"cLLi": {8, true},
	"sBIT": {0, true},
	"tRNS": {0, false},
	"bKGD": {0, false},
	"pHYs": {9, false},
	"acTL": {8, false},
}

// fits reports whether the chunk is one of anciRules and of the length that its picture
// asks for. Colours is the number of colours in the palette.
func (h ihdr) fits(c chunk, colours int64) bool {
	rule, ok := anciRules[c.typ]
	if !ok || rule.size > 0 {
		return ok && c.n == rule.size
	}
	switch c.typ {
	case "sBIT":
		return h.colour == 3 && c.n == 3 || h.colour != 3 && c.n == h.channels()
	case "tRNS":
		return h.colour == 3 && c.n <= colours || h.colour == 0 && c.n == 2 || h.colour == 2 && c.n == 6
	case "bKGD":
		return h.colour == 3 && c.n == 1 && colours > 0 || h.colour != 3 && c.n == 2*h.channelsWithoutAlpha()
	}
	return false
}

func (h ihdr) channelsWithoutAlpha() int64 {
	if h.colour&2 != 0 {
		return 3
	}
	return 1
}

// A frameControl is the content of an fcTL chunk.
type frameControl struct {
	seq           uint32
	width, height int64
}

// frameControl reads an fcTL chunk of a picture with header h.
func (s *source) frameControl(c chunk, h ihdr) (frameControl, error) {
	if c.n != 26 {
		return frameControl{}, bad(c.off, "a frame header of a wrong length")
	}
	b, err := s.at(c.data(), 26)
	if err != nil {
		return frameControl{}, err
	}
	u := func(i int) int64 { return int64(binary.BigEndian.Uint32(b[i:])) }
	f := frameControl{binary.BigEndian.Uint32(b), u(4), u(8)}
	if f.width < 1 || f.height < 1 || u(12)+f.width > h.width || u(16)+f.height > h.height || b[24] > 2 || b[25] > 1 {
		return frameControl{}, bad(c.off, "a frame that does not fit")
	}
	return f, nil
}

func checksum(sum uint32, b []byte) uint32 { return crc32.Update(sum, crc32.IEEETable, b) }
