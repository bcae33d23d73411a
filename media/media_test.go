package media

import (
	"bytes"
	"errors"
	"image"
	"image/gif"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	_ "image/jpeg"
	_ "image/png"

	"golang.org/x/image/webp"

	"github.com/seed-7b314ca8/mayfly/media/internal/sample"
)

// strip returns the stripped form of b after holding it to every promise of the package.
func strip(t testing.TB, b []byte, opts *Options) []byte {
	t.Helper()
	out, err := tryStrip(t, b, opts)
	if err != nil {
		t.Fatalf("Strip: %v", err)
	}
	return out
}

// tryStrip is strip for files that may be refused.
func tryStrip(t testing.TB, b []byte, opts *Options) ([]byte, error) {
	t.Helper()
	f, err := Strip(bytes.NewReader(b), int64(len(b)), opts)
	if err != nil {
		if f != nil {
			t.Fatal("Strip gave a file and an error")
		}
		var bad *FormatError
		if !errors.As(err, &bad) && !errors.Is(err, ErrUnsupported) {
			t.Fatalf("got error %v, of no kind that Strip promises", err)
		}
		if bad != nil && strings.Contains(err.Error(), "does not verify") {
			t.Fatalf("Strip and Verify disagree: %v", err)
		}
		return nil, err
	}
	out := readAll(t, f)
	if err := Verify(bytes.NewReader(out), int64(len(out))); err != nil {
		t.Fatalf("Verify after Strip: %v", err)
	}
	again, err := Strip(bytes.NewReader(out), int64(len(out)), opts)
	if err != nil {
		t.Fatalf("Strip after Strip: %v", err)
	}
	if got := readAll(t, again); !bytes.Equal(got, out) {
		t.Fatalf("stripping twice gave other bytes:\n%q\n%q", out, got)
	}
	if r := again.Removed(); len(r) > 0 {
		t.Fatalf("stripping twice removed %v", r)
	}
	return out, nil
}

func readAll(t testing.TB, f *File) []byte {
	t.Helper()
	out, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		t.Fatalf("reading the stripped file: %v", err)
	}
	if int64(len(out)) != f.Size() {
		t.Fatalf("got %d bytes, want %d", len(out), f.Size())
	}
	return out
}

// noSecrets fails if b holds a string of the samples.
func noSecrets(t testing.TB, b []byte) {
	t.Helper()
	for _, s := range append(sample.Secrets, "Secret") {
		if i := bytes.Index(b, []byte(s)); i >= 0 {
			t.Errorf("%q is left at byte %d", s, i)
		}
	}
}

// pixels decodes all that a viewer would show.
func pixels(b []byte) (any, error) {
	switch Detect(b) {
	case GIF:
		return gif.DecodeAll(bytes.NewReader(b))
	case WebP:
		return webp.Decode(bytes.NewReader(b))
	}
	m, _, err := image.Decode(bytes.NewReader(b))
	return m, err
}

