package media

import (
	"bytes"
	"io"
	"testing"

	"github.com/seed-7b314ca8/mayfly/media/internal/sample"
)

// bench returns pictures of some MB.
func bench() map[string][]byte {
	return map[string][]byte{
		"JPEG": longJPEG(10 << 20),
		"PNG":  sample.PlainPNG(1500, 1500),
		"GIF":  sample.PlainGIF(2000),
	}
}

// longJPEG returns a JPEG whose scan is about n bytes long, with as many stuffed bytes as
// chance has it.
func longJPEG(n int) []byte {
	head, tables, sos, data, eoi := parts()
	b := join(head, tables, sos)
	seed := uint32(1)
	for len(b) < n {
		seed = seed*1664525 + 1013904223
		c := byte(seed >> 24)
		if b = append(b, c); c == 0xff {
			b = append(b, 0)
		}
	}
	return join(b, data, eoi)
}

func BenchmarkStrip(b *testing.B) {
	for name, file := range bench() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, err := Strip(bytes.NewReader(file), int64(len(file)), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for name, file := range bench() {
		out := strip(b, file, nil)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(out)))
			for b.Loop() {
				if err := Verify(bytes.NewReader(out), int64(len(out))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCopy is what the others are measured against: reading a stripped file once.
func BenchmarkCopy(b *testing.B) {
	file := longJPEG(10 << 20)
	f, err := Strip(bytes.NewReader(file), int64(len(file)), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(f.Size())
	dst := make([]byte, 256<<10)
	for b.Loop() {
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.NewSectionReader(f, 0, f.Size()), dst); err != nil {
			b.Fatal(err)
		}
	}
}
