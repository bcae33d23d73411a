package bench

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/seed-7b314ca8/mayfly/client/seal"
	"github.com/seed-7b314ca8/mayfly/media"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// sealing measures the sealed-file format on one core against the cipher alone.
func sealing(b *table) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	plain := randomBytes(64 << 20)
	s := newSealed(b, plain)
	raw := newRaw(b)
	chunks := raw.chunks(plain)

	b.add("seal 64 MiB, one core", "raw AES-256-GCM in chunks of 16 KiB", "≥ 0.95",
		s.sealAll, func() { raw.sealAll(plain) })
	b.add("open 64 MiB, one core", "raw AES-256-GCM in chunks of 16 KiB", "≥ 0.90",
		s.openAll, func() { raw.openAll(chunks) })
	b.add("open 64 MiB, one core", "the same, and SHA-256 of the parts, which a reader owes (FORMAT, rule S2)", "",
		s.openAll, func() { raw.openAll(chunks); sha256.Sum256(plain) })
}

// A sealed is a blob in memory.
type sealed struct {
	b      *table
	plain  *bytes.Reader
	sealer *seal.Sealer
	opener *seal.Opener
	parts  [][]byte
	buffer []byte
}

func newSealed(b *table, plain []byte) *sealed {
	key := seal.Derive(seal.NewSecret(), wire.NewShare(), wire.BlobID{})
	sealer, err := seal.NewSealer(key, seal.NewSalt(), int64(len(plain)), 0)
	if err != nil {
		b.t.Fatal(err)
	}
	s := &sealed{b: b, plain: bytes.NewReader(plain), sealer: sealer, buffer: make([]byte, 0, sealer.Room())}
	var digests []wire.Hash
	for i := range sealer.Parts() {
		part, err := sealer.Part(nil, i, s.plain)
		if err != nil {
			b.t.Fatal(err)
		}
		s.parts, digests = append(s.parts, part), append(digests, wire.Sum(part))
	}
	params, err := sealer.Params(digests)
	if err != nil {
		b.t.Fatal(err)
	}
	verifier, err := seal.NewVerifier(params, digests)
	if err != nil {
		b.t.Fatal(err)
	}
	if s.opener, err = verifier.Open(key, [wire.HeaderSize]byte(s.parts[0])); err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (s *sealed) sealAll() {
	for i := range s.parts {
		if _, err := s.sealer.Part(s.buffer, i, s.plain); err != nil {
			s.b.t.Fatal(err)
		}
	}
}

func (s *sealed) openAll() {
	for i, part := range s.parts {
		if _, err := s.opener.Part(s.buffer, i, part); err != nil {
			s.b.t.Fatal(err)
		}
	}
}

// A raw is the cipher without a format.
type raw struct {
	b      *table
	aead   cipher.AEAD
	buffer []byte
}

func newRaw(b *table) *raw {
	block, err := aes.NewCipher(randomBytes(32))
	if err != nil {
		b.t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.t.Fatal(err)
	}
	return &raw{b: b, aead: aead, buffer: make([]byte, 0, sealedChunk)}
}

const sealedChunk = wire.ChunkSize + wire.ChunkOverhead

func nonce(i int) []byte { return binary.BigEndian.AppendUint64(make([]byte, 4), uint64(i)) }

// chunks returns plain, sealed chunk by chunk.
func (r *raw) chunks(plain []byte) (all []byte) {
	for i := 0; i*wire.ChunkSize < len(plain); i++ {
		all = r.aead.Seal(all, nonce(i), plain[i*wire.ChunkSize:][:wire.ChunkSize], nil)
	}
	return all
}

func (r *raw) sealAll(plain []byte) {
	for i := 0; i*wire.ChunkSize < len(plain); i++ {
		r.aead.Seal(r.buffer, nonce(i), plain[i*wire.ChunkSize:][:wire.ChunkSize], nil)
	}
}

func (r *raw) openAll(chunks []byte) {
	for i := 0; i*sealedChunk < len(chunks); i++ {
		if _, err := r.aead.Open(r.buffer, nonce(i), chunks[i*sealedChunk:][:sealedChunk], nil); err != nil {
			r.b.t.Fatal(err)
		}
	}
}

// stripping measures the removal of metadata from a large photo against copying it.
func stripping(b *table) {
	dir := b.t.TempDir()
	path, out := filepath.Join(dir, "photo.jpg"), filepath.Join(dir, "out.jpg")
	if err := os.WriteFile(path, largePhoto(b), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.add("strip a JPEG of 10 MB from file to file", "copying the file (io.Copy)", "≥ 0.67",
		func() { b.stripFile(path, out) }, func() { b.copyFile(path, out) })
}

// largePhoto returns a JPEG of about 10 MB: noise compresses badly.
func largePhoto(b *table) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 2600, 2000))
	rand.Read(img.Pix)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}); err != nil {
		b.t.Fatal(err)
	}
	return out.Bytes()
}

func (b *table) stripFile(path, out string) {
	in, err := os.Open(path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		b.t.Fatal(err)
	}
	f, err := media.Strip(in, info.Size(), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.writeFile(out, io.NewSectionReader(f, 0, f.Size()))
}

func (b *table) copyFile(path, out string) {
	in, err := os.Open(path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer in.Close()
	b.writeFile(out, struct{ io.Reader }{in}) // not by the kernel alone, which strip could not do either
}

func (b *table) writeFile(path string, r io.Reader) {
	f, err := os.Create(path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.CopyBuffer(struct{ io.Writer }{f}, r, make([]byte, 1<<20)); err != nil {
		b.t.Fatal(err)
	}
}
