package media

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// A shape clears what a player does not need of the body of a box. Of the n bytes of the
// body, b holds the first, as many as were asked for. It returns how many bytes the rules
// give the box, or notNeeded, or a reason why the file cannot be vouched for.
type shape func(b []byte, n int64) (keep int64, reason string)

const (
	cutOffBox = "a box that is cut off"
	notNeeded = -1 // the box itself can go
)

// A rule says how a box is treated at its place: either it holds others, or it has a shape.
type rule struct {
	kids  map[string]rule // of the boxes in it
	first int64           // where in the body they begin
	shape shape
	whole bool // the shape must see all of the body
	many  bool // there may be several side by side
	kind  Kind // of what the shape clears
}

// fixed is the shape of a box of n bytes, of which the ranges in zero (from, to) are cleared.
func fixed(n int64, zero ...[2]int) shape {
	return func(b []byte, size int64) (int64, string) {
		if size < n {
			return 0, cutOffBox
		}
		for _, z := range zero {
			clear(b[z[0]:z[1]])
		}
		return n, ""
	}
}

// table is the shape of a table whose count stands in the four bytes at count, with entries
// of size bytes behind it, one more size for every higher version.
func table(count int, size ...int64) shape {
	return func(b []byte, n int64) (int64, string) {
		if int64(count)+4 > n {
			return 0, cutOffBox
		}
		if int(b[0]) >= len(size) {
			return 0, "a table of an unknown version"
		}
		clear(b[1:4])
		keep := int64(count) + 4 + size[b[0]]*int64(binary.BigEndian.Uint32(b[count:]))
		if keep > n {
			return 0, "a table that is cut off"
		}
		return keep, ""
	}
}

// keepAll is the shape of a box that is needed as it is.
func keepAll(_ []byte, n int64) (int64, string) { return n, "" }

// Shapes of the headers of the movie, a track and its media (ISO/IEC 14496-12 sections
// 8.2.2, 8.3.2 and 8.4.2), in which times are those of creation and change.
func mvhdShape(b []byte, n int64) (int64, string) {
	keep, reason := timed(b, n, 100, 112)
	if reason == "" {
		end := b[keep-100 : keep]
		b[3] = 0
		clear(end[26:36])
		clear(end[72:96]) // where a preview began, and what was selected
	}
	return keep, reason
}

func tkhdShape(b []byte, n int64) (int64, string) {
	keep, reason := timed(b, n, 84, 96)
	if reason == "" {
		end := b[keep-84 : keep]
		clear(end[24:32])
		clear(end[38:40])
	}
	return keep, reason
}

func mdhdShape(b []byte, n int64) (int64, string) {
	keep, reason := timed(b, n, 24, 36)
	if reason == "" {
		b[3] = 0
		clear(b[keep-2 : keep])
	}
	return keep, reason
}

// timed clears the two times of a header of short or long bytes.
func timed(b []byte, n, short, long int64) (int64, string) {
	if n < 4 || b[0] > 1 {
		return 0, "a header of an unknown version"
	}
	keep, times := short, 12
	if b[0] == 1 {
		keep, times = long, 20
	}
	if n < keep {
		return 0, cutOffBox
	}
	clear(b[1:3])
	clear(b[4:times])
	return keep, ""
}

// hdlrShape leaves of a handler only what it handles; makers, flags and name are cleared.
func hdlrShape(b []byte, n int64) (int64, string) {
	if n < 20 {
		return 0, cutOffBox
	}
	clear(b[:4])
	if t := string(b[4:8]); t != "mhlr" && t != "dhlr" {
		clear(b[4:8])
	}
	clear(b[12:20])
	return 20, ""
}

// drefShape makes sure that all the media are in the file itself.
func drefShape(b []byte, n int64) (int64, string) {
	if n < 8 {
		return 0, cutOffBox
	}
	clear(b[:4])
	count, at := binary.BigEndian.Uint32(b[4:]), 8
	for range count {
		if len(b)-at < 12 {
			return 0, cutOffBox
		}
		size, typ := int64(binary.BigEndian.Uint32(b[at:])), string(b[at+4:at+8])
		if size < 12 || size > int64(len(b)-at) {
			return 0, cutOffBox
		}
		if b[at+11]&1 == 0 || typ != "url " && typ != "urn " && typ != "alis" {
			return 0, "the media are in another file"
		}
		copy(b[at+4:], "url \x00\x00\x00\x01") // the file itself, said in the same way always
		clear(b[at+12 : at+int(size)])         // a path
		at += int(size)
	}
	return int64(at), ""
}

