//go:build !js

package inspect

import (
	"fmt"
	"strings"
)

// highlights are what a person wants to know first, in this order. Of each the first tag
// that is there is told.
var highlights = []struct {
	label string
	names []string
}{
	{"GPS ", []string{"GPS/Position"}},
	{"place ", []string{"IPTC/City", "XMP/photoshop:City", "XMP/Iptc4xmpCore:Location", "IPTC/Sublocation", "IPTC/Country", "XMP/photoshop:Country", "Movie/Place"}},
	{"camera serial ", []string{"Exif/BodySerialNumber", "Exif/SerialNumber", "IFD0/CameraSerialNumber", "XMP/aux:SerialNumber", "XMP/exifEX:BodySerialNumber"}},
	{"taken ", []string{"Exif/DateTimeOriginal", "Exif/DateTimeDigitized", "IFD0/DateTime", "XMP/exif:DateTimeOriginal", "XMP/xmp:CreateDate", "XMP/photoshop:DateCreated", "IPTC/Date", "PNG/Creation Time", "Movie/Creationdate", "Movie/Date", "Movie/Created"}},
	{"by ", []string{"IFD0/Artist", "Exif/CameraOwnerName", "XMP/dc:creator", "IPTC/Byline", "PNG/Author", "IFD0/Copyright", "IPTC/Copyright", "XMP/dc:rights", "Movie/Artist", "Movie/Author"}},
	{"camera ", []string{"IFD0/Model", "IFD0/Make", "XMP/tiff:Model", "XMP/tiff:Make", "Movie/Model", "Movie/Make"}},
	{"software ", []string{"IFD0/Software", "XMP/xmp:CreatorTool", "PNG/Software", "Movie/Software", "Movie/Encoder"}},
	{"caption ", []string{"IPTC/Caption", "IFD0/ImageDescription", "XMP/dc:description", "PNG/Description", "PNG/Title", "Movie/Title", "Movie/Description"}},
	{"comment ", []string{"Comment/Comment", "PNG/Comment", "Exif/UserComment"}},
	{"thumbnail: ", []string{"IFD1/Thumbnail", "Photoshop/Thumbnail", "APP0/Thumbnail"}},
	{"video: ", []string{"Trailer/video"}},
	{"picture: ", []string{"Trailer/another picture"}},
}

// Summary returns in one line what the tags tell, the worst first: "GPS 48.8584 N 2.2945 E,
// camera serial 0123, taken 2024-05-01 10:33". It is empty if no tag is sensitive.
func Summary(tags []Tag) string {
	first := make(map[string]string)
	sensitive := 0
	for _, t := range tags {
		if !t.Sensitive {
			continue
		}
		sensitive++
		if key := t.Group + "/" + t.Name; first[key] == "" {
			first[key] = t.Value
		}
	}
	var told []string
	for _, h := range highlights {
		for _, name := range h.names {
			if v := first[name]; v != "" {
				told = append(told, h.label+brief(h.label, v))
				break
			}
		}
	}
	switch more := sensitive - len(told); {
	case len(told) == 0 && sensitive > 0:
		return fmt.Sprintf("%d things, such as %s: %s", sensitive, firstSensitive(tags).Name, brief("", firstSensitive(tags).Value))
	case more > 0:
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(told, ", ")
}

func firstSensitive(tags []Tag) Tag {
	for _, t := range tags {
		if t.Sensitive {
			return t
		}
	}
	return Tag{}
}

// brief shortens a value for one line among others; times lose their seconds, and Exif's
// colons in dates.
func brief(label, v string) string {
	if label == "taken " && len(v) >= 16 && v[4] == ':' && v[7] == ':' {
		return v[:4] + "-" + v[5:7] + "-" + v[8:16]
	}
	if r := []rune(v); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return v
}
