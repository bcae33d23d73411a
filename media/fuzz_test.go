package media

import (
	"bytes"
	"encoding/binary"
	"image"
	"reflect"
	"slices"
	"testing"

	"github.com/seed-7b314ca8/mayfly/media/internal/sample"
)

// fuzzStrip holds Strip to its promises on anything: no panic, Verify agrees, stripping
// twice changes nothing, no more memory than stated, and the same pixels if a decoder of the
// standard library can read the original.
func fuzzStrip(f *testing.F, formats ...Format) {
	for _, b := range sample.All() {
		if slices.Contains(formats, Detect(b)) {
			f.Add(b)
			f.Add(strip(f, b, nil))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !slices.Contains(formats, Detect(b)) {
			return
		}
		if n := sample.Allocated(func() { _, _ = Strip(bytes.NewReader(b), int64(len(b)), nil) }); n > MaxMemory {
			t.Fatalf("%d bytes were allocated", n)
		}
		out, err := tryStrip(t, b, nil)
		if err != nil {
			return
		}
		if _, err := Blocks(bytes.NewReader(b), int64(len(b))); err != nil {
			t.Fatalf("Blocks: %v", err)
		}
		if bytes.Count(b, []byte{0xff, mAPP0}) > 1 {
			return // image/jpeg forgets a JFIF segment when it sees another APP0; libjpeg does not
		}
		samePixels(t, b, out)
	})
}

// samePixels compares what small pictures decode to.
func samePixels(t *testing.T, b, out []byte) {
	c, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil || c.Width*c.Height > 1<<18 {
		return
	}
	want, err := pixels(b)
	if err != nil {
		return
	}
	got, err := pixels(out)
	if err != nil {
		t.Fatalf("the stripped file does not decode: %v", err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatal("the picture has changed")
	}
}

func FuzzStripJPEG(f *testing.F) {
	f.Add(jpegOf(sample.Segment(0xe1, "Exif\x00\x00", string(sample.Exif(binary.BigEndian, 6, true)))))
	fuzzStrip(f, JPEG)
}

func FuzzStripPNG(f *testing.F) { fuzzStrip(f, PNG) }

func FuzzStripGIF(f *testing.F) { fuzzStrip(f, GIF) }

func FuzzStripWebP(f *testing.F) { fuzzStrip(f, WebP) }

func FuzzStripPictureBoxes(f *testing.F) { fuzzStrip(f, HEIC, AVIF) }

func FuzzStripMovie(f *testing.F) { fuzzStrip(f, MP4, QuickTime, ThreeGP, M4A) }

func FuzzVerify(f *testing.F) {
	for _, b := range sample.All() {
		f.Add(strip(f, b, nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if Verify(bytes.NewReader(b), int64(len(b))) != nil {
			return
		}
		out, err := tryStrip(t, b, nil)
		if err != nil {
			t.Fatalf("Verify accepts what Strip refuses: %v", err)
		}
		if !bytes.Equal(out, b) {
			t.Fatalf("Verify accepts what Strip changes:\n%q\n%q", b, out)
		}
	})
}

func FuzzReduceProfile(f *testing.F) {
	f.Add(sample.Profile())
	for _, p := range profiles() {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := reduceProfile(b)
		if p == nil {
			return
		}
		if !checkProfile(p) {
			t.Fatalf("a reduced profile does not check: %q", p)
		}
		if again := reduceProfile(p); !bytes.Equal(again, p) {
			t.Fatalf("reducing twice gave other bytes:\n%q\n%q", p, again)
		}
	})
}

// jpegOf returns a JPEG with the given segments before its tables.
func jpegOf(segments ...[]byte) []byte {
	plain := sample.PlainJPEG(8, 8)
	return bytes.Join([][]byte{plain[:2], bytes.Join(segments, nil), plain[2:]}, nil)
}
