package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image/color"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/media/internal/sample"
)

// header returns a VP8X chunk of a picture of 4 by 2 pixels.
func header(flags byte) []byte {
	return sample.RIFF("VP8X", string([]byte{flags}), "\x00\x00\x00\x03\x00\x00\x01\x00\x00")
}

var (
	riff     = sample.RIFF
	lossy    = riff("VP8 ", sample.VP8)
	alpha    = riff("ALPH", sample.ALPH)
	lossless = riff("VP8L", sample.VP8L(4, 2, color.NRGBA{1, 2, 3, 200}))
	anim     = riff("ANIM", "\x00\x00\x00\x00\x02\x00")
)

func frame(parts ...[]byte) []byte {
	return riff("ANMF", "\x00\x00\x00\x00\x00\x00\x03\x00\x00\x01\x00\x00\x64\x00\x00\x02", string(join2(parts)))
}

func join2(parts [][]byte) []byte { return bytes.Join(parts, nil) }

// resized returns b with another length in its RIFF header.
func resized(b []byte, by int) []byte {
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint32(b[4:], uint32(int(binary.LittleEndian.Uint32(b[4:]))+by))
	return b
}

func TestWebPIsCleaned(t *testing.T) {
	orientation := look{orientation: 6}.exif()
	exif := string(sample.Exif(binary.LittleEndian, 6, false))
	profile := riff("ICCP", string(reduceProfile(sample.Profile())))
	file := sample.WebP
	for _, test := range []struct {
		name     string
		in, want []byte
	}{
		{"bytes behind the end", join(file(lossy), "Secret"), file(lossy)},
		{"chunks behind a simple picture", file(lossy, riff("EXIF", exif), riff("XMP ", "Secret")), file(lossy)},
		{"a second picture", file(lossy, lossless), file(lossy)},
		{"unknown chunks", file(header(0), riff("SECR", "Secret"), lossy, riff("SECR", "Secret")), file(header(0), lossy)},
		{"flags of what goes", file(header(0x2c), lossy, riff("XMP ", "Secret")), file(header(0), lossy)},
		{"reserved flags and bytes", file(riff("VP8X", "\xd1SEC\x03\x00\x00\x01\x00\x00"), lossy), file(header(0x10), lossy)},
		{"a longer header", file(riff("VP8X", "\x00\x00\x00\x00\x03\x00\x00\x01\x00\x00Secret"), lossy), file(header(0), lossy)},
		{"a second header", file(header(0), header(0x10), lossy), file(header(0), lossy)},
		{"an orientation", file(header(8), lossy, riff("EXIF", exif)), file(header(8), lossy, riff("EXIF", string(orientation)))},
		{"an orientation behind an identifier", file(header(8), lossy, riff("EXIF", "Exif\x00\x00", exif)), file(header(8), lossy, riff("EXIF", string(orientation)))},
		{"Exif before the picture", file(header(8), riff("EXIF", exif), lossy), file(header(8), lossy, riff("EXIF", string(orientation)))},
		{"two Exif blocks", file(header(8), lossy, riff("EXIF", exif), riff("EXIF", exif)), file(header(8), lossy, riff("EXIF", string(orientation)))},
		{"a profile", file(header(0x20), riff("ICCP", string(sample.Profile())), lossless), file(header(0x20), profile, lossless)},
		{"a profile behind the picture", file(header(0x20), lossless, riff("ICCP", string(sample.Profile()))), file(header(0x20), profile, lossless)},
		{"a profile that is none", file(header(0x20), riff("ICCP", "Secret"), lossless), file(header(0), lossless)},
		{"something in a frame", file(header(2), anim, frame(alpha, lossy, riff("SECR", "Secret"))), file(header(2), anim, frame(alpha, lossy))},
		{"reserved bits of a frame", file(header(2), anim, bytes.Replace(frame(lossy), []byte("\x64\x00\x00\x02"), []byte("\x64\x00\x00\xfe"), 1)), file(header(2), anim, frame(lossy))},
		{"chunks between frames", file(header(2), anim, frame(lossy), riff("SECR", "Secret"), frame(lossless)), file(header(2), anim, frame(lossy), frame(lossless))},
		{"a still picture in an animation", file(header(2), anim, lossy, frame(lossless)), file(header(2), anim, frame(lossless))},
		{"frames in a still picture", file(header(0), lossy, frame(lossless)), file(header(0), lossy)},
		{"bytes behind the alpha channel", file(header(0x10), riff("ALPH", sample.ALPH, "Secret"), lossy), file(header(0x10), alpha, lossy)},
		{"bytes behind the alpha channel of a frame", file(header(2), anim, frame(riff("ALPH", sample.ALPH, "Secre"), lossy)), file(header(2), anim, frame(alpha, lossy))},
		{"padding that is not zero", bytes.Replace(file(lossless, riff("SECR", "abc")), []byte("abc\x00"), []byte("abcd"), 1), file(lossless)},
		{"padding of alpha", bytes.Replace(file(header(0x10), alpha, lossy), []byte(sample.ALPH+"\x00"), []byte(sample.ALPH+"S"), 1), file(header(0x10), alpha, lossy)},
		{"a length without the last padding", resized(file(header(0x10), alpha, lossy, riff("SECR", "abc")), -1), file(header(0x10), alpha, lossy)},
		{"a length that is too short by a chunk", resized(file(lossy, riff("SECR", "ab")), -10), file(lossy)},
		{"a chunk that is cut off at the end", file(lossy, []byte("SECR\xff\x00\x00\x00ab")), file(lossy)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if out := strip(t, test.in, nil); !bytes.Equal(out, test.want) {
				t.Errorf("got\n%q, want\n%q", out, test.want)
			}
			if Verify(bytes.NewReader(test.in), int64(len(test.in))) == nil {
				t.Error("Verify accepts it as it was")
			}
			if out := strip(t, test.want, nil); !bytes.Equal(out, test.want) {
				t.Errorf("what is clean has changed:\n%q, want\n%q", out, test.want)
			}
		})
	}
}

