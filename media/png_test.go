package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/media/internal/sample"
)

// pngParts returns a small PNG cut before its picture, the zlib stream of the picture, and
// its IEND.
func pngParts() (head []byte, data string, iend []byte) {
	b := sample.PlainPNG(12, 9)
	return b[:33], string(b[33+8 : len(b)-12-4]), b[len(b)-12:]
}

var idat = func(data ...string) []byte { return sample.Chunk("IDAT", data...) }

func TestPNGHidingPlaces(t *testing.T) {
	head, data, iend := pngParts()
	plain := join(head, idat(data), iend)
	for name, b := range map[string][]byte{
		"bytes behind the zlib stream (aCropalypse)":   join(head, idat(data, "Secret"), iend),
		"a chunk behind the zlib stream":               join(head, idat(data), idat("Secret"), idat(), iend),
		"a wrong checksum of the pixels, 4 free bytes": join(head, idat(data[:len(data)-4], "Secr"), iend),
		"no checksum of the pixels":                    join(head, idat(data[:len(data)-4]), iend),
		"bytes behind IEND":                            join(head, idat(data), iend, "Secret"),
		"bytes in IEND":                                join(head, idat(data), sample.Chunk("IEND", "Secret")),
		"text before, within and behind":               join(head, sample.Chunk("tEXt", "a\x00Secret"), idat(data), sample.Chunk("zTXt", "a\x00\x00Secret"), iend),
		"an unknown chunk":                             join(head, sample.Chunk("seCr", "Secret"), idat(data), iend),
		"a suggested palette":                          join(head, sample.Chunk("sPLT", "Secret\x00\x08"), idat(data), iend),
		"a gamma of a wrong length":                    join(head, sample.Chunk("gAMA", "Secret"), idat(data), iend),
		"a gamma behind the picture":                   join(head, idat(data), sample.Chunk("gAMA", "Secr"), iend),
		"frames without an animation":                  join(head, idat(data), sample.Chunk("fcTL", "Secret"), sample.Chunk("fdAT", "\x00\x00\x00\x00Secret"), iend),
		"a profile that is none":                       join(head, sample.Chunk("iCCP", "Secret\x00\x00", sample.Zlib("Secret")), idat(data), iend),
		"a profile without end of its name":            join(head, sample.Chunk("iCCP", "Secret"), idat(data), iend),
		"an Exif block that is none":                   join(head, sample.Chunk("eXIf", "Secret"), idat(data), iend),
		"a gamma with a wrong checksum":                join(head, "\x00\x00\x00\x04gAMASecrXXXX", idat(data), iend),
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

func TestBrokenPNGsAreRefused(t *testing.T) {
	head, data, iend := pngParts()
	wrong := bytes.Clone(idat(data))
	wrong[len(wrong)-1]++
	badHead := bytes.Clone(head)
	badHead[20]++
	for _, test := range []struct {
		name, reason string
		b            []byte
	}{
		{"no IEND", "too early", join(head, idat(data))},
		{"no picture", "no picture", join(head, iend)},
		{"half a picture", "cut off", join(head, idat(data[:len(data)/2]), iend)},
		{"half a chunk", "too early", join(head, idat(data)[:40])},
		{"picture data with a wrong checksum", "checksum", join(head, wrong, iend)},
		{"a header with a wrong checksum", "checksum", join(badHead, idat(data), iend)},
		{"no header", "header", join(head[:8], idat(data), iend)},
		{"an unknown chunk that must be understood", "unknown", join(head, sample.Chunk("SECR"), idat(data), iend)},
		{"text between the chunks of the picture", "too early", join(head, idat(data[:20]), sample.Chunk("tEXt"), idat(data[20:]), iend)},
		{"fewer pixels than the header says", "too few", join(head, idat(sample.Zlib("\x00abc")), iend)},
		{"more pixels than the header says", "more pixels", join(head, idat(sample.Zlib(string(make([]byte, 9*(1+12*4)+1)))), iend)},
		{"a picture of too many pixels", "too many", join(bigHeader(1<<30, 1<<30), idat(data), iend)},
		{"a palette that is missing", "palette", join(sample.PlainPNG(1, 1)[:8], sample.Chunk("IHDR", "\x00\x00\x00\x01\x00\x00\x00\x01\x08\x03\x00\x00\x00"), idat(data), iend)},
		{"no chunk", "not a chunk", join(head, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")},
		{"a frame outside of the picture", "does not fit", join(head, animation(1), control(0, 13, 9), idat(data), iend)},
		{"frames in disorder", "disorder", join(head, animation(2), control(1, 12, 9), idat(data), iend)},
		{"a frame without picture", "without a picture", join(head, animation(2), control(0, 12, 9), idat(data), control(1, 12, 9), iend)},
		{"a frame that is cut off", "cut off", join(head, animation(2), control(0, 12, 9), idat(data), control(1, 12, 9), fdat(2, data[:30]), iend)},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := tryStrip(t, test.b, nil)
			var bad *FormatError
			if !errors.As(err, &bad) || bad.Format != PNG || !strings.Contains(bad.Reason, test.reason) {
				t.Errorf("got %v, want a reason with %q", err, test.reason)
			}
			if Verify(bytes.NewReader(test.b), int64(len(test.b))) == nil {
				t.Error("Verify accepts it")
			}
		})
	}
}

func bigHeader(w, h uint32) []byte {
	data := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return join(pngSignature, sample.Chunk("IHDR", string(data), "\x08\x06\x00\x00\x00"))
}

func animation(frames byte) []byte {
	return sample.Chunk("acTL", "\x00\x00\x00", string([]byte{frames}), "\x00\x00\x00\x00")
}

func control(seq, w, h byte) []byte {
	return sample.Chunk("fcTL", "\x00\x00\x00", string([]byte{seq}), "\x00\x00\x00", string([]byte{w}), "\x00\x00\x00", string([]byte{h}),
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x0a\x00\x00")
}

func fdat(seq byte, data string) []byte {
	return sample.Chunk("fdAT", "\x00\x00\x00", string([]byte{seq}), data)
}

func TestPNGKeepsWhatChangesTheLook(t *testing.T) {
	head, data, iend := pngParts()
	for name, b := range map[string][]byte{
		"several chunks, one empty": join(head, idat(data[:7]), idat(), idat(data[7:]), iend),
		"colours": join(head, sample.Chunk("cHRM", string(make([]byte, 32))), sample.Chunk("gAMA", "\x00\x00\xb1\x8f"), sample.Chunk("sRGB", "\x00"),
			sample.Chunk("cICP", "\x01\x0d\x00\x01"), sample.Chunk("mDCV", string(make([]byte, 24))), sample.Chunk("cLLI", string(make([]byte, 8))),
			sample.Chunk("sBIT", "\x08\x08\x08\x08"[:len("\x08\x08\x08\x08")-1+int(head[25]>>2&1)]), idat(data), iend),
		"density and background":                 join(head, sample.Chunk("pHYs", "\x00\x00\x0b\x13\x00\x00\x0b\x13\x01"), sample.Chunk("bKGD", "\x00\x01\x00\x02\x00\x03"), idat(data), iend),
		"an orientation":                         join(head, sample.Chunk("eXIf", string(look{orientation: 5}.exif())), idat(data), iend),
		"an animation":                           join(head, animation(2), control(0, 12, 9), idat(data), control(1, 12, 9), fdat(2, data[:9]), fdat(3, data[9:]), iend),
		"an animation without its first picture": join(head, animation(1), idat(data), control(0, 12, 9), fdat(1, data), iend),
	} {
		t.Run(name, func(t *testing.T) {
			if out := strip(t, b, nil); !bytes.Equal(out, b) {
				t.Errorf("got\n%q, want it unchanged:\n%q", out, b)
			}
		})
	}
}

func TestAPNGFramesAreNumberedAnewWhenBytesGo(t *testing.T) {
	head, data, iend := pngParts()
	dirty := join(head, animation(3), control(0, 12, 9), idat(data),
		control(1, 12, 9), fdat(2, data+"Secret"), fdat(3, "Secret"),
		control(4, 12, 9), fdat(5, data[:30]), fdat(6, data[30:]), iend)
	want := join(head, animation(3), control(0, 12, 9), idat(data),
		control(1, 12, 9), fdat(2, data),
		control(3, 12, 9), fdat(4, data[:30]), fdat(5, data[30:]), iend)
	if got := strip(t, dirty, nil); !bytes.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

func TestAPNGFramesBeyondItsNumberGo(t *testing.T) {
	head, data, iend := pngParts()
	want := join(head, animation(1), control(0, 12, 9), idat(data), iend)
	dirty := join(head, animation(1), control(0, 12, 9), idat(data), control(1, 12, 9), fdat(2, data), iend)
	if got := strip(t, dirty, nil); !bytes.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

func TestPNGProfileIsReducedAndItsNameGoes(t *testing.T) {
	head, data, iend := pngParts()
	b := join(head, sample.Chunk("iCCP", "Secret\x00\x00", sample.Zlib(string(sample.Profile())), "Secret"), idat(data), iend)
	out := strip(t, b, nil)
	noSecrets(t, out)
	i := bytes.Index(out, []byte("iCCPicc\x00\x00"))
	if i < 0 {
		t.Fatalf("got %q", out)
	}
	profile, rest, err := readICCP(out[i+4 : i+4+int(binary.BigEndian.Uint32(out[i-4:]))])
	if err != nil || rest != 0 || !bytes.Equal(profile, reduceProfile(sample.Profile())) {
		t.Errorf("got %q, %d, %v", profile, rest, err)
	}
}

func TestPNGOrientationInTextBecomesExif(t *testing.T) {
	head, data, iend := pngParts()
	text := func(orientation int) string {
		return fmt.Sprintf("\nexif\n    1234\n%x\n", "Exif\x00\x00"+string(sample.Exif(binary.LittleEndian, orientation, false)))
	}
	exif := func(orientation int) []byte {
		return sample.Chunk("eXIf", string(look{orientation: orientation}.exif()))
	}
	raw := sample.Chunk("tEXt", "Raw profile type APP1\x00", text(6))
	packed := sample.Chunk("zTXt", "Raw profile type exif\x00\x00", sample.Zlib(text(6)))
	for _, test := range []struct {
		name     string
		in, want []byte
	}{
		{"text before the picture", join(head, raw, idat(data), iend), join(head, exif(6), idat(data), iend)},
		{"text behind the picture", join(head, idat(data), raw, iend), join(head, idat(data), exif(6), iend)},
		{"compressed text", join(head, packed, idat(data), iend), join(head, exif(6), idat(data), iend)},
		{"text and a chunk before it", join(head, exif(3), raw, idat(data), iend), join(head, exif(3), idat(data), iend)},
		{"text and an upright chunk before it", join(head, sample.Chunk("eXIf", string(sample.Exif(binary.LittleEndian, 1, false))), raw, idat(data), iend), join(head, idat(data), iend)},
		{"two texts", join(head, raw, sample.Chunk("tEXt", "Raw profile type exif\x00", text(3)), idat(data), iend), join(head, exif(6), idat(data), iend)},
		{"text and a chunk behind it", join(head, raw, exif(3), idat(data), iend), join(head, exif(3), idat(data), iend)},
		{"text that says nothing", join(head, sample.Chunk("tEXt", "Raw profile type exif\x00\nexif\n8\nxyz"), idat(data), iend), join(head, idat(data), iend)},
	} {
		if out := strip(t, test.in, nil); !bytes.Equal(out, test.want) {
			t.Errorf("%s: got\n%q, want\n%q", test.name, out, test.want)
		}
	}
}

func TestPNGProfileBombIsRefused(t *testing.T) {
	head, data, iend := pngParts()
	b := join(head, sample.Chunk("iCCP", "x\x00\x00", sample.Zlib(string(make([]byte, 2*maxProfile)))), idat(data), iend)
	if n := sample.Allocated(func() {
		if _, err := tryStrip(t, b, nil); err == nil {
			t.Error("it was taken")
		}
	}); n > MaxMemory {
		t.Errorf("%d MiB were allocated", n>>20)
	}
}

func TestInterlacedRawSizes(t *testing.T) {
	for _, test := range []struct {
		w, h, want int64
		h0         ihdr
	}{
		{1, 1, 2, ihdr{depth: 8, colour: 0, interlaced: true}},
		{8, 8, 64 + 15, ihdr{depth: 8, colour: 0, interlaced: true}},
		{5, 3, 22, ihdr{depth: 8, colour: 0, interlaced: true}},
		{3, 2, 2 * (1 + 9), ihdr{depth: 8, colour: 2}},
		{9, 1, 1 + 2, ihdr{depth: 1, colour: 3}},
		{2, 2, 2 * (1 + 16), ihdr{depth: 16, colour: 6}},
	} {
		if got := test.h0.raw(test.w, test.h); got != test.want {
			t.Errorf("%d by %d, %+v: got %d, want %d", test.w, test.h, test.h0, got, test.want)
		}
	}
}
