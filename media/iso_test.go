package media

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/media/internal/sample"
)

var ibox = sample.Box

// boxTypes returns the types of all boxes of b that are at the top or within the containers
// of a movie.
func boxTypes(t testing.TB, b []byte) []string {
	t.Helper()
	s := &source{r: bytes.NewReader(b), size: int64(len(b))}
	var types []string
	var walk func(off, end int64)
	walk = func(off, end int64) {
		err := s.boxes(off, end, func(c box) error {
			types = append(types, c.typ)
			switch c.typ {
			case "moov", "trak", "mdia", "minf", "stbl", "moof", "traf", "edts":
				walk(c.body(), c.end())
			}
			return nil
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	walk(0, s.size)
	return types
}

func TestMoviesKeepTheirLengthAndTheirSamples(t *testing.T) {
	for name, test := range map[string]struct {
		b    []byte
		kept []string
		gone int64 // bytes that are cut off
	}{
		"a video":          {sample.MP4(), []string{"video 1, sound 1, ", "video 2, sound 2, "}, 18 + 18 + 6},
		"an old video":     {sample.QuickTime(), []string{"video 1, video 2, "}, 0},
		"a sound":          {sample.M4A(), []string{"sound 1, sound 2, "}, 0},
		"a 3GP":            {sample.ThreeGP(), []string{"video 1, "}, 0},
		"a fragmented one": {sample.Fragmented(), []string{"12345678,"}, 0},
	} {
		out := strip(t, test.b, nil)
		if want := int64(len(test.b)) - test.gone; int64(len(out)) != want {
			t.Errorf("%s: %d bytes are left, want %d", name, len(out), want)
		}
		for _, k := range test.kept {
			if !bytes.Contains(out, []byte(k)) || bytes.Index(out, []byte(k)) != bytes.Index(test.b, []byte(k)) {
				t.Errorf("%s: %q has moved", name, k)
			}
		}
		for _, typ := range boxTypes(t, out) {
			switch typ {
			case "udta", "meta", "uuid", "SECR", "gpmd", "skip", "wide":
				t.Errorf("%s: a %s box is left", name, typ)
			}
		}
	}
}

func TestTelemetryIsNamedAndGone(t *testing.T) {
	b := sample.MP4()
	f, err := Strip(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range f.Removed() {
		got = append(got, r.Kind.String()+": "+r.Name)
	}
	for _, want := range []string{
		"track of data or text: meta track (gpmd)", "text: ©xyz", "text: ©mak", "text: loci", "text: meta", "editing data (XMP): uuid",
		"time of the last change: mvhd", "time of the last change: tkhd", "text: hdlr", "text: stsd", "details of the colour profile: colr",
	} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%s is missing in %q", want, got)
		}
	}
}

func TestTurnsOfAMovieAreKeptUnlessDropped(t *testing.T) {
	turned := "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00"
	b := sample.ThreeGP()
	tkhd := bytes.Index(b, []byte("tkhd"))
	copy(b[tkhd+4+40:], turned)
	if !bytes.Contains(strip(t, b, nil), []byte(turned)) {
		t.Error("the video is no longer turned")
	}
	if bytes.Contains(strip(t, b, &Options{DropOrientation: true}), []byte(turned)) {
		t.Error("the video is still turned")
	}
}

// items returns the description of the pictures in b.
func items(t testing.TB, b []byte) *itemMeta {
	t.Helper()
	s := &source{r: bytes.NewReader(b), size: int64(len(b))}
	var m *itemMeta
	err := s.boxes(0, s.size, func(c box) (err error) {
		if c.typ == "meta" {
			m, err = s.itemMeta(c)
		}
		return err
	}, nil)
	if err != nil || m == nil {
		t.Fatal("no pictures", err)
	}
	return m
}

func TestPicturesKeepTilesTransparencyAndTurn(t *testing.T) {
	for name, b := range map[string][]byte{"HEIC": sample.HEIC(), "AVIF": sample.AVIF()} {
		was, now := items(t, b), items(t, strip(t, b, nil))
		if len(now.items) != 4 || now.primary != 1 {
			t.Fatalf("%s: %d items are left, want the picture, two tiles and transparency", name, len(now.items))
		}
		for _, it := range now.items {
			old := was.byID[it.id]
			if it.method == 0 && it.extents[0] != old.extents[0] {
				t.Errorf("%s: item %d has moved", name, it.id)
			}
			for _, a := range it.props {
				if now.props[a.index-1].typ != was.props[a.index-1].typ {
					t.Errorf("%s: item %d has another property", name, it.id)
				}
			}
		}
		if got, want := len(now.byID[1].props), 4; got != want {
			t.Errorf("%s: the picture has %d properties, want %d", name, got, want)
		}
		if got := now.byID[7].props; len(got) != 3 {
			t.Errorf("%s: the transparency has %d properties", name, len(got))
		}
		if got := strip(t, b, &Options{DropOrientation: true}); bytes.Contains(got, []byte("irot")) {
			t.Errorf("%s: the turn is left", name)
		}
	}
}

// change returns b with every old replaced, which must be there and as long.
func change(t testing.TB, b []byte, old, now string) []byte {
	t.Helper()
	if !bytes.Contains(b, []byte(old)) || len(old) != len(now) {
		t.Fatalf("%q cannot become %q", old, now)
	}
	return bytes.ReplaceAll(b, []byte(old), []byte(now))
}

func TestBoxesThatCannotBeVouchedForAreRefused(t *testing.T) {
	u32, u32s := sample.U32, sample.U32s
	mp4, heic, parts := sample.MP4(), sample.HEIC(), sample.Fragmented()
	video := sample.Video(1, "video 1, ")
	stco := bytes.Index(mp4, []byte("stco"))
	far := bytes.Clone(mp4)
	copy(far[stco+12:], u32(1<<30))
	into := bytes.Clone(mp4)
	copy(into[stco+12:], u32(8))
	loop := bytes.Clone(mp4)
	copy(loop[bytes.Index(mp4, []byte("minf"))-4:], u32(1<<31-1))
	implicit := "tfhd\x00\x02\x00\x00"
	nested := ""
	for range 10_000 {
		nested = ibox("moov", nested)
	}
	jpeg := sample.HEIF("mif1"+u32(0)+"mif1heic", []sample.Item{{ID: 1, Type: "jpeg", Data: "\xff\xd8"}}, sample.Properties(ibox("hvcC", "1")), "", "")
	for _, test := range []struct {
		name, reason string
		b            []byte
	}{
		{"an encrypted video", "encrypted", change(t, mp4, "avc1\x00", "encv\x00")},
		{"encrypted sound", "encrypted", change(t, mp4, "mp4a", "enca")},
		{"an unknown codec", "not known", change(t, mp4, "mp4a", "what")},
		{"pictures with metadata of their own", "not known", change(t, mp4, "avc1\x00", "jpeg\x00")}, // the only video there
		{"Vorbis, whose configuration has texts", "metadata of its own", change(t, mp4, "\x03\x80\x80\x80\x05\x00\x01\x00\x04\x00", "\x03\x05\x00\x01\x00\x04\x00\xdd\x00\x00")},
		{"a stream at another address", "another file", change(t, mp4, "\x00\x01\x00\x04\x00", "\x00\x01\x40\x04\x00")},
		{"media in another file", "another file", change(t, mp4, "alis\x00\x00\x00\x01", "alis\x00\x00\x00\x00")},
		{"a compressed header", "compressed", sample.Movie("isom"+u32(0)+"isom", ibox("cmov", "abc"), video)},
		{"a sample behind the end", "cut off", far},
		{"a sample in the header", "not in the media data", into},
		{"a box longer than what it is in", "cut off", loop},
		{"a box of a length below its own header", "impossible", []byte(ibox("ftyp", "isom\x00\x00\x00\x00isom") + "\x00\x00\x00\x05moov\x00\x00\x00\x00")},
		{"a length beyond all files", "cut off", []byte(ibox("ftyp", "isom\x00\x00\x00\x00isom") + "\x00\x00\x00\x01moov\xff\xff\xff\xff\xff\xff\xff\xff")},
		{"a count beyond the table", "cut off", change(t, mp4, "stsz"+u32s(0, 0, 2), "stsz"+u32s(0, 0, 1<<31))},
		{"two movies", "second", append(bytes.Clone(sample.ThreeGP()), ibox("moov")...)},
		{"two tables of one kind", "second", change(t, mp4, "edts", "tkhd")},
		{"two tracks of one number", "one number", sample.Movie("isom"+u32(0)+"isom", "", video, video)},
		{"nothing but telemetry", "no picture", sample.Movie("isom"+u32(0)+"isom", "", sample.Telemetry(1, "abc"))},
		{"boxes in boxes without end", "", append(bytes.Clone(mp4[:24]), nested...)},
		{"a fragment of a run beyond the file", "cut off", change(t, parts, "trun\x00\x00\x02\x01"+u32(2), "trun\x00\x00\x02\x01"+u32(1<<30))},
		{"a fragment placed by one that goes", "has to go", change(t, change(t, parts, implicit+u32(1), implicit+u32(9)), implicit+u32(2), "tfhd\x00\x00\x00\x00"+u32(1))},
		{"a protected picture", "encrypted", change(t, heic, "\x00\x07\x00\x00hvc1", "\x00\x07\x00\x01hvc1")},
		{"a JPEG within", "format inside", jpeg},
		{"a main picture that is none", "no picture", change(t, heic, "pitm\x00\x00\x00\x00\x00\x01", "pitm\x00\x00\x00\x00\x00\x63")},
		{"a main picture that is Exif", "unknown kind", change(t, heic, "pitm\x00\x00\x00\x00\x00\x01", "pitm\x00\x00\x00\x00\x00\x03")},
		{"an item at an unknown place", "not in the file", change(t, heic, "\x00\x04\x00\x00\x00\x00", "\x00\x04\x00\x02\x00\x00")},
		{"an item of another file", "not in the file", change(t, heic, "\x00\x04\x00\x00\x00\x00\x00\x01", "\x00\x04\x00\x00\x00\x01\x00\x01")},
		{"a property that is not there", "damaged", change(t, heic, "\x00\x04\x03\x01\x02\x03", "\x00\x04\x03\x01\x02\x7f")},
		{"a needed property that is not known", "not known", change(t, heic, "\x00\x01\x05\x02\x03\x04\x05\x08", "\x00\x01\x05\x02\x03\x04\x05\x88")},
	} {
		_, err := tryStrip(t, test.b, nil)
		var bad *FormatError
		if !errors.As(err, &bad) || !strings.Contains(bad.Reason, test.reason) {
			t.Errorf("%s: got %v, want a reason with %q", test.name, err, test.reason)
		}
		if Verify(bytes.NewReader(test.b), int64(len(test.b))) == nil {
			t.Errorf("%s: Verify accepts it", test.name)
		}
	}
}

// Verify must notice each of these on its own, whatever made the file.
func TestVerifyRefusesWhatAPlayerDoesNotNeed(t *testing.T) {
	mp4, heic, parts := strip(t, sample.MP4(), nil), strip(t, sample.HEIC(), nil), strip(t, sample.Fragmented(), nil)
	at := func(b []byte, mark string, off int, now string) []byte {
		i := bytes.Index(b, []byte(mark))
		if i < 0 {
			t.Fatalf("no %q", mark)
		}
		c := bytes.Clone(b)
		copy(c[i+off:], now)
		return c
	}
	behind := func(b []byte, typ string) int { return bytes.Index(b, []byte(typ)) }
	for name, b := range map[string][]byte{
		"a time of the movie":            at(mp4, "mvhd", 8, "\xe4"),
		"a time of a track":              at(mp4, "tkhd", 12, "\xe4"),
		"a time of the media":            at(mp4, "mdhd", 8, "\xe4"),
		"a name of a handler":            at(mp4, "vide", 16, "S"),
		"a maker of a handler":           at(mp4, "vide", 4, "appl"),
		"a name of a program":            at(mp4, "avc1\x00", 4+42, "S"),
		"a maker in a description":       at(mp4, "mp4a", 4+12, "S"),
		"something in free space":        at(mp4, "free", 4, "S"),
		"user data":                      at(mp4, "free", 0, "udta"),
		"a brand":                        at(mp4, "isom", 8, "SECR"),
		"a minor version":                at(mp4, "isom", 4, "\x01"),
		"bytes of no sample":             at(mp4, "mdat", 4, "S"),
		"bytes of telemetry":             at(mp4, "sound 1, ", 9, "S"),
		"bytes of a fragment":            at(parts, "12345678,", 9, "S"),
		"a track of telemetry":           at(mp4, "soun", 0, "meta"),
		"a path":                         at(mp4, "url ", 8, "S"),
		"a profile with more":            at(mp4, "colrprof", 8+4, "S"),
		"a box at the end":               append(bytes.Clone(mp4), ibox("free", "\x00")...),
		"a name of the picture handler":  at(heic, "pict", 16, "S"),
		"a name of an item":              at(heic, "grid", 4, "S"),
		"an item that is no picture":     at(heic, "\x00\x04\x00\x00hvc1", 4, "Exif"),
		"a reference that is not needed": at(heic, "dimg", 0, "cdsc"),
		"a property that is not needed":  at(heic, "ispe", 0, "udes"),
		"bytes of no item":               at(heic, "mdat", 4, "S"),
		"bytes between items":            at(heic, "picture data, left", 18, "S"),
		"something in its free space":    heic[: behind(heic, "mdat")-5 : behind(heic, "mdat")-5],
	} {
		if name == "something in its free space" {
			b = append(append(b, 'S'), heic[len(b)+1:]...)
		}
		if err := Verify(bytes.NewReader(b), int64(len(b))); err == nil {
			t.Errorf("%s: Verify accepts it", name)
		}
	}
}

func TestPreviewsInTracksOfTheirOwnGo(t *testing.T) {
	preview := sample.Video(2, "SecretText of a preview")
	preview.Entry = "\x00\x00\x00\x56jpeg" + preview.Entry[8:86]
	b := sample.Movie("isom\x00\x00\x00\x00isom", "", sample.Video(1, "video 1, "), preview)
	out := strip(t, b, nil)
	if noSecrets(t, out); !bytes.Contains(out, []byte("video 1, ")) {
		t.Error("the video is gone")
	}
}

func TestBytesBehindAConfigurationGo(t *testing.T) {
	avcC := ibox("avcC", "\x01\x42\x00\x0a\xff\xe0\x00")
	b := sample.Movie("isom\x00\x00\x00\x00isom", "", sample.Video(1, "video 1, "))
	b = change(t, b, avcC+sample.U32(18)+"SECRSecretText", sample.U32(15+18)+avcC[4:]+"Secret of configur")
	noSecrets(t, strip(t, b, nil))
}

func TestAMapThatBrightensAPictureGoes(t *testing.T) {
	b := sample.HEIF("heic\x00\x00\x00\x00mif1heic", []sample.Item{
		{ID: 1, Type: "hvc1", Data: "picture", Props: []int{1, 2}},
		{ID: 2, Type: "hvc1", Data: "SecretText of a map", Props: []int{1, 2}},
		{ID: 3, Type: "tmap", Data: "SecretText of curves"},
	}, sample.Properties(ibox("hvcC", string(make([]byte, 23)))), sample.Reference("dimg", 3, 1, 2), "")
	out := strip(t, b, nil)
	if noSecrets(t, out); len(items(t, out).items) != 1 {
		t.Error("more is left than the picture")
	}
}

func TestUnknownBrandsGoAndKnownOnesStay(t *testing.T) {
	for _, test := range []struct{ brands, want string }{
		{"isom\x00\x00\x02\x00isomavc1", "isom\x00\x00\x00\x00isomavc1"},
		{"SONY\x00\x00\x00\x01SONYmp42", "isom\x00\x00\x00\x00isommp42"},
		{"qt  \x20\x05\x03\x00qt  CaEP", "qt  \x00\x00\x00\x00qt  qt  "},
	} {
		b := sample.Movie(test.brands, "", sample.Video(1, "video 1, "))
		out := strip(t, b, nil)
		if got := string(out[8 : 8+len(test.want)]); got != test.want || Detect(out) != Detect(b) {
			t.Errorf("%q: got %q, want %q", test.brands, got, test.want)
		}
	}
}

// Sound that is not compressed has a size in its table that nobody reads.
func TestOldSoundIsKeptToItsLastSample(t *testing.T) {
	entry := ibox("twos", string(make([]byte, 6)), sample.U16(1), sample.U32s(0, 0), sample.U16(2), sample.U16(16), sample.U32s(0, 48000<<16))
	b := sample.Movie("qt  "+sample.U32(0)+"qt  ", "", sample.Track{ID: 1, Handler: "soun", Entry: entry, Chunks: []string{"16 bytes of sound"[:16]}})
	b = change(t, b, "stsz"+sample.U32s(0, 0, 1, 16), "stsz"+sample.U32s(0, 1, 4, 16))
	b = change(t, b, "stsc"+sample.U32s(0, 1, 1, 1), "stsc"+sample.U32s(0, 1, 1, 4))
	if out := strip(t, b, nil); !bytes.Contains(out, []byte("16 bytes of soun")) {
		t.Error("the end of the sound is gone")
	}
}
