package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/media/internal/sample"
)

// parts returns a small JPEG cut before its first table, before its scan, behind its scan
// header, and before its EOI.
func parts() (head, tables, sos, data, eoi []byte) {
	b := sample.PlainJPEG(40, 30)
	scan := bytes.Index(b, []byte("\xff\xda"))
	body := scan + 2 + int(binary.BigEndian.Uint16(b[scan+2:]))
	return b[:2], b[2:scan], b[scan:body], b[body : len(b)-2], b[len(b)-2:]
}

func join(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case []byte:
			b = append(b, p...)
		case string:
			b = append(b, p...)
		}
	}
	return b
}

func TestJPEGHidingPlaces(t *testing.T) {
	head, tables, sos, data, eoi := parts()
	plain := join(head, tables, sos, data, eoi)
	for name, b := range map[string][]byte{
		"bytes between segments":               join(head, tables, "Secret\xff\x00Secret", sos, data, eoi),
		"fill bytes before markers":            join(head, "\xff\xff\xff", tables, "\xff\xff", sos, data, "\xff\xff\xff", eoi),
		"a comment before the frame":           join(head, sample.Segment(0xfe, "Secret"), tables, sos, data, eoi),
		"a comment between data and end":       join(head, tables, sos, data, sample.Segment(0xfe, "Secret"), eoi),
		"an Exif block behind the scan":        join(head, tables, sos, data, sample.Segment(0xe1, "Exif\x00\x00Secret"), eoi),
		"bytes between data and end":           join(head, tables, sos, data, "\xff\x01Secret", eoi),
		"another picture behind the end":       join(head, tables, sos, data, eoi, sample.JPEG(6)),
		"a short JFIF":                         join(head, sample.Segment(0xe0, "JFIF\x00Secret"), tables, sos, data, eoi),
		"a short Adobe":                        join(head, sample.Segment(0xee, "Adobe"), tables, sos, data, eoi),
		"an Exif block without directory":      join(head, sample.Segment(0xe1, "Exif\x00\x00Secret"), tables, sos, data, eoi),
		"an Exif identifier alone":             join(head, sample.Segment(0xe1, "Exif\x00"), tables, sos, data, eoi),
		"a profile that is none":               join(head, sample.Segment(0xe2, "ICC_PROFILE\x00\x01\x01Secret"), tables, sos, data, eoi),
		"an ICC identifier alone":              join(head, sample.Segment(0xe2, "ICC_PROFILE\x00"), tables, sos, data, eoi),
		"restart markers and TEM at the front": join(head, "\xff\xd3\xff\x01", tables, sos, data, eoi),
		"empty segments":                       join(head, sample.Segment(0xe5), sample.Segment(0xfe), tables, sos, data, eoi),
	} {
		t.Run(name, func(t *testing.T) {
			if out := strip(t, b, nil); !bytes.Equal(out, plain) {
				t.Errorf("got\n%q, want\n%q", out, plain)
			}
			if Verify(bytes.NewReader(b), int64(len(b))) == nil {
				t.Error("Verify accepts it as it was")
			}
		})
	}
}

func TestBrokenJPEGsAreRefused(t *testing.T) {
	head, tables, sos, data, eoi := parts()
	for _, test := range []struct {
		name, reason string
		b            []byte
	}{
		{"scan data that end without EOI", "cut off", join(head, tables, sos, data)},
		{"a segment shorter than its length field", "shorter", join(head, "\xff\xfe\x00\x01", tables, sos, data, eoi)},
		{"a segment longer than the file", "too early", join(head, "\xff\xe1\xff\xffExif")},
		{"no frame header", "before the frame", join(head, sos, data, eoi)},
		{"two frame headers", "second frame", join(head, tables, tables, sos, data, eoi)},
		{"no scan", "no picture", join(head, tables, eoi)},
		{"a picture inside a picture", "second picture", join(head, head, tables, sos, data, eoi)},
		{"an unknown segment", "unknown", join(head, sample.Segment(0xf0, "Secret"), tables, sos, data, eoi)},
		{"bytes behind a quantisation table", "quantisation", join(head, sample.Segment(0xdb, "\x00"+string(make([]byte, 64)), "Secret"), tables, sos, data, eoi)},
		{"bytes behind a Huffman table", "Huffman", join(head, sample.Segment(0xc4, string(make([]byte, 17)), "Secret"), tables, sos, data, eoi)},
		{"more Huffman codes than there are", "Huffman", join(head, sample.Segment(0xc4, "\x00\xff\xff", string(make([]byte, 14+510))), tables, sos, data, eoi)},
		{"bytes behind a restart interval", "restart", join(head, sample.Segment(0xdd, "\x00\x00Secret"), tables, sos, data, eoi)},
		{"bytes behind a frame header", "frame header", join(head, sample.Segment(0xc0, "\x08\x00\x08\x00\x08\x01\x01\x11\x00Secret"), sos, data, eoi)},
		{"bytes behind a scan header", "scan header", join(head, tables, sample.Segment(0xda, string(sos[4:]), "Secret"), data, eoi)},
		{"hierarchical frames", "hierarchical", join(head, sample.Segment(0xc5, "\x08\x00\x08\x00\x08\x01\x01\x11\x00"), sos, data, eoi)},
		{"nothing but fill bytes", "too early", join(head, strings.Repeat("\xff", 1000))},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := tryStrip(t, test.b, nil)
			var bad *FormatError
			if !errors.As(err, &bad) || bad.Format != JPEG || !strings.Contains(bad.Reason, test.reason) {
				t.Errorf("got %v, want a reason with %q", err, test.reason)
			}
			if Verify(bytes.NewReader(test.b), int64(len(test.b))) == nil {
				t.Error("Verify accepts it")
			}
		})
	}
}

