//go:build !js

package inspect

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/media"
	"github.com/seed-7b314ca8/mayfly/media/internal/sample"
)

func read(t testing.TB, b []byte) []Tag {
	t.Helper()
	tags, err := Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return tags
}

func stripped(t testing.TB, b []byte) []byte {
	t.Helper()
	f, err := media.Strip(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatalf("Strip: %v", err)
	}
	out, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func has(tags []Tag, want Tag) bool {
	for _, t := range tags {
		if t == want {
			return true
		}
	}
	return false
}

func TestReadTellsWhatStandsInThePicture(t *testing.T) {
	for _, test := range []struct {
		name string
		file []byte
		want []Tag
	}{
		{"a JPEG", sample.JPEG(6), []Tag{
			{"GPS", "Position", "48.8584 N 2.2945 E", Place, true},
			{"IFD0", "Make", "SecretMake", Device, true},
			{"IFD0", "Model", "SecretModel", Device, true},
			{"IFD0", "Orientation", "6", Look, false},
			{"IFD0", "Artist", "SecretArtist", Person, true},
			{"Exif", "DateTimeOriginal", "2024:05:01 10:33:00", Time, true},
			{"Exif", "BodySerialNumber", "SecretSerial", Serial, true},
			{"Exif", "LensModel", "SecretModel lens", Device, true},
			{"Exif", "CameraOwnerName", "SecretArtist", Person, true},
			{"Exif", "MakerNote", "the maker's own data, 26 bytes", Device, true},
			{"XMP", "photoshop:City", "SecretText city", Place, true},
			{"XMP", "dc:creator", "SecretArtist", Person, true},
			{"XMP", "xmpMM:DocumentID", "SecretSerial", Serial, true},
			{"XMP", "xmp:CreatorTool", "SecretMake SecretModel", Software, true},
			{"XMP", "Toolkit", "SecretText toolkit", Software, true},
			{"IPTC", "Caption", "SecretText caption", Text, true},
			{"IPTC", "Byline", "SecretArtist", Person, true},
			{"IPTC", "City", "SecretText city", Place, true},
			{"IPTC", "Date", "20240501", Time, true},
			{"IPTC", "Keyword", "SecretText keyword", Text, true},
			{"Photoshop", "Thumbnail", "a small copy of the picture, 10 bytes", Picture, true},
			{"Comment", "Comment", "SecretText of a comment", Text, true},
			{"Trailer", "video", "33 bytes behind the end of the picture", Picture, true},
			{"ICC", "Description", "SecretText", Look, false},
			{"ICC", "Date", "2024-05-01", Time, false},
			{"ICC", "Device", "SecretMake", Device, true},
			{"APP3", "APP3", "data of the camera or program, 14 bytes", Unknown, true},
			{"APP2", "Pictures", "further pictures, 18 bytes", Picture, true},
			{"APP11", "C2PA", "statement of origin (C2PA), 18 bytes", Person, true},
		}},
		{"a PNG", sample.PNG(8), []Tag{
			{"GPS", "Position", "48.8584 N 2.2945 E", Place, true},
			{"PNG", "Author", "SecretArtist", Person, true},
			{"PNG", "Comment", "SecretText in a zTXt", Text, true},
			{"PNG", "Last change", "2024-05-01 10:33:00", Time, true},
			{"XMP", "photoshop:City", "SecretText city", Place, true},
			{"ICC", "Name", "SecretText", Look, false},
			{"mkBS", "mkBS", "data of the camera or program, 22 bytes", Unknown, true},
			{"Trailer", "trailer", "30 bytes behind the end of the picture", Unknown, true},
		}},
		{"a GIF", sample.GIF(), []Tag{
			{"Comment", "Comment", "SecretText", Text, true},
			{"XMP", "photoshop:City", "SecretText city", Place, true},
			{"ICC", "Device", "SecretMake", Device, true},
		}},
		{"a WebP", sample.LossyWebP(3), []Tag{
			{"GPS", "Position", "48.8584 N 2.2945 E", Place, true},
			{"XMP", "dc:creator", "SecretArtist", Person, true},
			{"C2PA", "C2PA", "statement of origin (C2PA), 18 bytes", Person, true},
		}},
		{"a HEIC", sample.HEIC(), []Tag{
			{"GPS", "Position", "48.8584 N 2.2945 E", Place, true},
			{"IFD0", "Model", "SecretModel", Device, true},
			{"Exif", "BodySerialNumber", "SecretSerial", Serial, true},
			{"XMP", "dc:creator", "SecretArtist", Person, true},
			{"hvc1", "Thumbnail", "thumbnail, 25 bytes", Picture, true},
			{"hvc1", "Pictures", "further pictures, 24 bytes", Picture, true},
			{"mpvd", "Pictures", "further pictures, 29 bytes", Picture, true},
			{"ICC", "Device", "SecretMake", Device, true},
		}},
		{"a video", sample.MP4(), []Tag{
			{"GPS", "Position", "48.8584 N 2.2945 E", Place, true},
			{"GPS", "Position", "48.0000 N 2.0000 E", Place, true},
			{"Movie", "Place", "SecretText place", Place, true},
			{"Movie", "Make", "SecretMake", Device, true},
			{"Movie", "Model", "SecretModel", Device, true},
			{"Movie", "Content identifier", "SecretSerial", Serial, true},
			{"Movie", "Artist", "SecretArtist", Person, true},
			{"Movie", "Encoder", "SecretText encoder", Software, true},
			{"Movie", "Cover", "a picture, 23 bytes", Picture, true},
			{"Movie", "Created", "2025-08-23 04:39:57", Time, true},
			{"Movie", "Handler", "SecretText handler", Software, true},
			{"Movie", "Compressor", "SecretText of code", Software, true},
			{"Movie", "Path of the media", "SecretText path", Text, true},
			{"ICC", "Device", "SecretMake", Device, true},
			{"Movie", "Vendor", "FFMP", Software, true},
			{"Movie", "Track name", "SecretText track", Text, true},
			{"Track", "meta track (gpmd)", "places, speed and sensors of a GoPro", Place, true},
			{"XMP", "dc:creator", "SecretArtist", Person, true},
		}},
	} {
		tags := read(t, test.file)
		for _, want := range test.want {
			if !has(tags, want) {
				t.Errorf("%s: %+v is missing", test.name, want)
			}
		}
		if t.Failed() {
			t.Fatalf("%s: got %+v", test.name, tags)
		}
	}
}

func TestNothingSensitiveIsLeftAfterStrip(t *testing.T) {
	for name, b := range sample.All() {
		before := read(t, b)
		if Summary(before) == "" {
			t.Errorf("%s: nothing was found before", name)
		}
		after := read(t, stripped(t, b))
		for _, tag := range after {
			if tag.Sensitive || strings.Contains(tag.Value, "Secret") {
				t.Errorf("%s: left: %+v", name, tag)
			}
		}
		if s := Summary(after); s != "" {
			t.Errorf("%s: got summary %q", name, s)
		}
	}
}

func TestSummaryIsOneLineAPersonUnderstands(t *testing.T) {
	got := Summary(read(t, sample.JPEG(1)))
	want := "GPS 48.8584 N 2.2945 E, place SecretText city, camera serial SecretSerial, taken 2024-05-01 10:33, by SecretArtist, camera SecretModel"
	if !strings.HasPrefix(got, want) || strings.Contains(got, "\n") {
		t.Errorf("got  %s\nwant %s…", got, want)
	}
}

func TestTagsAreJSONWithStableNames(t *testing.T) {
	b, err := json.Marshal(Tag{"GPS", "Position", "0 N 0 E", Place, true})
	if want := `{"group":"GPS","name":"Position","value":"0 N 0 E","kind":"place","sensitive":true}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v, want %s", b, err, want)
	}
}

func TestSouthAndWest(t *testing.T) {
	if got, want := formatPosition(33.8568, 70.5, true, true), "33.8568 S 70.5000 W"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestValuesAreOneShortLine(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"a\r\n\tb", "a b"},
		{"\x1b[31mred", "[31mred"},
		{"\x00\x00", ""},
		{strings.Repeat("ü", 300), strings.Repeat("ü", 200) + "…"},
		{"\xff\xfe", ""},
	} {
		if got := readable(test.in); got != test.want {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
	}
}

// A broken picture still tells what stands before the damage.
func TestABrokenPictureTellsWhatCanBeRead(t *testing.T) {
	b := sample.JPEG(6)
	b = b[:bytes.Index(b, []byte{0xff, 0xda})+20]
	tags, err := Read(bytes.NewReader(b), int64(len(b)))
	var bad *media.FormatError
	if !errors.As(err, &bad) {
		t.Errorf("got error %v", err)
	}
	if !has(tags, Tag{"GPS", "Position", "48.8584 N 2.2945 E", Place, true}) {
		t.Errorf("got %v", tags)
	}
	if _, err := Read(strings.NewReader("no picture"), 10); !errors.Is(err, media.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

// inJPEG returns a JPEG with the given Exif block.
func inJPEG(exif []byte) []byte {
	plain := sample.PlainJPEG(8, 8)
	return bytes.Join([][]byte{plain[:2], sample.Segment(0xe1, "Exif\x00\x00", string(exif)), plain[2:]}, nil)
}

// Attacks on go-exif: it would panic, loop, or allocate gigabytes.
func TestHostileExifIsContained(t *testing.T) {
	le := binary.LittleEndian
	entry := func(b []byte, tag, typ uint16, n, value uint32) []byte {
		b = le.AppendUint16(b, tag)
		b = le.AppendUint16(b, typ)
		b = le.AppendUint32(b, n)
		return le.AppendUint32(b, value)
	}
	head := []byte("II*\x00\x08\x00\x00\x00")
	loops := le.AppendUint16(bytes.Clone(head), 5000)
	for range 5000 {
		loops = entry(loops, 0x8769, 4, 1, 8) // an Exif directory that is this one
	}
	many := le.AppendUint16(bytes.Clone(head), 2500)
	for range 2500 {
		many = entry(many, 0x8825, 4, 1, 8+2+2500*12+4)
	}
	many = le.AppendUint32(many, 0)
	many = le.AppendUint16(many, 2500)
	for i := range uint32(2500) {
		many = entry(many, 0xfff0, 4, 1, i)
	}
	for name, exif := range map[string][]byte{
		"a thumbnail of four gigabytes": le.AppendUint32(entry(entry(append(head, 2, 0), 0x201, 4, 1, 8), 0x202, 4, 1, 0xfffffff0), 0),
		"a text of four gigabytes":      le.AppendUint32(entry(append(head, 1, 0), 0x13b, 2, 0xfffffff0, 8), 0),
		"many rational numbers":         le.AppendUint32(entry(append(head, 1, 0), 0x11a, 5, 0x1fffffff, 8), 0),
		"a length that wraps to zero":   le.AppendUint32(entry(append(head, 1, 0), 0x11a, 5, 0x20000000, 8), 0),
		"a directory that is its own":   le.AppendUint32(entry(append(head, 1, 0), 0x8769, 4, 1, 8), 8),
		"directories in directories":    loops,
		"directories named many times":  many,
		"an offset far out":             le.AppendUint32([]byte("II*\x00"), 0xffffff00),
		"nothing":                       {},
	} {
		t.Run(name, func(t *testing.T) {
			b := inJPEG(exif)
			if n := sample.Allocated(func() { read(t, b) }); n > 200<<20 {
				t.Errorf("%d MiB were allocated", n>>20)
			}
		})
	}
}

// TestCorpus holds the promise over a folder of real files, if there is one.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("MAYFLY_TEST_CORPUS")
	if dir == "" {
		t.Skip("MAYFLY_TEST_CORPUS names no folder of real pictures")
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || media.Detect(b) == 0 {
			return err
		}
		f, err := media.Strip(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			t.Logf("refused: %s: %v", path, err)
			return nil
		}
		tags, err := Read(f, f.Size())
		if s := Summary(tags); err != nil || s != "" {
			t.Errorf("%s: left: %s, %v", path, s, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func FuzzRead(f *testing.F) {
	for _, b := range sample.All() {
		f.Add(b)
	}
	f.Add(inJPEG(sample.Exif(binary.BigEndian, 1, true)))
	f.Fuzz(func(t *testing.T, b []byte) {
		tags, _ := Read(bytes.NewReader(b), int64(len(b)))
		for _, tag := range tags {
			if tag.Value == "" || len([]rune(tag.Value)) > maxValue+1 || tag.Kind == "" || tag.Group == "" {
				t.Fatalf("got %+v", tag)
			}
		}
		Summary(tags)
	})
}

// A PNG of many compressed texts that inflate to gigabytes.
func TestManyCompressedTextsAreReadInPart(t *testing.T) {
	plain := sample.PlainPNG(2, 2)
	bomb := sample.Chunk("zTXt", "Comment\x00\x00", sample.Zlib(strings.Repeat("x", 8<<20)))
	b := bytes.Join([][]byte{plain[:33], bytes.Repeat(bomb, 2000), plain[33:]}, nil)
	if n := sample.Allocated(func() { read(t, b) }); n > 20*maxTotal {
		t.Errorf("%d MiB were allocated", n>>20)
	}
}
