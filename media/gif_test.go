package media

import (
	"bytes"
	"errors"
	"image/gif"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/media/internal/sample"
)

// A small picture: two by two pixels, codes of two bits and more. Its data are clear, 0, 1,
// 1, 0, end, in codes of three bits, of which the last has four.
const (
	gifHead  = "GIF89a\x02\x00\x02\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
	gifFrame = ",\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02"
	gifData  = "\x44\x02\x05"
	gifLoop  = "\x21\xff\x0bNETSCAPE2.0\x03\x01\x07\x00\x00"
	gifDelay = "\x21\xf9\x04\x08\x0a\x00\x00\x00"

	gifPicture = gifFrame + "\x03" + gifData + "\x00"
)

func subBlock(data string) string { return string([]byte{byte(len(data))}) + data }

func TestGIFSampleIsWhatItSays(t *testing.T) {
	m, err := gif.Decode(strings.NewReader(gifHead + gifFrame + subBlock(gifData) + "\x00;"))
	if err != nil || m.Bounds().Dx() != 2 {
		t.Fatal(m, err)
	}
}

func TestGIFHidingPlaces(t *testing.T) {
	plain := gifHead + gifPicture + ";"
	for name, b := range map[string]string{
		"bytes behind the trailer":              plain + "Secret",
		"a comment":                             gifHead + "\x21\xfe\x06Secret\x00" + gifPicture + "\x21\xfe\x06Secret\x06Secret\x00;",
		"a plain text":                          gifHead + "\x21\x01\x0c............\x06Secret\x00" + gifPicture + ";",
		"an application's data":                 gifHead + "\x21\xff\x0bSecretMake0\x06Secret\x00" + gifPicture + ";",
		"an unknown extension":                  gifHead + "\x21\x99\x06Secret\x00" + gifPicture + ";",
		"an extension of no data":               gifHead + "\x21\xff\x00" + gifPicture + ";",
		"zeros between blocks":                  gifHead + "\x00\x00" + gifPicture + "\x00\x00;",
		"an unknown block":                      gifHead + gifPicture + "Secret",
		"no trailer":                            gifHead + gifPicture,
		"bytes behind the end code":             gifHead + gifFrame + subBlock(gifData+"Secret") + "\x00;",
		"a sub-block behind the end code":       gifHead + gifFrame + subBlock(gifData) + "\x06Secret\x00;",
		"bits behind the end code":              gifHead + gifFrame + subBlock("\x44\x02\xf5") + "\x00;",
		"a control extension without a picture": gifHead + gifPicture + gifDelay + ";",
		"a profile that is none":                gifHead + gifProfile + "\x06Secret\x00" + gifPicture + ";",
		"a loop of no length":                   gifHead + "\x21\xff\x0bNETSCAPE2.0\x00" + gifPicture + ";",
	} {
		t.Run(name, func(t *testing.T) {
			if out := strip(t, []byte(b), nil); string(out) != plain {
				t.Errorf("got\n%q, want\n%q", out, plain)
			}
			if Verify(strings.NewReader(b), int64(len(b))) == nil {
				t.Error("Verify accepts it as it was")
			}
		})
	}
}

func TestGIFPictureDataEndWhereThePictureDoes(t *testing.T) {
	for name, data := range map[string]string{
		"more pixels than the frame has":   "\x44\x02\x00\x00\x00",
		"no end code":                      "\x44\x02",
		"a clear code before the end code": "\x44\x02\x54",
	} {
		b := gifHead + gifFrame + subBlock(data) + "\x00;"
		out := strip(t, []byte(b), nil)
		if got, want := decodeGIF(t, string(out)), decodeGIF(t, gifHead+gifFrame+subBlock(gifData)+"\x00;"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the picture has changed: %v, want %v", name, got.Image[0].Pix, want.Image[0].Pix)
		}
	}
}

func decodeGIF(t *testing.T, b string) *gif.GIF {
	t.Helper()
	g, err := gif.DecodeAll(strings.NewReader(b))
	if err != nil {
		t.Fatalf("%v: %q", err, b)
	}
	return g
}

