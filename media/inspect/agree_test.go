//go:build !js

package inspect

import (
	"encoding/binary"
	"strconv"
	"testing"

	"github.com/seed-7b314ca8/mayfly/media/internal/sample"
)

// Strip has a reader of Exif of its own, so that a browser need not load go-exif for one
// number. Both must read the same.
func TestStripKeepsTheOrientationThatGoExifReads(t *testing.T) {
	for o := range 10 {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			tags := read(t, stripped(t, inJPEG(sample.Exif(order, o, false))))
			want := Tag{"IFD0", "Orientation", strconv.Itoa(o), Look, false}
			if got := has(tags, want); got != (o >= 2 && o <= 8) {
				t.Errorf("orientation %d, %v: got %v", o, order, tags)
			}
		}
	}
}

func TestGoExifReadsAdobeRGBThatStripWrites(t *testing.T) {
	tags := read(t, stripped(t, inJPEG(sample.Exif(binary.BigEndian, 6, true))))
	for _, want := range []Tag{
		{"IFD0", "Orientation", "6", Look, false},
		{"Exif", "ColorSpace", "65535", Look, false},
		{"Interop", "InteroperabilityIndex", "R03", Look, false},
	} {
		if !has(tags, want) {
			t.Errorf("%v is missing: %v", want, tags)
		}
	}
}
