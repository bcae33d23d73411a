package cli

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"math"
)

// makePhoto returns a photo that tells what photos tell: where and when it was taken, and with which camera.
func makePhoto() ([]byte, error) {
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, sunset(640, 420), &jpeg.Options{Quality: 85}); err != nil {
		return nil, err
	}
	const soi = 2 // the marker that a JPEG begins with
	exif := append([]byte("Exif\x00\x00"), photoExif()...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(2+len(exif)))
	b := append([]byte(nil), picture.Bytes()[:soi]...)
	b = append(append(b, segment...), exif...)
	return append(b, picture.Bytes()[soi:]...), nil
}

// sunset paints a sun over the sea.
func sunset(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, sunsetColor(float64(x)/float64(w), float64(y)/float64(h)))
		}
	}
	return m
}

// sunsetColor returns the colour at x and y, both from 0 to 1.
func sunsetColor(x, y float64) color.Color {
	const horizon = 0.62
	glow := math.Exp(-12 * ((x-0.5)*(x-0.5) + (y-horizon)*(y-horizon)))
	light := y / horizon
	switch d := math.Hypot((x-0.5)*1.5, y-horizon+0.08); {
	case y > horizon: // waves, brighter below the sun
		wave := 0.5 + 0.5*math.Sin(90*(y-horizon)*(2-y)+9*math.Sin(14*x+40*y))
		light = 0.25 + 0.2*wave + 0.4*glow*wave
		return rgb(0.5*light+0.5*glow*wave, 0.4*light+0.25*glow*wave, 0.6*light)
	case d < 0.11:
		return rgb(1, 0.93, 0.7)
	}
	return rgb(0.25+0.65*light*light+0.2*glow, 0.25+0.3*light+0.15*glow, 0.55-0.2*light)
}

func rgb(r, g, b float64) color.Color {
	byteOf := func(v float64) uint8 { return uint8(255 * min(1, max(0, v))) }
	return color.RGBA{byteOf(r), byteOf(g), byteOf(b), 255}
}

// An exifField is an entry of a directory of Exif, which is a TIFF file in small (TIFF 6.0, section 2).
type exifField struct {
	tag, kind uint16
	count     uint32
	value     []byte // big-endian
}

// Kinds of fields.
const (
	kindByte, kindASCII, kindLong, kindRational = 1, 2, 4, 5
)

func asciiField(tag uint16, s string) exifField {
	return exifField{tag, kindASCII, uint32(len(s) + 1), append([]byte(s), 0)}
}

func longField(tag uint16, n int) exifField {
	return exifField{tag, kindLong, 1, binary.BigEndian.AppendUint32(nil, uint32(n))}
}

// degreesField is degrees, minutes and seconds, each a fraction.
func degreesField(tag uint16, v float64) exifField {
	minutes := (v - math.Floor(v)) * 60
	seconds := (minutes - math.Floor(minutes)) * 60
	var b []byte
	for _, n := range []float64{math.Floor(v) * 100, math.Floor(minutes) * 100, math.Round(seconds * 100)} {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
		b = binary.BigEndian.AppendUint32(b, 100)
	}
	return exifField{tag, kindRational, 3, b}
}

// photoExif returns the Exif of a photo from the foot of a well-known tower.
func photoExif() []byte {
	camera := []exifField{asciiField(0x010f, "Ephemera"), asciiField(0x0110, "Dragonfly 4"), asciiField(0x0132, "2024:05:01 10:33:07")}
	shot := []exifField{asciiField(0x9003, "2024:05:01 10:33:07"), asciiField(0xa430, "Alice Example"), asciiField(0xa431, "EPH-00421337")}
	place := []exifField{
		{0x0000, kindByte, 4, []byte{2, 3, 0, 0}},
		asciiField(0x0001, "N"), degreesField(0x0002, 48.8584),
		asciiField(0x0003, "E"), degreesField(0x0004, 2.2945),
	}
	const pointers = 2 * 12 // the two fields that camera gets below
	const first = 8
	second := first + directorySize(camera) + pointers
	third := second + directorySize(shot)
	camera = append(camera, longField(0x8769, second), longField(0x8825, third))
	b := []byte{'M', 'M', 0, 42, 0, 0, 0, first}
	for _, fields := range [][]exifField{camera, shot, place} {
		b = appendDirectory(b, fields)
	}
	return b
}

// directorySize returns how many bytes appendDirectory appends.
func directorySize(fields []exifField) int { return len(appendDirectory(nil, fields)) }

// appendDirectory appends a directory, and behind it the values that do not fit into their fields.
func appendDirectory(b []byte, fields []exifField) []byte {
	values := len(b) + 2 + 12*len(fields) + 4
	var behind []byte
	b = binary.BigEndian.AppendUint16(b, uint16(len(fields)))
	for _, f := range fields {
		b = binary.BigEndian.AppendUint16(b, f.tag)
		b = binary.BigEndian.AppendUint16(b, f.kind)
		b = binary.BigEndian.AppendUint32(b, f.count)
		if len(f.value) <= 4 {
			b = append(b, append(bytes.Clone(f.value), make([]byte, 4-len(f.value))...)...)
			continue
		}
		b = binary.BigEndian.AppendUint32(b, uint32(values+len(behind)))
		behind = append(behind, f.value...)
		behind = append(behind, make([]byte, len(behind)%2)...)
	}
	b = append(b, 0, 0, 0, 0) // no further directory
	return append(b, behind...)
}
