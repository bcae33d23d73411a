//go:build !js

package inspect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	exif "github.com/dsoprea/go-exif/v3"
	exifcommon "github.com/dsoprea/go-exif/v3/common"
	exifundefined "github.com/dsoprea/go-exif/v3/undefined"

	"github.com/seed-7b314ca8/mayfly/media"
)

// exifBlock reads an Exif block, or a PNG text chunk with one in hexadecimal.
func (r *reader) exifBlock(b media.Block) {
	data := r.body(b)
	if b.Name == "tEXt" || b.Name == "zTXt" || b.Name == "iTXt" {
		_, text := r.textChunk(b)
		data = bytes.TrimPrefix(rawProfile(text), []byte("Exif\x00\x00"))
	}
	if !r.readExif(data) {
		r.add("Exif", "Exif", fmt.Sprintf("camera data that cannot be read, %d bytes", b.Size), Unknown)
	}
}

// readExif reports whether there was anything to read. It looks at the first directories
// with go-exif and contains what may come of it: it panics, and allocates what a length
// field says.
func (r *reader) readExif(data []byte) (read bool) {
	if r.exifs++; r.exifs > maxExif {
		return false
	}
	v := &exifVisitor{reader: r, size: uint64(len(data)), left: maxExifTags}
	defer func() {
		_ = recover() // what was read so far stands
		v.gps.add(r)
		read = v.left < maxExifTags
	}()
	header, err := exif.ParseExifHeader(data)
	if err != nil {
		return false
	}
	mapping, err := exifcommon.NewIfdMappingWithStandard()
	if err != nil {
		return false
	}
	meter := &metered{data: data, left: maxExifReads}
	e := exif.NewIfdEnumerate(mapping, exif.NewTagIndex(), meter, header.ByteOrder)
	// An error means damage further on. Damage is common and what came before is true.
	_, _ = e.Scan(exifcommon.IfdStandardIfdIdentity, header.FirstIfdOffset, v.visit, nil)
	return true
}

// Bounds on the steps of go-exif, which follows directories as often as they are named.
const (
	maxExifTags  = 2000
	maxExifReads = 200_000
)

var errTooMuch = errors.New("inspect: too much Exif")

// metered gives go-exif the block, and no more than so many reads of it.
type metered struct {
	data []byte
	left int
}

func (m *metered) GetReadSeeker(off int64) (io.ReadSeeker, error) {
	if off < 0 || off > int64(len(m.data)) {
		return nil, io.ErrUnexpectedEOF
	}
	return &meteredReader{bytes.NewReader(m.data[off:]), m}, nil
}

type meteredReader struct {
	*bytes.Reader
	m *metered
}

func (r *meteredReader) Read(p []byte) (int, error) {
	if r.m.left--; r.m.left < 0 {
		return 0, errTooMuch
	}
	return r.Reader.Read(p)
}

// An exifVisitor turns Exif entries into tags.
type exifVisitor struct {
	*reader
	size uint64 // of the block
	left int    // how many more entries are read
	gps  position
}

func (v *exifVisitor) visit(e *exif.IfdTagEntry) error {
	if v.left--; v.left < 0 {
		return errTooMuch
	}
	if uint64(e.UnitCount())*unitSize(e.TagType()) > v.size {
		return errTooMuch // go-exif would allocate it
	}
	if e.ChildIfdPath() != "" {
		return nil
	}
	group, name := exifGroup(e.IfdIdentity().String()), e.TagName()
	if e.IsThumbnailSize() {
		return v.thumbnail(e)
	}
	if name == "MakerNote" {
		v.add(group, name, fmt.Sprintf("the maker's own data, %d bytes", e.UnitCount()), Device)
		return nil
	}
	if group == "GPS" && v.gps.take(e) {
		return nil
	}
	v.add(group, name, exifValue(e), exifKind(group, name))
	return nil
}

// exifValue returns the value of an entry for reading.
func exifValue(e *exif.IfdTagEntry) string {
	value, err := e.Value()
	if err != nil {
		return fmt.Sprintf("%d bytes", e.UnitCount())
	}
	switch value := value.(type) {
	case exifundefined.Tag9286UserComment:
		return decode(bytes.Trim(value.EncodingBytes, "\x00 "))
	case []byte:
		if strings.HasPrefix(e.TagName(), "XP") {
			return fromUTF16(value, binary.LittleEndian) // as Windows writes it
		}
	}
	s, err := e.Format()
	if err != nil {
		return fmt.Sprintf("%d bytes", e.UnitCount())
	}
	return strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
}

// unitSize returns the length of a value of type t, in bytes.
func unitSize(t exifcommon.TagTypePrimitive) uint64 {
	if t == exifcommon.TypeUndefined {
		return 1 // of which go-exif will not say it
	}
	return uint64(t.Size())
}

// thumbnail refuses a length that go-exif would allocate.
func (v *exifVisitor) thumbnail(e *exif.IfdTagEntry) error {
	value, err := e.Value()
	if err != nil {
		return err
	}
	n, ok := value.([]uint32)
	if !ok || len(n) != 1 || uint64(n[0]) > v.size {
		return errTooMuch
	}
	v.add("IFD1", "Thumbnail", fmt.Sprintf("a small copy of the picture, %d bytes", n[0]), Picture)
	return nil
}

// exifGroup names a directory of Exif by its path in go-exif.
func exifGroup(path string) string {
	switch {
	case strings.HasPrefix(path, "IFD1"):
		return "IFD1"
	case strings.HasSuffix(path, "GPSInfo"):
		return "GPS"
	case strings.HasSuffix(path, "Iop"):
		return "Interop"
	case strings.HasSuffix(path, "Exif"):
		return "Exif"
	}
	return "IFD0"
}

// exifKind says what an entry of one of Exif's directories is about.
func exifKind(group, name string) Kind {
	switch kind := nameKind(name); {
	case kind == Look, kind == Settings:
		return kind
	case group == "GPS" && strings.Contains(name, "Time"), group == "GPS" && strings.Contains(name, "Date"):
		return Time
	case group == "GPS":
		return Place
	default:
		return kind
	}
}
