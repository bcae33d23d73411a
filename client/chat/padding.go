package chat

import (
	"encoding/binary"
	"fmt"
)

// lengthSize is the length of the length that precedes what is padded.
const lengthSize = 4

// pad returns n bytes: the length of b, b, and zeros. B must fit.
func pad(b []byte, n int) []byte {
	padded := make([]byte, n)
	binary.BigEndian.PutUint32(padded, uint32(len(b)))
	if copy(padded[lengthSize:], b) < len(b) {
		panic("chat: padding cut something off") // cannot happen: callers choose n by the length of b
	}
	return padded
}

// unpad is the inverse of pad. Padding that is not zero would be another encoding of the same, and a place to hide
// things in.
func unpad(padded []byte, what string) ([]byte, error) {
	c := cursor{b: padded}
	n := c.u32()
	c.must(uint64(n) <= uint64(len(c.b)))
	if c.fail {
		return nil, fmt.Errorf("%w %s: its length", ErrMalformed, what)
	}
	b := c.take(int(n))
	for _, zero := range c.b {
		c.must(zero == 0)
	}
	if c.fail {
		return nil, fmt.Errorf("%w %s: its padding", ErrMalformed, what)
	}
	return b, nil
}
