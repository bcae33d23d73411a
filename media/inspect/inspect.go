//go:build !js

// Package inspect tells what a picture, video or sound would tell its recipient: place, time, camera,
// people, texts, earlier versions. It is for showing to a person, and for tests; nothing is
// removed because of what it finds, since [media.Strip] goes by what a picture needs and not
// by what looks dangerous.
//
// It reads the blocks that [media.Blocks] finds and holds no more than a few MiB of them at a
// time. Values are shortened for reading.
package inspect

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-7b314ca8/mayfly/media"
)

// A Tag is one thing that a file tells.
type Tag struct {
	Group     string `json:"group"` // where it stands: "GPS", "XMP", "Comment"
	Name      string `json:"name"`  // as its standard calls it: "DateTimeOriginal"
	Value     string `json:"value"` // for reading, at most 200 characters
	Kind      Kind   `json:"kind"`
	Sensitive bool   `json:"sensitive"` // it tells of a person, place, time or device
}

// A Kind says what a tag is about.
type Kind string

// The kinds.
const (
	Place    Kind = "place"
	Time     Kind = "time"
	Person   Kind = "person"
	Serial   Kind = "serial" // numbers that are one device's or one file's alone
	Device   Kind = "device"
	Software Kind = "software"
	Text     Kind = "text"
	Picture  Kind = "picture" // thumbnails, further pictures, videos
	Unknown  Kind = "unknown"
	Settings Kind = "settings" // exposure and the like
	Look     Kind = "look"     // what a viewer needs: orientation, colours
)

// sensitive reports whether a person should know before a tag of this kind is sent.
func (k Kind) sensitive() bool { return k != Settings && k != Look }

// Bounds on what Read holds and returns.
const (
	maxTags  = 4096
	maxBlock = 4 << 20  // bytes of one kind of block
	maxTotal = 64 << 20 // bytes of all blocks, after decompression
	maxExif  = 16       // Exif blocks
	maxValue = 200      // characters
)

// Read returns what src, which is size bytes long, tells. With an error come the tags that
// were read before the trouble. The error matches [media.ErrUnsupported], or is a
// [*media.FormatError], or wraps one of src's own.
func Read(src io.ReaderAt, size int64) ([]Tag, error) {
	blocks, err := media.Blocks(src, size)
	r := &reader{src: src, left: maxTotal}
	for _, b := range blocks {
		r.block(b)
	}
	r.joined()
	return r.tags, err
}

// A reader collects the tags of one file.
type reader struct {
	src   io.ReaderAt
	tags  []Tag
	left  int64 // of maxTotal
	exifs int   // Exif blocks that were read

	// What stands in several blocks and makes sense only in one piece.
	profile, extendedXMP, resources []byte
}

// add appends a tag.
func (r *reader) add(group, name, value string, kind Kind) {
	r.addTag(Tag{group, name, value, kind, kind.sensitive()})
}

func (r *reader) addTag(t Tag) {
	t.Value = readable(t.Value)
	if t.Value != "" && len(r.tags) < maxTags {
		r.tags = append(r.tags, t)
	}
}

// readable makes one short line of s.
func readable(s string) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case c == utf8.RuneError || !unicode.IsPrint(c):
			return -1
		}
		return c
	}, s[:min(len(s), 8*maxValue)])
	s = strings.Join(strings.Fields(s), " ")
	for i := range s {
		if utf8.RuneCountInString(s[:i]) == maxValue {
			return s[:i] + "…"
		}
	}
	return s
}

// body returns the content of b, cut off at maxBlock bytes.
func (r *reader) body(b media.Block) []byte {
	data := make([]byte, min(b.BodySize, maxBlock, r.left))
	r.left -= int64(len(data))
	n, _ := r.src.ReadAt(data, b.Body) // what can be read is shown
	return data[:n]
}

// block reads one block.
func (r *reader) block(b media.Block) {
	switch b.Kind {
	case media.Exif:
		r.exifBlock(b)
	case media.XMP:
		r.xmpBlock(b)
	case media.IPTC:
		r.iptcBlock(b)
	case media.Profile:
		r.profileBlock(b)
	case media.Comment:
		r.comment(b)
	case media.Timestamp:
		r.timestamp(b)
	case media.Thumbnail:
		r.amount(b, "Thumbnail", Picture)
	case media.Picture:
		r.amount(b, "Pictures", Picture)
	case media.Origin:
		r.amount(b, "C2PA", Person)
	case media.Trailer:
		r.trailer(b)
	case media.Telemetry:
		r.telemetry(b)
	case media.Structure: // a decoder's business
	default:
		r.amount(b, b.Name, Unknown)
	}
}

// amount tells how much of something there is.
func (r *reader) amount(b media.Block, name string, kind Kind) {
	if b.Removed {
		r.add(b.Name, name, fmt.Sprintf("%v, %d bytes", b.Kind, b.Size), kind)
	}
}

// trailer tells what is behind the end of a picture.
func (r *reader) trailer(b media.Block) {
	kind := Unknown
	if b.Name == "video" || b.Name == "another picture" {
		kind = Picture
	}
	r.add("Trailer", b.Name, fmt.Sprintf("%d bytes behind the end of the picture", b.Size), kind)
}

// joined reads what was collected from several blocks.
func (r *reader) joined() {
	r.readProfile(r.profile)
	r.readXMP(r.extendedXMP)
	r.readResources(r.resources)
}
