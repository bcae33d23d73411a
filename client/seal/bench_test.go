//go:build !wasm

package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/client/seal"
	"github.com/seed-7b314ca8/mayfly/client/seal/internal/cobblestone"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// against measures what, which goes through n bytes, against raw, which does the same with nothing but AES-256-GCM on
// chunks of 16 KiB. The two take turns, so that a busy machine slows both. "of-raw" is the ratio of their speeds.
func against(b *testing.B, n int, raw, what func()) {
	b.SetBytes(int64(n))
	b.ReportAllocs()
	var rawTime, whatTime time.Duration
	for b.Loop() {
		start := time.Now()
		raw()
		middle := time.Now()
		what()
		rawTime, whatTime = rawTime+middle.Sub(start), whatTime+time.Since(middle)
	}
	perSecond := float64(n) * float64(b.N) / 1e6
	b.ReportMetric(rawTime.Seconds()/whatTime.Seconds(), "of-raw")
	b.ReportMetric(perSecond/whatTime.Seconds(), "MB/s-alone")
}

// rawGCM seals the chunks of plain, and opens them again.
type rawGCM struct {
	aead                cipher.AEAD
	plain, sealed, back []byte
}

func newRawGCM(b *testing.B, plain []byte) *rawGCM {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	r := &rawGCM{aead, plain, make([]byte, len(plain)/wire.ChunkSize*sealedChunk), make([]byte, len(plain))}
	r.seal()
	return r
}

func (r *rawGCM) seal() {
	nonce := make([]byte, 12)
	for i := range len(r.plain) / wire.ChunkSize {
		r.aead.Seal(r.sealed[i*sealedChunk:][:0], nonce, r.plain[i*wire.ChunkSize:][:wire.ChunkSize], nil)
	}
}

func (r *rawGCM) open() {
	nonce := make([]byte, 12)
	for i := range len(r.plain) / wire.ChunkSize {
		if _, err := r.aead.Open(r.back[i*wire.ChunkSize:][:0], nonce, r.sealed[i*sealedChunk:][:sealedChunk], nil); err != nil {
			panic(err)
		}
	}
}

const benchPart = 1 << 20

var benchPlain = fileOf(int64(wire.ChunksPerPart(benchPart)) * wire.ChunkSize)

func benchCipher(b *testing.B) *cobblestone.Cipher {
	c, err := cobblestone.New(cobblestone.AES256, make([]byte, 32), seal.NewSalt(), nil)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func BenchmarkSealChunks(b *testing.B) {
	c, raw := benchCipher(b), newRawGCM(b, benchPlain)
	dst := make([]byte, 0, benchPart)
	against(b, len(benchPlain), raw.seal, func() {
		if _, err := c.Seal(dst, 0, benchPlain, false); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkOpenChunks(b *testing.B) {
	c, raw := benchCipher(b), newRawGCM(b, benchPlain)
	sealed, err := c.Seal(nil, 0, benchPlain, false)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, benchPart)
	against(b, len(benchPlain), raw.open, func() {
		if _, err := c.Open(dst, 0, sealed, false); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkSealPart reads the file too.
func BenchmarkSealPart(b *testing.B) {
	x, raw := newBlob("bench"), newRawGCM(b, benchPlain)
	s, err := seal.NewSealer(x.key(), x.salt, int64(len(benchPlain)), benchPart)
	if err != nil {
		b.Fatal(err)
	}
	src, dst := bytes.NewReader(benchPlain), make([]byte, 0, s.Room())
	against(b, len(benchPlain), raw.seal, func() {
		if _, err := s.Part(dst, 0, src); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkOpenPart checks the digest too.
func BenchmarkOpenPart(b *testing.B) {
	x, raw := newBlob("bench").seal(b, benchPlain, benchPart), newRawGCM(b, benchPlain)
	o, err := x.opener()
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, o.Room())
	against(b, len(benchPlain), raw.open, func() {
		if _, err := o.Part(dst, 0, x.parts[0]); err != nil {
			b.Fatal(err)
		}
	})
}
