package media

import "errors"

var errNegative = errors.New("media: negative offset")

// A Removed is a range of the original that the stripped file lacks, or has in a reduced
// form.
type Removed struct {
	Kind   Kind
	Offset int64  // in the original, in bytes
	Size   int64  // in bytes
	Name   string // as the format calls it: "APP1", "tEXt"
}

// A Block is a part of a file that carries metadata, or could.
type Block struct {
	Kind           Kind
	Name           string // as the format calls it: "APP1", "tEXt"
	Offset, Size   int64  // the whole of it, with its header, in bytes
	Body, BodySize int64  // offset and size of what stands behind header and identifier
	Removed        bool   // the stripped file lacks it, or has it in a reduced form
}

// A Kind says what a block is about.
type Kind uint8

// The kinds of blocks.
const (
	Unknown   Kind = iota
	Exif           // what the camera wrote: place, time, serial number, thumbnail
	XMP            // what programs wrote
	IPTC           // what an editor or agency wrote, with the rest of Photoshop's block
	Profile        // a colour profile
	Comment        // text
	Thumbnail      // a small copy of the picture, possibly of an earlier state
	Timestamp      // when it was changed last
	Maker          // what one maker's camera or program wrote
	Origin         // signed statements on its origin (C2PA)
	Picture        // further pictures, or an index of them
	Telemetry      // a track beside picture and sound: places, sensors, texts, times
	Trailer        // bytes after the end of the picture
	Structure      // header fields and filling that a decoder does not need
)

var kinds = [...]string{
	Unknown:   "unknown data",
	Exif:      "camera data (Exif)",
	XMP:       "editing data (XMP)",
	IPTC:      "caption data (IPTC)",
	Profile:   "details of the colour profile",
	Comment:   "text",
	Thumbnail: "thumbnail",
	Timestamp: "time of the last change",
	Maker:     "data of the camera or program",
	Origin:    "statement of origin (C2PA)",
	Picture:   "further pictures",
	Telemetry: "track of data or text",
	Trailer:   "data after the end of the picture",
	Structure: "unused bytes",
}

// String returns the kind in words a person understands.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return kinds[Unknown]
}