func TestJPEGKeepsWhatDecodingNeeds(t *testing.T) {
	head, tables, sos, data, eoi := parts()
	jfif := sample.Segment(0xe0, "JFIF\x00\x01\x02\x01\x00\x48\x00\x48\x00\x00")
	adobe := sample.Segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x01")
	sof := bytes.Index(tables, []byte("\xff\xc0"))
	arithmetic := bytes.Clone(tables)
	arithmetic[sof+1] = 0xc9
	lossless := bytes.Clone(tables)
	lossless[sof+1] = 0xc3
	for name, b := range map[string][]byte{
		"JFIF and Adobe":                    join(head, jfif, adobe, tables, sos, data, eoi),
		"restart interval and markers":      join(head, tables, sample.Segment(0xdd, "\x00\x05"), sos, data, "\xff\xd0", data, "\xff\xd1", eoi),
		"a line count behind a scan":        join(head, tables, sos, data, sample.Segment(0xdc, "\x00\x1e"), eoi),
		"several scans with tables":         join(head, tables, sos, data, tables[:sof], sos, data, eoi),
		"arithmetic coding":                 join(head, sample.Segment(0xcc, "\x00\x10\x10\x05"), arithmetic, sos, data, eoi),
		"lossless coding":                   join(head, lossless, sos, data, eoi),
		"stuffed bytes and stray 0xff":      join(head, tables, sos, data, "\xff\x00\xff\xff\x00", data, eoi),
		"default tables (a frame of MJPEG)": join(head, tables[sof:sof+2+17], sos, data, eoi),
	} {
		t.Run(name, func(t *testing.T) {
			if out := strip(t, b, nil); !bytes.Equal(out, b) {
				t.Errorf("got\n%q, want it unchanged:\n%q", out, b)
			}
		})
	}
}

func TestJPEGOrientation(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for o := range 11 {
			b := jpegOf(sample.Segment(0xe1, "Exif\x00\x00", string(sample.Exif(order, o, false))))
			out := strip(t, b, nil)
			want := ""
			if o >= 2 && o <= 8 {
				want = string(sample.Segment(0xe1, "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"+string([]byte{byte(o)})+"\x00\x00\x00\x00\x00\x00"))
			}
			if got := strings.Contains(string(out), "Exif"); got != (want != "") || !strings.Contains(string(out), want) {
				t.Errorf("orientation %d, %v: got %q", o, order, out[:60])
			}
		}
	}
}

func TestJPEGAdobeRGBIsKeptUnlessThereIsAProfile(t *testing.T) {
	exif := sample.Segment(0xe1, "Exif\x00\x00", string(sample.Exif(binary.BigEndian, 6, true)))
	out := strip(t, jpegOf(exif), nil)
	noSecrets(t, out)
	if l := exifOf(out); !l.adobeRGB || l.orientation != 6 {
		t.Errorf("got %+v", l)
	}
	out = strip(t, jpegOf(exif, sample.Segment(0xe2, "ICC_PROFILE\x00\x01\x01", string(sample.Profile()))), nil)
	if l := exifOf(out); l.adobeRGB || l.orientation != 6 {
		t.Errorf("with a profile: got %+v", l)
	}
}

// exifOf returns what the first Exif block of a JPEG says.
func exifOf(b []byte) look {
	i := bytes.Index(b, []byte("Exif\x00\x00")) + 6
	return (&source{r: bytes.NewReader(b), size: int64(len(b))}).look(int64(i), int64(len(b)-i))
}

func TestJPEGColourTransformIsKept(t *testing.T) {
	for _, test := range []struct{ in, want byte }{{0, 0}, {1, 1}, {2, 2}, {3, 2}, {255, 2}} {
		out := strip(t, jpegOf(sample.Segment(0xee, "Adobe\x00\x65\xc0\x00\x00\x00", string([]byte{test.in}), "Secret")), nil)
		want := sample.Segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00", string([]byte{test.want}))
		if !bytes.Contains(out, want) {
			t.Errorf("transform %d: got %q", test.in, out[:40])
		}
	}
}

