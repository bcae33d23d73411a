package media

import (
	"bytes"
)

// A Format is a file format that this package strips. The zero Format is none.
type Format uint8

// The formats.
const (
	JPEG Format = iota + 1
	PNG         // with APNG
	GIF
	WebP
	HEIC // and HEIF, still or moving
	AVIF
	MP4
	QuickTime
	ThreeGP
	M4A
)

var formats = [...]struct{ name, mediaType, ext, stem string }{
	0:         {"unknown", "application/octet-stream", "", "file"},
	JPEG:      {"JPEG", "image/jpeg", ".jpg", "photo"},
	PNG:       {"PNG", "image/png", ".png", "picture"},
	GIF:       {"GIF", "image/gif", ".gif", "picture"},
	WebP:      {"WebP", "image/webp", ".webp", "picture"},
	HEIC:      {"HEIC", "image/heic", ".heic", "photo"},
	AVIF:      {"AVIF", "image/avif", ".avif", "picture"},
	MP4:       {"MP4", "video/mp4", ".mp4", "video"},
	QuickTime: {"QuickTime", "video/quicktime", ".mov", "video"},
	ThreeGP:   {"3GP", "video/3gpp", ".3gp", "video"},
	M4A:       {"M4A", "audio/mp4", ".m4a", "audio"},
}

// known returns f, or zero if there is no such format.
func (f Format) known() Format {
	if int(f) < len(formats) {
		return f
	}
	return 0
}

// String returns what people call the format: "JPEG".
func (f Format) String() string { return formats[f.known()].name }

// MediaType returns the media type of the format: "image/jpeg".
func (f Format) MediaType() string { return formats[f.known()].mediaType }

// Ext returns the usual ending of a file name, with its dot: ".jpg".
func (f Format) Ext() string { return formats[f.known()].ext }

// SniffLen is the number of leading bytes that [Detect] can make use of.
const SniffLen = 512

// Detect returns the format of a file that begins with head, or zero. It goes by content
// only; names lie.
func Detect(head []byte) Format {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return JPEG
	case bytes.HasPrefix(head, []byte(pngSignature)):
		return PNG
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		return GIF
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return WebP
	}
	return detectBoxes(head)
}

// format returns the format of s, or an error that names it if it is not supported.
func (s *source) format() (Format, error) {
	head, err := s.at(0, int(min(s.size, SniffLen)))
	if err != nil {
		return 0, err
	}
	if f := Detect(head); f != 0 {
		return f, nil
	}
	if name := foreign(head); name != "" {
		return 0, &UnsupportedError{name}
	}
	return 0, ErrUnsupported
}

// foreign names the format of a file that this package does not strip, or returns "".
func foreign(head []byte) string {
	if len(head) == 0 {
		return "an empty file"
	}
	for _, m := range magics {
		if m.at+len(m.magic) <= len(head) && string(head[m.at:m.at+len(m.magic)]) == m.magic {
			if m.magic == "ftyp" {
				return brand(head)
			}
			return m.name
		}
	}
	return ""
}

// magics are tried in order, so the longer come before the shorter.
var magics = []struct {
	at    int
	magic string
	name  string
}{
	{4, "ftyp", "MP4"},
	{0, "\x00\x00\x00\x0cJXL ", "JPEG XL"},
	{0, "\xff\x0a", "JPEG XL"},
	{0, "\x00\x00\x00\x0cjP  ", "JPEG 2000"},
	{0, "\xff\x4f\xff\x51", "JPEG 2000"},
	{0, "%PDF-", "PDF"},
	{30, "mimetypeapplication/vnd.oasis", "OpenDocument"},
	{30, "mimetypeapplication/epub", "EPUB"},
	{30, "[Content_Types].xml", "Office document"},
	{0, "PK\x03\x04", "ZIP"},
	{0, "PK\x05\x06", "ZIP"},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office document of before 2007"},
	{8, "CR\x02", "Canon raw"},
	{0, "IIRO", "Olympus raw"},
	{0, "IIU\x00", "Panasonic raw"},
	{0, "FUJIFILMCCD-RAW", "Fujifilm raw"},
	{0, "II*\x00", "TIFF"},
	{0, "MM\x00*", "TIFF"},
	{0, "II+\x00", "TIFF"},
	{0, "MM\x00+", "TIFF"},
	{0, "BM", "BMP"},
	{0, "8BPS", "Photoshop document"},
	{0, "\x00\x00\x01\x00", "ICO"},
	{0, "\x8aMNG\r\n\x1a\n", "MNG"},
	{0, "\x8bJNG\r\n\x1a\n", "JNG"},
	{8, "WAVE", "WAV"},
	{8, "AVI ", "AVI"},
	{8, "AIFF", "AIFF"},
	{8, "AIFC", "AIFF"},
	{0, "\x1a\x45\xdf\xa3", "Matroska"},
	{0, "OggS", "Ogg"},
	{0, "fLaC", "FLAC"},
	{0, "ID3", "MP3"},
	{0, "\xff\xfb", "MP3"},
	{0, "\xff\xf3", "MP3"},
	{0, "\xff\xf1", "AAC"},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media"},
	{0, "\x1f\x8b", "gzip"},
	{0, "7z\xbc\xaf\x27\x1c", "7-Zip"},
	{0, "Rar!\x1a\x07", "RAR"},
	{257, "ustar", "TAR"},
	{0, "<svg", "SVG"},
	{0, "<?xml", "XML"},
	{0, "{\\rtf", "RTF"},
}

// brand names a file of the ISO base media family that is not supported.
func brand(head []byte) string {
	if len(head) < 12 {
		return "MP4"
	}
	switch string(head[8:12]) {
	case "crx ":
		return "Canon raw"
	case "M4P ":
		return "protected M4A"
	}
	return "MP4"
}
