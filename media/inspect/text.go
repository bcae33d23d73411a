//go:build !js

package inspect

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/seed-7b314ca8/mayfly/media"
)

// comment reads a comment of a JPEG or GIF, a text chunk of a PNG, or a text of a movie.
func (r *reader) comment(b media.Block) {
	switch b.Name {
	case "tEXt", "zTXt", "iTXt":
		keyword, text := r.textChunk(b)
		kind := nameKind(keyword)
		if kind == Unknown {
			kind = Text
		}
		r.add("PNG", readable(keyword), text, kind)
	case "comment extension", "plain text extension":
		r.add("Comment", "Comment", decode(joinSubBlocks(r.body(b))), Text)
	default:
		if !r.boxComment(b) {
			r.add("Comment", "Comment", decode(r.body(b)), Text)
		}
	}
}

// timestamp reads the tIME chunk of a PNG, or a header of a movie.
func (r *reader) timestamp(b media.Block) {
	if strings.HasSuffix(b.Name, "hd") {
		r.boxTimes(b)
		return
	}
	if d := r.body(b); len(d) == 7 {
		when := fmt.Sprintf("%04d-%02d-%02d %02d:%02d:%02d", binary.BigEndian.Uint16(d), d[2], d[3], d[4], d[5], d[6])
		r.add("PNG", "Last change", when, Time)
	}
}

// textChunk returns keyword and text of a tEXt, zTXt or iTXt chunk (PNG third edition
// section 11.3.3).
func (r *reader) textChunk(b media.Block) (keyword, text string) {
	k, rest, ok := bytes.Cut(r.body(b), []byte{0})
	if !ok {
		return "", decode(k)
	}
	keyword = decode(k)
	switch {
	case b.Name == "zTXt" && len(rest) > 1:
		return keyword, decode(r.inflate(rest[1:]))
	case b.Name == "iTXt" && len(rest) > 2:
		compressed := rest[0] == 1
		_, rest, _ = bytes.Cut(rest[2:], []byte{0}) // language
		_, rest, _ = bytes.Cut(rest, []byte{0})     // translated keyword
		if compressed {
			rest = r.inflate(rest)
		}
		return keyword, string(rest)
	}
	return keyword, decode(rest)
}

// inflate returns as much of a zlib stream as is whole, and at most maxBlock bytes.
func (r *reader) inflate(b []byte) []byte {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	data, _ := io.ReadAll(io.LimitReader(z, min(maxBlock, r.left)))
	r.left -= int64(len(data))
	return data
}

// decode returns text that is UTF-8, or else taken for Latin-1.
func decode(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

// fromUTF16 returns text of two bytes a character.
func fromUTF16(b []byte, order binary.ByteOrder) string {
	var u []uint16
	for ; len(b) > 1; b = b[2:] {
		u = append(u, order.Uint16(b))
	}
	return string(utf16.Decode(u))
}

// rawProfile returns the bytes that ImageMagick writes in hexadecimal: a name, a length and
// the digits, each on lines of their own.
func rawProfile(text string) []byte {
	fields := strings.Fields(text)
	if len(fields) < 3 {
		return nil
	}
	data, _ := hex.DecodeString(strings.Join(fields[2:], ""))
	return data
}

// joinSubBlocks returns the content of a row of GIF sub-blocks.
func joinSubBlocks(b []byte) []byte {
	var data []byte
	for len(b) > 0 && b[0] > 0 {
		n := min(1+int(b[0]), len(b))
		data = append(data, b[1:n]...)
		b = b[n:]
	}
	return data
}
