// Package sample builds small pictures that are full of metadata, for the tests of media and
// of media/inspect. The pictures are what encoders of the standard library make; everything
// around them is put there by hand, as cameras and programs do it.
package sample

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
)

// Secrets are strings that stand in every picture of this package with metadata, and in no
// other.
var Secrets = []string{"SecretMake", "SecretModel", "SecretSerial", "SecretArtist", "SecretText", "2024:05:01 10:33:00"}

// Picture returns a picture with many colours, w by h pixels, the same every time.
func Picture(w, h int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	seed := uint32(1)
	for y := range h {
		for x := range w {
			seed = seed*1664525 + 1013904223
			m.SetNRGBA(x, y, color.NRGBA{uint8(3*x) + uint8(seed>>30), uint8(5 * y), uint8(x * y), 255})
		}
	}
	return m
}

// PlainJPEG returns a JPEG without metadata.
func PlainJPEG(w, h int) []byte {
	var b bytes.Buffer
	must(jpeg.Encode(&b, Picture(w, h), &jpeg.Options{Quality: 85}))
	return b.Bytes()
}

// PlainPNG returns a PNG without metadata.
func PlainPNG(w, h int) []byte {
	var b bytes.Buffer
	must(png.Encode(&b, Picture(w, h)))
	return b.Bytes()
}

// PlainGIF returns an animation of n frames without metadata.
func PlainGIF(n int) []byte {
	g := &gif.GIF{LoopCount: 0}
	palette := color.Palette{color.Black, color.White, color.Transparent, color.RGBA{200, 0, 0, 255}}
	for i := range n {
		m := image.NewPaletted(image.Rect(0, 0, 20, 15), palette)
		for p := range m.Pix {
			m.Pix[p] = byte(p*7+p/20*(i+3)) % 4
		}
		g.Image, g.Delay, g.Disposal = append(g.Image, m), append(g.Delay, 10+i), append(g.Disposal, gif.DisposalBackground)
	}
	var b bytes.Buffer
	must(gif.EncodeAll(&b, g))
	return b.Bytes()
}

func must(err error) {
	if err != nil {
		panic(err) // an encoder of the standard library cannot write to memory
	}
}

// Segment returns a JPEG marker segment.
func Segment(marker byte, data ...string) []byte {
	b := []byte{0xff, marker, 0, 0}
	for _, d := range data {
		b = append(b, d...)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-2))
	return b
}

// JPEG returns a JPEG as a telephone with all its programs would leave it: Exif with the
// given orientation, XMP, IPTC, comments, profile, an index of pictures, a thumbnail, and a
// video behind its end.
func JPEG(orientation int) []byte {
	plain := PlainJPEG(40, 30)
	out := append([]byte(nil), plain[:2]...)
	thumb := "\x02\x01" + string(make([]byte, 6)) // 2 by 1 pixels
	for _, seg := range [][]byte{
		Segment(0xe0, "JFIF\x00\x01\x02\x01\x00\x48\x00\x48", thumb),
		Segment(0xe0, "JFXX\x00\x13", thumb, "SecretText"),
		Segment(0xe1, "Exif\x00\x00", string(Exif(binary.LittleEndian, orientation, false))),
		Segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00", XMP()),
		Segment(0xe1, "http://ns.adobe.com/xmp/extension/\x00", "0123456789abcdef0123456789abcdef", "\x00\x00\x00\x0a\x00\x00\x00\x00", "SecretText"),
		Segment(0xe2, "ICC_PROFILE\x00\x01\x01", string(Profile())),
		Segment(0xe2, "MPF\x00SecretText"),
		Segment(0xe3, "SecretText"),
		Segment(0xeb, "JP\x00\x01SecretText"),
		Segment(0xed, "Photoshop 3.0\x00", string(IPTC())),
		Segment(0xee, "Adobe\x00\x64\x80\x00\x00\x00\x01", "SecretText"),
		Segment(0xef, "SecretText"),
		Segment(0xfe, "SecretText of a comment"),
	} {
		out = append(out, seg...)
	}
	out = append(out, plain[2:]...)
	return append(out, "\x00\x00\x00\x18ftypmp42SecretText of a video"...)
}

