package chat

import (
	"encoding/binary"
	"fmt"
)

// A cursor reads fields off the front of b. The first that is not there makes it fail, and every later one with it, so
// that a parser reads all its fields and then asks once. Nothing is allocated for a length that the bytes do not have.
type cursor struct {
	b    []byte
	fail bool
}

// take returns the next n bytes, which are a part of the input.
func (c *cursor) take(n int) []byte {
	if c.fail || n < 0 || n > len(c.b) {
		c.fail = true
		return nil
	}
	field := c.b[:n:n]
	c.b = c.b[n:]
	return field
}

// fill reads dst.
func (c *cursor) fill(dst []byte) { copy(dst, c.take(len(dst))) }

func (c *cursor) row() (r [32]byte) {
	c.fill(r[:])
	return r
}

func (c *cursor) half() (h [16]byte) {
	c.fill(h[:])
	return h
}

func (c *cursor) u8() uint8 {
	var b [1]byte
	c.fill(b[:])
	return b[0]
}

func (c *cursor) u16() uint16 {
	var b [2]byte
	c.fill(b[:])
	return binary.BigEndian.Uint16(b[:])
}

func (c *cursor) u32() uint32 {
	var b [4]byte
	c.fill(b[:])
	return binary.BigEndian.Uint32(b[:])
}

func (c *cursor) u64() uint64 {
	var b [8]byte
	c.fill(b[:])
	return binary.BigEndian.Uint64(b[:])
}

// num reads a number that is never negative: a time or a length.
func (c *cursor) num() int64 {
	n := int64(c.u64())
	c.must(n >= 0)
	return n
}

// string8 reads a string behind its length.
func (c *cursor) string8() string { return string(c.take(int(c.u8()))) }

// must fails unless ok.
func (c *cursor) must(ok bool) { c.fail = c.fail || !ok }

// end returns an error unless every field was there and nothing follows them.
func (c *cursor) end(what string) error {
	if c.fail || len(c.b) != 0 {
		return fmt.Errorf("%w %s", ErrMalformed, what)
	}
	return nil
}

// begin returns a cursor behind the version and the suite that b begins with.
func begin(b []byte, what string) (*cursor, error) {
	if len(b) < 2 {
		return nil, fmt.Errorf("%w %s", ErrMalformed, what)
	}
	if b[0] != version || b[1] != Suite {
		return nil, fmt.Errorf("%w (%s of version %d, suite %d)", ErrVersion, what, b[0], b[1])
	}
	return &cursor{b: b[2:]}, nil
}

// A builder appends fields; it is the inverse of a cursor.
type builder []byte

// preamble is what begin expects.
func preamble() builder { return builder{version, Suite} }

func (b *builder) add(fields ...[]byte) {
	for _, f := range fields {
		*b = append(*b, f...)
	}
}

func (b *builder) u8(n uint8)   { *b = append(*b, n) }
func (b *builder) u16(n uint16) { *b = binary.BigEndian.AppendUint16(*b, n) }
func (b *builder) u32(n uint32) { *b = binary.BigEndian.AppendUint32(*b, n) }
func (b *builder) u64(n uint64) { *b = binary.BigEndian.AppendUint64(*b, n) }
func (b *builder) num(n int64)  { b.u64(uint64(n)) }

func (b *builder) string8(s string) {
	b.u8(uint8(len(s)))
	*b = append(*b, s...)
}