func TestGIFKeepsAnimation(t *testing.T) {
	for name, b := range map[string]string{
		"loop and delays":                     gifHead + gifLoop + gifDelay + gifPicture + gifDelay + gifPicture + ";",
		"the other loop":                      gifHead + strings.Replace(gifLoop, "NETSCAPE2.0", "ANIMEXTS1.0", 1) + gifPicture + ";",
		"a colour table":                      gifHead + strings.Replace(gifFrame, "\x02\x00\x00\x02", "\x02\x00\x80abcdef\x02", 1) + subBlock(gifData) + "\x00;",
		"interlace":                           gifHead + strings.Replace(gifFrame, "\x02\x00\x00\x02", "\x02\x00\x40\x02", 1) + subBlock(gifData) + "\x00;",
		"GIF87a":                              strings.Replace(gifHead, "89a", "87a", 1) + gifPicture + ";",
		"data of many blocks":                 gifHead + gifFrame + subBlock(gifData[:1]) + subBlock(gifData[1:2]) + subBlock(gifData[2:]) + "\x00;",
		"a picture cut short by its end code": gifHead + gifFrame + subBlock("\x44\x01") + "\x00;",
	} {
		if out := strip(t, []byte(b), nil); string(out) != b {
			t.Errorf("%s: got\n%q, want it unchanged:\n%q", name, out, b)
		}
	}
}

func TestGIFStructuresAreCleaned(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"two loops in one", gifHead + gifLoop[:18] + "\x05\x02Sec.\x00" + gifPicture + ";", gifHead + gifLoop + gifPicture + ";"},
		{"the last control extension counts", gifHead + strings.Replace(gifDelay, "\x0a", "\x0b", 1) + gifDelay + "\x21\xfe\x00" + gifPicture + ";", gifHead + gifDelay + gifPicture + ";"},
		{"reserved bits of a control extension", gifHead + strings.Replace(gifDelay, "\x08", "\xe8", 1) + gifPicture + ";", gifHead + gifDelay + gifPicture + ";"},
		{"a longer control extension", gifHead + gifDelay[:7] + "\x06Secret\x00" + gifPicture + ";", gifHead + gifDelay + gifPicture + ";"},
		{"reserved bits of a picture", gifHead + strings.Replace(gifPicture, "\x00\x02\x03", "\x18\x02\x03", 1) + ";", gifHead + gifPicture + ";"},
	} {
		if out := strip(t, []byte(test.in), nil); string(out) != test.want {
			t.Errorf("%s: got\n%q, want\n%q", test.name, out, test.want)
		}
	}
}

func TestGIFProfileIsReduced(t *testing.T) {
	out := strip(t, sample.GIF(), nil)
	want := appendSubBlocks([]byte(gifProfile), reduceProfile(sample.Profile()))
	if !bytes.Contains(out, want) {
		t.Errorf("got %q", out)
	}
}

func TestBrokenGIFsAreRefused(t *testing.T) {
	for _, test := range []struct{ name, reason, b string }{
		{"no picture", "no picture", gifHead + ";"},
		{"a colour table that is cut off", "too early", gifHead[:15]},
		{"an extension that is cut off", "too early", gifHead + "\x21\xfe\x06Sec"},
		{"a picture that is cut off", "too early", gifHead + gifFrame + "\x06\x44"},
		{"data that are no codes", "damaged", gifHead + gifFrame + subBlock("\xff\xff\xff") + "\x00;"},
		{"codes of no width", "width", gifHead + gifFrame[:10] + "\x00" + subBlock(gifData) + "\x00;"},
		{"codes of twenty bits", "width", gifHead + gifFrame[:10] + "\x14" + subBlock(gifData) + "\x00;"},
	} {
		_, err := tryStrip(t, []byte(test.b), nil)
		var bad *FormatError
		if !errors.As(err, &bad) || bad.Format != GIF || !strings.Contains(bad.Reason, test.reason) {
			t.Errorf("%s: got %v, want a reason with %q", test.name, err, test.reason)
		}
		if Verify(strings.NewReader(test.b), int64(len(test.b))) == nil {
			t.Errorf("%s: Verify accepts it", test.name)
		}
	}
}
