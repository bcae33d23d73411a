//go:build !js

package inspect

import (
	"fmt"
	"strings"

	exif "github.com/dsoprea/go-exif/v3"
	exifcommon "github.com/dsoprea/go-exif/v3/common"
)

// A position collects what the GPS directory says of where a picture was taken.
type position struct {
	lat, long       float64
	hasLat, hasLong bool
	south, west     bool
}

// take reports whether e is part of the position.
func (p *position) take(e *exif.IfdTagEntry) bool {
	switch e.TagName() {
	case "GPSVersionID":
	case "GPSLatitude":
		p.lat, p.hasLat = degrees(e)
	case "GPSLongitude":
		p.long, p.hasLong = degrees(e)
	case "GPSLatitudeRef":
		p.south = reference(e) == "S"
	case "GPSLongitudeRef":
		p.west = reference(e) == "W"
	default:
		return false
	}
	return true
}

// add adds the position, if there is one, as "48.8584 N 2.2945 E".
func (p *position) add(r *reader) {
	if p.hasLat && p.hasLong {
		r.add("GPS", "Position", formatPosition(p.lat, p.long, p.south, p.west), Place)
	}
}

func formatPosition(lat, long float64, south, west bool) string {
	ns, ew := "N", "E"
	if south {
		ns = "S"
	}
	if west {
		ew = "W"
	}
	return fmt.Sprintf("%.4f %s %.4f %s", lat, ns, long, ew)
}

func reference(e *exif.IfdTagEntry) string {
	s, err := e.Format()
	if err != nil {
		return ""
	}
	return strings.ToUpper(strings.TrimSpace(s))
}

// degrees returns an angle that is given in degrees, minutes and seconds.
func degrees(e *exif.IfdTagEntry) (float64, bool) {
	value, err := e.Value()
	parts, ok := value.([]exifcommon.Rational)
	if err != nil || !ok || len(parts) == 0 || len(parts) > 3 {
		return 0, false
	}
	var sum float64
	unit := 1.0
	for _, part := range parts {
		if part.Denominator != 0 {
			sum += float64(part.Numerator) / float64(part.Denominator) / unit
		}
		unit *= 60
	}
	return sum, parts[0].Denominator != 0
}