// Chunk returns a PNG chunk.
func Chunk(typ string, data ...string) []byte {
	b := append(make([]byte, 4), typ...)
	for _, d := range data {
		b = append(b, d...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-8))
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// Zlib compresses s.
func Zlib(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write([]byte(s))
	must(err)
	must(w.Close())
	return b.String()
}

// PNGMetadata are the chunks that PNG puts behind the header.
func PNGMetadata(orientation int) []byte {
	return bytes.Join([][]byte{
		Chunk("gAMA", "\x00\x00\xb1\x8f"),
		Chunk("iCCP", "SecretText\x00\x00", Zlib(string(Profile()))),
		Chunk("pHYs", "\x00\x00\x0b\x13\x00\x00\x0b\x13\x01"),
		Chunk("eXIf", string(Exif(binary.BigEndian, orientation, false))),
		Chunk("tIME", "\x07\xe8\x05\x01\x0a\x21\x00"),
		Chunk("tEXt", "Author\x00SecretArtist"),
		Chunk("zTXt", "Comment\x00\x00", Zlib("SecretText in a zTXt")),
		Chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00", XMP()),
		Chunk("tEXt", "Raw profile type exif\x00", rawProfile("exif", "Exif\x00\x00"+string(Exif(binary.LittleEndian, 1, false)))),
		Chunk("sPLT", "SecretText\x00\x08"),
		Chunk("mkBS", "SecretText"),
		Chunk("caBX", "SecretText"),
	}, nil)
}

func rawProfile(name, data string) string {
	return fmt.Sprintf("\n%s\n%8d\n%x\n", name, len(data), data)
}

// PNG returns a PNG with everything that programs put into one, and the end of an older
// picture behind its own.
func PNG(orientation int) []byte {
	plain := PlainPNG(32, 24)
	out := append([]byte(nil), plain[:33]...)
	out = append(out, PNGMetadata(orientation)...)
	out = append(out, plain[33:len(plain)-12]...)
	out = append(out, Chunk("tEXt", "Late\x00SecretText")...)
	out = append(out, plain[len(plain)-12:]...)
	return append(out, "SecretText of an older picture"...)
}

// APNG returns an animation of three frames, the first of which is the picture itself.
func APNG() []byte {
	plain := PlainPNG(16, 12)
	idat := plain[33 : len(plain)-12]
	data := string(idat[8 : len(idat)-4])
	control := func(seq byte) []byte {
		return Chunk("fcTL", "\x00\x00\x00"+string([]byte{seq})+"\x00\x00\x00\x10\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x0a\x01\x00")
	}
	return bytes.Join([][]byte{
		plain[:33],
		Chunk("acTL", "\x00\x00\x00\x03\x00\x00\x00\x00"),
		control(0), Chunk("tEXt", "Author\x00SecretArtist"), idat,
		control(1), Chunk("fdAT", "\x00\x00\x00\x02", data[:20]), Chunk("fdAT", "\x00\x00\x00\x03", data[20:]),
		control(4), Chunk("fdAT", "\x00\x00\x00\x05", data),
		Chunk("IEND"),
	}, nil)
}

// GIF returns an animation with comments, application data and bytes behind its end.
func GIF() []byte {
	plain := PlainGIF(3)
	head := 13 + 3<<(plain[10]&7+1)
	if plain[10]&0x80 == 0 {
		head = 13
	}
	out := append([]byte(nil), plain[:head]...)
	out = append(out, "\x21\xfe\x0aSecretText\x00"...)
	out = append(out, "\x21\x01\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x08\x08\x01\x02\x0aSecretText\x00"...)
	out = append(out, "\x21\xff\x0bXMP DataXMP"+XMP()...)
	out = append(out, 1) // the magic trailer, on which every length lands
	for i := 255; i >= 0; i-- {
		out = append(out, byte(i))
	}
	out = append(out, 0)
	out = append(out, "\x21\xff\x0bSecretMake0\x0cSecretSerial\x00"...)
	out = append(out, "\x21\xff\x0bICCRGBG1012"...)
	for p := Profile(); len(p) > 0; p = p[min(len(p), 200):] {
		n := min(len(p), 200)
		out = append(append(out, byte(n)), p[:n]...)
	}
	out = append(out, 0)
	out = append(out, plain[head:]...)
	return append(out, "SecretText of an older picture"...)
}

// RIFF returns a RIFF chunk, padded.
func RIFF(typ string, data ...string) []byte {
	b := append([]byte(typ), 0, 0, 0, 0)
	for _, d := range data {
		b = append(b, d...)
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// WebP returns a WebP file of the given chunks.
func WebP(chunks ...[]byte) []byte {
	return RIFF("RIFF", "WEBP", string(bytes.Join(chunks, nil)))
}

// VP8 is a lossy picture of 4 by 2 pixels, with a channel of transparency that is not
// compressed.
const (
	VP8 = "\x30\x01\x00\x9d\x01\x2a\x04\x00\x02\x00\x0c\xc0\xce\x25\xa0\x00\x03\x70" +
		"\x00\xfe\xe8\xef\x14\xd9\x83\xe5\xd1\x83\x5f\x41\xf1\x8d\xa0\x00"
	ALPH = "\x00\x00\x3c\x78\xb4\x00\x3c\x78\xb4"
)

// VP8L returns a lossless picture of w by h pixels of one colour: five prefix codes of one
// symbol each, and so not one bit for a pixel.
func VP8L(w, h int, c color.NRGBA) string {
	b := bits{}
	b.put(0x2f, 8)
	b.put(uint32(w-1), 14)
	b.put(uint32(h-1), 14)
	b.put(1, 1) // alpha is used
	b.put(0, 3) // version
	b.put(0, 3) // no transform, no colour cache, no groups of codes
	for _, symbol := range []byte{c.G, c.R, c.B, c.A, 0} {
		b.put(0b101, 3) // a simple code, of one symbol, of eight bits
		b.put(uint32(symbol), 8)
	}
	return string(b.b)
}

type bits struct {
	b []byte
	n int
}

func (b *bits) put(v uint32, n int) {
	for i := range n {
		if b.n%8 == 0 {
			b.b = append(b.b, 0)
		}
		b.b[b.n/8] |= byte(v>>i&1) << (b.n % 8)
		b.n++
	}
}

// WebPMetadata are the chunks that programs put behind the picture.
func WebPMetadata(orientation int) []byte {
	return bytes.Join([][]byte{
		RIFF("EXIF", string(Exif(binary.LittleEndian, orientation, false))),
		RIFF("XMP ", XMP()),
		RIFF("C2PA", "SecretText"),
		RIFF("junk", "SecretText"),
	}, nil)
}

// LossyWebP returns a WebP with transparency and all metadata.
func LossyWebP(orientation int) []byte {
	return append(WebP(
		RIFF("VP8X", "\x3c\x00\x00\x00\x03\x00\x00\x01\x00\x00"),
		RIFF("ICCP", string(Profile())),
		RIFF("ALPH", ALPH),
		RIFF("VP8 ", VP8),
		WebPMetadata(orientation),
	), "SecretText behind the end"...)
}

// AnimatedWebP returns an animation with all metadata, also within its frames.
func AnimatedWebP() []byte {
	frame := func(parts ...[]byte) []byte {
		return RIFF("ANMF", "\x00\x00\x00\x00\x00\x00\x03\x00\x00\x01\x00\x00\x64\x00\x00\x02", string(bytes.Join(parts, nil)))
	}
	return WebP(
		RIFF("VP8X", "\x1e\x00\x00\x00\x03\x00\x00\x01\x00\x00"),
		RIFF("ANIM", "\x00\x00\x00\x00\x02\x00"),
		frame(RIFF("ALPH", ALPH), RIFF("VP8 ", VP8), RIFF("junk", "SecretText")),
		frame(RIFF("VP8L", VP8L(4, 2, color.NRGBA{1, 2, 3, 4}))),
		WebPMetadata(1),
	)
}

// All returns pictures of every format with metadata, by name.
func All() map[string][]byte {
	return map[string][]byte{
		"camera.jpg":   JPEG(6),
		"upright.jpg":  JPEG(1),
		"picture.png":  PNG(8),
		"upright.png":  PNG(1),
		"anim.png":     APNG(),
		"anim.gif":     GIF(),
		"lossy.webp":   LossyWebP(3),
		"upright.webp": LossyWebP(1),
		"anim.webp":    AnimatedWebP(),
		"simple.webp":  append(WebP(RIFF("VP8L", VP8L(9, 7, color.NRGBA{9, 8, 7, 255})), RIFF("EXIF", "SecretText")), "SecretText"...),
		"photo.heic":   HEIC(),
		"picture.avif": AVIF(),
		"video.mp4":    MP4(),
		"parts.mp4":    Fragmented(),
		"old.mov":      QuickTime(),
		"phone.3gp":    ThreeGP(),
		"sound.m4a":    M4A(),
	}
}