// colrShape checks how colours are meant, and reduces a profile to its arithmetic.
func colrShape(b []byte, n int64) (int64, string) {
	if n < 4 {
		return 0, cutOffBox
	}
	switch string(b[:4]) {
	case "nclx":
		if n < 11 {
			return 0, cutOffBox
		}
		b[10] &= 0x80
		return 11, ""
	case "nclc":
		if n < 10 {
			return 0, cutOffBox
		}
		return 10, ""
	case "prof", "rICC":
		return profileShape(b, n)
	}
	return notNeeded, ""
}

// profileShape reduces a profile in its place.
func profileShape(b []byte, n int64) (int64, string) {
	if reduceHeader(b[4:]) != nil {
		size := min(n-4, int64(binary.BigEndian.Uint32(b[4:])))
		if checkProfile(b[4 : 4+size]) {
			return 4 + size, ""
		}
	}
	p := reduceProfile(b[4:])
	if p == nil || len(p) > len(b)-4 {
		return 0, "a colour profile that cannot be reduced in its place"
	}
	clear(b[4:])
	copy(b[4:], p)
	return int64(4 + len(p)), ""
}

// elngShape keeps a language by its tag (BCP 47).
func elngShape(b []byte, n int64) (int64, string) {
	if n < 5 {
		return 0, cutOffBox
	}
	tag, _, _ := bytes.Cut(b[4:], []byte{0})
	if len(tag) > 16 || bytes.ContainsFunc(tag, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return notNeeded, ""
	}
	return 4 + int64(len(tag)), ""
}

// stszShape is that of sample sizes, which may be one for all.
func stszShape(b []byte, n int64) (int64, string) {
	if n < 12 || b[0] != 0 {
		return 0, cutOffBox
	}
	if clear(b[1:4]); be(b[4:], 4) != 0 {
		return 12, ""
	}
	return table(8, 4)(b, n)
}

// stz2Shape is that of small sample sizes.
func stz2Shape(b []byte, n int64) (int64, string) {
	if n < 12 || b[0] != 0 || !slices.Contains([]byte{4, 8, 16}, b[7]) {
		return 0, cutOffBox
	}
	clear(b[1:7])
	keep := 12 + (be(b[8:], 4)*int64(b[7])+7)/8
	if keep > n {
		return 0, "a table that is cut off"
	}
	return keep, ""
}

// groupings are the kinds of groups of samples that a player may need.
var groupings = []string{"roll", "prol", "rap ", "tele", "sync", "tscl", "tsas", "stsa", "nalm", "oinf", "linf", "trif", "scif", "mvif", "refs"}

// sgpdShape keeps groups of samples, and sbgpShape which sample is in which.
func sgpdShape(b []byte, n int64) (int64, string) {
	if n < 8 || b[0] > 2 {
		return 0, cutOffBox
	}
	clear(b[1:4])
	if !slices.Contains(groupings, string(b[4:8])) {
		return notNeeded, ""
	}
	return n, ""
}

func sbgpShape(b []byte, n int64) (int64, string) {
	if n < 12 || b[0] > 1 {
		return 0, cutOffBox
	}
	clear(b[1:4])
	if !slices.Contains(groupings, string(b[4:8])) {
		return notNeeded, ""
	}
	at := 8 + 4*int(b[0])
	if n < int64(at)+4 {
		return 0, cutOffBox
	}
	keep := int64(at) + 4 + 8*be(b[at:], 4)
	if keep > n {
		return 0, "a table that is cut off"
	}
	return keep, ""
}

// tfraShape is that of the index of fragments.
func tfraShape(b []byte, n int64) (int64, string) {
	if n < 16 || b[0] > 1 {
		return 0, cutOffBox
	}
	clear(b[1:4])
	clear(b[8:11])
	l := int64(b[11])
	entry := 8 + 8*int64(b[0]) + 3 + l>>4&3 + l>>2&3 + l&3
	b[11] &= 0x3f
	keep := 16 + entry*be(b[12:], 4)
	if keep > n {
		return 0, "a table that is cut off"
	}
	return keep, ""
}

// sidxShape is that of the index of segments.
func sidxShape(b []byte, n int64) (int64, string) {
	if n < 24 || b[0] > 1 {
		return 0, cutOffBox
	}
	clear(b[1:4])
	at := 20 + 8*int(b[0])
	if n < int64(at)+4 {
		return 0, cutOffBox
	}
	clear(b[at : at+2])
	keep := int64(at) + 4 + 12*be(b[at+2:], 2)
	if keep > n {
		return 0, "a table that is cut off"
	}
	return keep, ""
}

// byVersion picks a fixed length by the first byte.
func byVersion(sizes ...int64) shape {
	return func(b []byte, n int64) (int64, string) {
		if n < 4 || int(b[0]) >= len(sizes) || n < sizes[b[0]] {
			return 0, cutOffBox
		}
		clear(b[1:4])
		return sizes[b[0]], ""
	}
}