func TestStripLeavesThePictureAndNothingElse(t *testing.T) {
	for name, b := range sample.All() {
		t.Run(name, func(t *testing.T) {
			out := strip(t, b, nil)
			noSecrets(t, out)
			want, err := pixels(b)
			if name == "anim.webp" || Detect(b).isBoxes() {
				return // nothing here decodes it; its bytes are compared elsewhere
			}
			if err != nil {
				t.Fatalf("decoding the original: %v", err)
			}
			got, err := pixels(out)
			if err != nil {
				t.Fatalf("decoding the stripped file: %v", err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Error("the picture has changed")
			}
		})
	}
}

func TestRemovedNamesWhatIsGone(t *testing.T) {
	for name, b := range sample.All() {
		f, err := Strip(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(f.Removed()) == 0 {
			t.Errorf("%s: nothing was removed", name)
		}
		last := int64(-1)
		for _, r := range f.Removed() {
			if r.Size < 1 || r.Offset < last || r.Offset+r.Size > int64(len(b)) || r.Name == "" || r.Kind.String() == "" {
				t.Errorf("%s: got %+v", name, r)
			}
			last = r.Offset
		}
	}
}

func TestReadAtAgreesWithReadingInOrder(t *testing.T) {
	for name, b := range sample.All() {
		t.Run(name, func(t *testing.T) {
			f, err := Strip(bytes.NewReader(b), int64(len(b)), nil)
			if err != nil {
				t.Fatal(err)
			}
			want := readAll(t, f)
			if err := iotest.TestReader(io.NewSectionReader(f, 0, f.Size()), want); err != nil {
				t.Error(err)
			}
			for _, n := range []int{1, 2, 7, 64} {
				for off := 0; off+n <= len(want); off += 3 {
					got := make([]byte, n)
					if _, err := f.ReadAt(got, int64(off)); err != nil || !bytes.Equal(got, want[off:off+n]) {
						t.Fatalf("ReadAt(%d bytes, %d) = %q, %v", n, off, got, err)
					}
				}
			}
			if n, err := f.ReadAt(make([]byte, 1), f.Size()); n != 0 || err != io.EOF {
				t.Errorf("at the end: got %d, %v", n, err)
			}
			if _, err := f.ReadAt(make([]byte, 1), -1); err == nil {
				t.Error("a negative offset was read")
			}
		})
	}
}

func TestSameInputGivesSameBytes(t *testing.T) {
	for name, b := range sample.All() {
		if !bytes.Equal(strip(t, b, nil), strip(t, b, nil)) {
			t.Errorf("%s: two runs differ", name)
		}
	}
}

func TestCutOffPicturesAreRefused(t *testing.T) {
	for name, b := range sample.All() {
		out := strip(t, b, nil)
		for n := range len(out) {
			f, err := Strip(bytes.NewReader(out[:n]), int64(n), nil)
			if err != nil {
				continue
			}
			switch {
			case name == "anim.gif" && (out[n] == gifExtension || out[n] == gifImage || out[n] == gifTrailer):
				// Between two frames, or before the trailer: what is there is whole.
			case name == "parts.mp4" && n-bytes.LastIndex(out, []byte("moof"))+4 < 8:
				// Between two fragments: what is there is whole.
			case name == "simple.webp" && n == len(out)-1:
				// Only the padding is missing, and it is put back.
				if got := readAll(t, f); !bytes.Equal(got, out) {
					t.Errorf("%s: got %q, want %q", name, got, out)
				}
			default:
				t.Errorf("%s: the first %d of %d bytes were taken for a picture", name, n, len(out))
			}
		}
	}
}

func TestVerifyRefusesOriginals(t *testing.T) {
	for name, b := range sample.All() {
		if err := Verify(bytes.NewReader(b), int64(len(b))); err == nil {
			t.Errorf("%s: Verify accepts it with its metadata", name)
		}
	}
}

func TestVerifyRefusesBytesThatStripWouldTakeOut(t *testing.T) {
	for name, b := range sample.All() {
		out := strip(t, b, nil)
		for _, extra := range []string{"\x00", "\xff", "A", "\xff\xfe\x00\x04AB", ";", "\x21\xfe\x01A\x00"} {
			dirty := append(bytes.Clone(out), extra...)
			if err := Verify(bytes.NewReader(dirty), int64(len(dirty))); err == nil {
				t.Errorf("%s: Verify accepts %q behind the end", name, extra)
			}
		}
	}
}

func TestUnsupportedFilesAreNamed(t *testing.T) {
	for _, test := range []struct{ head, want string }{
		{"", "media: an empty file is not supported"},
		{"\x00\x00\x00\x18ftyp", "media: MP4 is not supported"},
		{"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x00mif1heic", "media: Canon raw is not supported"},
		{"\x00\x00\x00\x14ftypM4P \x00\x00\x00\x00M4A ", "media: protected M4A is not supported"},
		{"\x00\x00\x00\x14ftypWHAT\x00\x00\x00\x00EVER", "media: MP4 is not supported"},
		{"%PDF-1.7\n", "media: PDF is not supported"},
		{"PK\x03\x04\x14\x00", "media: ZIP is not supported"},
		{"II*\x00\x08\x00\x00\x00", "media: TIFF is not supported"},
		{"BM6\x00", "media: BMP is not supported"},
		{"RIFF\x00\x00\x00\x00WAVE", "media: WAV is not supported"},
		{"just text", "media: unsupported format"},
		{"\xff\xd8", "media: unsupported format"},
		{"GIF88a", "media: unsupported format"},
	} {
		_, err := Strip(strings.NewReader(test.head), int64(len(test.head)), nil)
		if !errors.Is(err, ErrUnsupported) || err.Error() != test.want {
			t.Errorf("%q: got %v, want %s", test.head, err, test.want)
		}
		if err := Verify(strings.NewReader(test.head), int64(len(test.head))); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%q: Verify gave %v", test.head, err)
		}
	}
}

func TestFormatsSayWhatTheyAre(t *testing.T) {
	for _, test := range []struct {
		f                          Format
		name, mediaType, ext, safe string
	}{
		{JPEG, "JPEG", "image/jpeg", ".jpg", "photo.jpg"},
		{PNG, "PNG", "image/png", ".png", "picture.png"},
		{GIF, "GIF", "image/gif", ".gif", "picture.gif"},
		{WebP, "WebP", "image/webp", ".webp", "picture.webp"},
		{HEIC, "HEIC", "image/heic", ".heic", "photo.heic"},
		{AVIF, "AVIF", "image/avif", ".avif", "picture.avif"},
		{MP4, "MP4", "video/mp4", ".mp4", "video.mp4"},
		{QuickTime, "QuickTime", "video/quicktime", ".mov", "video.mov"},
		{ThreeGP, "3GP", "video/3gpp", ".3gp", "video.3gp"},
		{M4A, "M4A", "audio/mp4", ".m4a", "audio.m4a"},
		{0, "unknown", "application/octet-stream", "", "file"},
		{200, "unknown", "application/octet-stream", "", "file"},
	} {
		if test.f.String() != test.name || test.f.MediaType() != test.mediaType || test.f.Ext() != test.ext || SafeName(test.f) != test.safe {
			t.Errorf("%v: got %s %s %s", test.f, test.f.MediaType(), test.f.Ext(), SafeName(test.f))
		}
	}
}

// A shrunk source answers less than its size.
func TestASourceThatIsShorterThanItsSizeIsAnError(t *testing.T) {
	for name, b := range sample.All() {
		_, err := Strip(bytes.NewReader(b[:len(b)/2]), int64(len(b)), nil)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %v", name, err)
		}
		src := &shrinking{b: b}
		f, err := Strip(src, int64(len(b)), nil)
		if err != nil {
			t.Fatal(err)
		}
		src.b = b[:30]
		if _, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size())); err != io.ErrUnexpectedEOF {
			t.Errorf("%s: reading what has gone: got %v", name, err)
		}
	}
}

type shrinking struct{ b []byte }

func (s *shrinking) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(s.b).ReadAt(p, off)
}

func TestOptionsDropOrientationAndProfile(t *testing.T) {
	for name, b := range sample.All() {
		out := strip(t, b, &Options{DropOrientation: true, DropProfile: true})
		for _, id := range []string{"Exif", "eXIf", "EXIF", "ICC", "iCCP"} {
			if bytes.Contains(out, []byte(id)) {
				t.Errorf("%s: %s is left", name, id)
			}
		}
	}
}

// TestCorpus runs over a folder of real files, if there is one.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("MAYFLY_TEST_CORPUS")
	if dir == "" {
		t.Skip("MAYFLY_TEST_CORPUS names no folder of real pictures")
	}
	files, refused := 0, 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || Detect(b) == 0 {
			return err
		}
		files++
		out, err := tryStrip(t, b, nil)
		if err != nil {
			refused++
			t.Logf("refused: %s: %v", path, err)
			return nil
		}
		want, wantErr := pixels(b)
		got, err := pixels(out)
		if wantErr == nil && (err != nil || !reflect.DeepEqual(got, want)) {
			t.Errorf("%s: the picture has changed (%v)", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d pictures, %d refused", files, refused)
}