func TestJPEGDensityIsKeptAndThumbnailIsNot(t *testing.T) {
	out := strip(t, jpegOf(sample.Segment(0xe0, "JFIF\x00\x01\x02\x02\x00\x1c\x00\x1d\x01\x01Sec")), nil)
	if want := sample.Segment(0xe0, "JFIF\x00\x01\x02\x02\x00\x1c\x00\x1d\x00\x00"); !bytes.Contains(out, want) {
		t.Errorf("got %q", out[:40])
	}
}

// bigProfile returns a profile that needs three segments.
func bigProfile() []byte {
	curve := "curv\x00\x00\x00\x00\x00\x00\x80\x00" + string(make([]byte, 1<<16))
	return sample.ICC([][2]string{{"kTRC", curve}, {"A2B0", "curv\x00\x00\x00\x00\x00\x00\x80\x00" + strings.Repeat("ab", 1<<15)}})
}

func TestJPEGProfilesOfSeveralSegments(t *testing.T) {
	big := string(bigProfile())
	a, b, c := big[:50000], big[50000:100000], big[100000:]
	seg := func(seq, count byte, data string) []byte {
		return sample.Segment(0xe2, "ICC_PROFILE\x00", string([]byte{seq, count}), data)
	}
	want := strip(t, jpegOf(seg(1, 3, a), seg(2, 3, b), seg(3, 3, c)), nil)
	if n := bytes.Count(want, []byte("ICC_PROFILE\x00")); n != 3 {
		t.Fatalf("got %d segments, want 3", n)
	}
	for name, in := range map[string][]byte{
		"out of order":                  jpegOf(seg(3, 3, c), seg(1, 3, a), seg(2, 3, b)),
		"with wrong numbers, but whole": jpegOf(seg(0, 0, a), seg(0, 0, b), seg(0, 0, c)),
		"behind the tables":             jpegOf(seg(1, 3, a), sample.Segment(0xfe, "Secret"), seg(2, 3, b), seg(3, 3, c)),
	} {
		if got := strip(t, in, nil); !bytes.Equal(got, want) {
			t.Errorf("%s: got %d bytes, want %d", name, len(got), len(want))
		}
	}
	plain := jpegOf()
	for name, in := range map[string][]byte{
		"with a part missing": jpegOf(seg(1, 3, a), seg(3, 3, c)),
		"with a part twice":   jpegOf(seg(1, 3, a), seg(2, 3, c), seg(2, 3, c)),
	} {
		if got := strip(t, in, nil); !bytes.Equal(got, plain) {
			t.Errorf("%s: got %d bytes, want no profile", name, len(got))
		}
	}
}

func TestJPEGVerifyRefusesWhatStripRebuilds(t *testing.T) {
	orientation := look{orientation: 6}.exif()
	for name, segments := range map[string][][]byte{
		"an Exif block with two orientations": {sample.Segment(0xe1, "Exif\x00\x00", string(orientation), "x")},
		"an upright orientation":              {sample.Segment(0xe1, "Exif\x00\x00", strings.Replace(string(orientation), "\x01\x00\x06", "\x01\x00\x01", 1))},
		"another Exif identifier":             {sample.Segment(0xe1, "Exif\x00\x01", string(orientation))},
		"two Exif blocks":                     {sample.Segment(0xe1, "Exif\x00\x00", string(orientation)), sample.Segment(0xe1, "Exif\x00\x00", string(orientation))},
		"Adobe before Exif":                   {sample.Segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x01"), sample.Segment(0xe1, "Exif\x00\x00", string(orientation))},
		"a JFIF version of another kind":      {sample.Segment(0xe0, "JFIF\x00\x01\x41\x01\x00\x48\x00\x48\x00\x00")},
		"flags in Adobe":                      {sample.Segment(0xee, "Adobe\x00\x64\x01\x00\x00\x00\x01")},
		"a profile as it was":                 {sample.Segment(0xe2, "ICC_PROFILE\x00\x01\x01", string(sample.Profile()))},
		"half a profile":                      {sample.Segment(0xe2, "ICC_PROFILE\x00\x01\x02", string(reduceProfile(sample.Profile())))},
		"a profile in too many parts": {
			sample.Segment(0xe2, "ICC_PROFILE\x00\x01\x02", string(reduceProfile(sample.Profile())[:99])),
			sample.Segment(0xe2, "ICC_PROFILE\x00\x02\x02", string(reduceProfile(sample.Profile())[99:])),
		},
	} {
		b := jpegOf(segments...)
		if Verify(bytes.NewReader(b), int64(len(b))) == nil {
			t.Errorf("Verify accepts %s", name)
		}
	}
}