func TestBrokenWebPsAreRefused(t *testing.T) {
	file := sample.WebP
	for _, test := range []struct {
		name, reason string
		b            []byte
	}{
		{"no picture", "no picture", file(header(0))},
		{"alpha without a picture", "no picture", file(header(0x10), alpha)},
		{"an animation without frames", "no picture", file(header(2), anim)},
		{"an animation without its header", "without its header", file(header(2), frame(lossy))},
		{"an empty frame", "without a picture", file(header(2), anim, frame())},
		{"a frame that is too short", "without a header", file(header(2), anim, riff("ANMF", "abc"))},
		{"a picture that is cut off", "cut off", file(lossy)[:40]},
		{"a picture longer than its chunk", "cut off", file(riff("VP8 ", sample.VP8[:12]))},
		{"no key frame", "damaged", file(riff("VP8 ", "\x31"+sample.VP8[1:]))},
		{"no lossless picture", "damaged", file(riff("VP8L", "Secret"))},
		{"two channels of transparency", "separate alpha", file(header(0x10), alpha, lossless)},
		{"alpha that is cut off", "cut off", file(header(0x10), riff("ALPH", sample.ALPH[:8]), lossy)},
		{"alpha of an unknown compression", "alpha", file(header(0x10), riff("ALPH", "\x03"+sample.ALPH[1:]), lossy)},
	} {
		_, err := tryStrip(t, test.b, nil)
		var bad *FormatError
		if !errors.As(err, &bad) || bad.Format != WebP || !strings.Contains(bad.Reason, test.reason) {
			t.Errorf("%s: got %v, want a reason with %q", test.name, err, test.reason)
		}
		if Verify(bytes.NewReader(test.b), int64(len(test.b))) == nil {
			t.Errorf("%s: Verify accepts it", test.name)
		}
	}
}
