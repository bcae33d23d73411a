package seal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/seed-7b314ca8/mayfly/client/seal"
	"github.com/seed-7b314ca8/mayfly/client/seal/internal/cobblestone"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// fileOf returns the file of so many bytes that all tests and vectors use: SHA-256(u64be(0)), SHA-256(u64be(1)), …
func fileOf(length int64) []byte {
	file := make([]byte, 0, length+sha256.Size)
	for i := uint64(0); int64(len(file)) < length; i++ {
		block := sha256.Sum256(binary.BigEndian.AppendUint64(nil, i))
		file = append(file, block[:]...)
	}
	return file[:length]
}

// rowOf returns 32 bytes that depend on name alone.
func rowOf(name string) wire.Row { return sha256.Sum256([]byte(name)) }

// A blob is a sealed file and all that it takes to open it, for tests to spoil.
type blob struct {
	secret  seal.Secret
	share   wire.Share
	id      wire.BlobID
	salt    seal.Salt
	params  seal.Params
	digests []wire.Hash
	parts   [][]byte
}

// newBlob returns a blob whose secrets depend on name alone, without parts.
func newBlob(name string) *blob {
	b := &blob{secret: seal.SecretOf(rowOf(name + " secret")), share: wire.ShareOf(rowOf(name + " share"))}
	id, salt := rowOf(name+" id"), rowOf(name+" salt")
	copy(b.id[:], id[:])
	copy(b.salt[:], salt[:])
	return b
}

func (b *blob) key() seal.Key { return seal.Derive(b.secret, b.share, b.id) }

// A tester is a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// seal seals file into b.
func (b *blob) seal(tb tester, file []byte, partSize int) *blob {
	tb.Helper()
	s, err := seal.NewSealer(b.key(), b.salt, int64(len(file)), partSize)
	if err != nil {
		tb.Fatal(err)
	}
	b.parts = make([][]byte, s.Parts())
	for i := range b.parts {
		if b.parts[i], err = s.Part(nil, i, bytes.NewReader(file)); err != nil {
			tb.Fatal(err)
		}
		if len(b.parts[i]) != s.PartSize(i) || len(b.parts[i]) > partSize {
			tb.Fatalf("part %d of %d has %d bytes, want %d, and at most %d", i, s.Parts(), len(b.parts[i]), s.PartSize(i), partSize)
		}
	}
	b.params = seal.Params{Size: s.Size(), PartSize: partSize, Length: int64(len(file))}
	b.commit()
	if want, err := s.Params(b.digests); err != nil || b.params != want {
		tb.Fatalf("Params are %v (%v), want %v", want, err, b.params)
	}
	return b
}

// sealPlain seals plain into b as if it were the padded plaintext of a file of length bytes, whatever it says.
func (b *blob) sealPlain(tb tester, plain []byte, length int64, partSize int) *blob {
	tb.Helper()
	key := b.key().Reveal()
	context := binary.BigEndian.AppendUint64([]byte("mayfly/file/v1\x00"), uint64(length))
	c, err := cobblestone.New(cobblestone.AES256, key[:], b.salt, context)
	if err != nil {
		tb.Fatal(err)
	}
	header := c.Header()
	whole, err := c.Seal(header[:], 0, plain, true)
	if err != nil {
		tb.Fatal(err)
	}
	b.params = seal.Params{Size: int64(len(whole)), PartSize: partSize, Length: length}
	b.parts = nil
	for i := range wire.Parts(b.params.Size, partSize) {
		off, n := wire.PartRange(b.params.Size, partSize, i)
		b.parts = append(b.parts, slices.Clone(whole[off:off+n]))
	}
	b.commit()
	return b
}

// commit makes digests and root true of the parts: what who knows the key could do, and nobody else.
func (b *blob) commit() {
	b.digests = make([]wire.Hash, len(b.parts))
	for i := range b.parts {
		b.digests[i] = wire.Sum(b.parts[i])
	}
	b.params.Root = seal.RootOf(b.params.Size, b.params.PartSize, b.digests)
}

// header returns what part 0 begins with.
func (b *blob) header() (h [wire.HeaderSize]byte) {
	copy(h[:], b.parts[0])
	return h
}

func (b *blob) opener() (*seal.Opener, error) {
	v, err := seal.NewVerifier(b.params, b.digests)
	if err != nil {
		return nil, err
	}
	return v.Open(b.key(), b.header())
}

// open opens all parts, the last first.
func (b *blob) open() ([]byte, error) {
	o, err := b.opener()
	if err != nil {
		return nil, err
	}
	file := make([]byte, b.params.Length)
	for i := o.Parts() - 1; i >= 0; i-- {
		plain, err := o.Part(nil, i, b.parts[i])
		if err != nil {
			return nil, err
		}
		off, n := o.FileRange(i)
		if int64(len(plain)) != n || copy(file[off:], plain) != int(n) {
			return nil, fmt.Errorf("part %d holds %d bytes, want %d at %d", i, len(plain), n, off)
		}
	}
	return file, nil
}

const small = wire.MinPartSize // S of most tests

// perPart is how much plaintext a part of S = small holds.
const perPart = (small/wire.ChunkSize - 1) * wire.ChunkSize

func TestOpenGivesBackWhatWasSealed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.OneOf(
			rapid.Int64Range(0, 3),
			rapid.Custom(func(t *rapid.T) int64 {
				edge := rapid.SampledFrom([]int64{
					wire.ChunkSize, 18432, 2 * wire.ChunkSize, perPart, perPart + wire.ChunkSize, 2 * perPart, 256 << 10, 288 << 10, 1 << 20,
				}).Draw(t, "edge")
				return edge + rapid.Int64Range(-2, 2).Draw(t, "from edge")
			}),
			rapid.Int64Range(0, 5*perPart),
		).Draw(t, "length")
		partSize := rapid.SampledFrom([]int{small, 2 * small, wire.DefaultPartSize(length), wire.MaxPartSize}).Draw(t, "part size")
		file := fileOf(length)
		got, err := newBlob("a").seal(t, file, partSize).open()
		if err != nil || !bytes.Equal(got, file) {
			t.Fatalf("sealed %d bytes, opened %d: %v", length, len(got), err)
		}
	})
}

func TestPartsAreAppended(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file := fileOf(rapid.Int64Range(0, 4*perPart).Draw(t, "length"))
		b := newBlob("a").seal(t, file, small)
		i := rapid.IntRange(0, len(b.parts)-1).Draw(t, "part")
		prefix := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "prefix")
		room := rapid.IntRange(0, 2*small).Draw(t, "room")
		s, err := seal.NewSealer(b.key(), b.salt, b.params.Length, small)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := s.Part(used(prefix, room), i, bytes.NewReader(file))
		if want := slices.Concat(prefix, b.parts[i]); err != nil || !bytes.Equal(sealed, want) {
			t.Fatalf("part %d is sealed otherwise behind %x: %v", i, prefix, err)
		}
		o, err := b.opener()
		if err != nil {
			t.Fatal(err)
		}
		off, n := o.FileRange(i)
		plain, err := o.Part(used(prefix, room), i, b.parts[i])
		if want := slices.Concat(prefix, file[off:off+n]); err != nil || !bytes.Equal(plain, want) {
			t.Fatalf("part %d is opened otherwise behind %x: %v", i, prefix, err)
		}
	})
}

// used returns prefix in a buffer with room behind it that is full of something else.
func used(prefix []byte, room int) []byte {
	return append(slices.Clone(prefix), bytes.Repeat([]byte{0xff}, room)...)[:len(prefix)]
}

func TestPartsOfAReaderThatReturnsEOFEarlyOrWithItsLastByte(t *testing.T) {
	file := fileOf(1000)
	want := newBlob("a").seal(t, file, small)
	s, err := seal.NewSealer(want.key(), want.salt, 1000, small)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Part(nil, 0, eofReader(file)); err != nil || !bytes.Equal(got, want.parts[0]) {
		t.Errorf("a reader that returns EOF with its last byte gives another part (%v)", err)
	}
	if _, err := s.Part(nil, 0, shortReader{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a reader that reads nothing and says nothing: %v", err)
	}
	if _, err := s.Part(nil, 0, bytes.NewReader(file[:999])); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that became shorter: %v", err)
	}
	if _, err := s.Part(nil, 0, brokenReader{}); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("a reader that fails: %v", err)
	}
}

// eofReader returns io.EOF together with the last byte, as an io.ReaderAt may.
type eofReader []byte

func (r eofReader) ReadAt(p []byte, off int64) (int, error) { return copy(p, r[off:]), io.EOF }

type shortReader struct{}

func (shortReader) ReadAt([]byte, int64) (int, error) { return 0, nil }

type brokenReader struct{}

func (brokenReader) ReadAt(p []byte, _ int64) (int, error) {
	return copy(p, "what was read before"), iotest.ErrTimeout
}

func TestNothingOfTheFileIsLeftBehindASealedPart(t *testing.T) {
	file := bytes.Repeat([]byte("canary! "), perPart/4)
	b := newBlob("a")
	s, err := seal.NewSealer(b.key(), b.salt, int64(len(file)), small)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Parts() {
		part, err := s.Part(make([]byte, 0, s.Room()), i, bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(part[:cap(part)], []byte("canary!")) {
			t.Errorf("part %d or the room behind it has plaintext", i)
		}
	}
	dst := make([]byte, 0, s.Room())
	if _, err := s.Part(dst, 0, brokenReader{}); err == nil || bytes.Contains(dst[:cap(dst)], []byte("what was")) {
		t.Errorf("a failed read (%v) leaves plaintext", err)
	}
}

func TestPartsAreSealedAndOpenedAtTheSameTime(t *testing.T) {
	file := fileOf(8*perPart + 5)
	want := newBlob("a").seal(t, file, small)
	s, err := seal.NewSealer(want.key(), want.salt, int64(len(file)), small)
	if err != nil {
		t.Fatal(err)
	}
	o, err := want.opener()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range s.Parts() {
		wg.Go(func() {
			part, err := s.Part(nil, i, bytes.NewReader(file))
			if err != nil || !bytes.Equal(part, want.parts[i]) {
				t.Errorf("part %d is sealed otherwise: %v", i, err)
			}
		})
		wg.Go(func() {
			off, n := o.FileRange(i)
			plain, err := o.Part(nil, i, want.parts[i])
			if err != nil || !bytes.Equal(plain, file[off:off+n]) {
				t.Errorf("part %d opens otherwise: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func TestASealerRefuses(t *testing.T) {
	b := newBlob("a")
	for _, test := range []struct {
		name     string
		length   int64
		partSize int
	}{
		{"a length below zero", -1, small},
		{"a file longer than the longest", wire.MaxFileSize + 1, wire.MaxPartSize},
		{"a length near the end of int64", 1<<63 - 1, wire.MaxPartSize},
		{"a part size that is no power of two", 1, 3 << 20},
		{"a part size below the smallest", 1, small / 2},
		{"a part size above the largest", 1, 2 * wire.MaxPartSize},
		{"a negative part size", 1, -small},
		{"more parts than a blob may have", wire.MaxFileSize, 2 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := seal.NewSealer(b.key(), b.salt, test.length, test.partSize); err == nil {
				t.Error("no error")
			}
		})
	}
	s, err := seal.NewSealer(b.key(), b.salt, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, 1, 1 << 40} {
		if _, err := s.Part(nil, i, strings.NewReader("x")); err == nil {
			t.Errorf("part %d of 1 is sealed", i)
		}
	}
	if _, err := s.Params(nil); err == nil {
		t.Error("params without digests")
	}
}

func TestTheLongestFileHasItsParts(t *testing.T) {
	b := newBlob("a")
	s, err := seal.NewSealer(b.key(), b.salt, wire.MaxFileSize, 0)
	if err != nil {
		t.Fatal(err)
	}
	last := s.Parts() - 1
	part, err := s.Part(nil, last, zeros{})
	if err != nil || len(part) != s.PartSize(last) {
		t.Fatalf("the last part: %d bytes, %v", len(part), err)
	}
	if off, n := s.FileRange(last); off+n != wire.MaxFileSize {
		t.Errorf("the last part ends at %d", off+n)
	}
}

// zeros is a file of zeros without an end.
type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

func TestAPartTakesNoMemoryButItsBuffer(t *testing.T) {
	if runtime.GOOS == "js" {
		t.Skip("a promise takes memory")
	}
	file := fileOf(3 * perPart)
	b := newBlob("a").seal(t, file, small)
	s, err := seal.NewSealer(b.key(), b.salt, int64(len(file)), small)
	if err != nil {
		t.Fatal(err)
	}
	o, err := b.opener()
	if err != nil {
		t.Fatal(err)
	}
	src, sealed, plain := bytes.NewReader(file), make([]byte, 0, s.Room()), make([]byte, 0, o.Room())
	for i := range s.Parts() {
		n := testing.AllocsPerRun(10, func() {
			part, err := s.Part(sealed, i, src)
			if err != nil || &part[0] != &sealed[:1][0] {
				t.Fatalf("part %d is elsewhere: %v", i, err)
			}
		})
		m := testing.AllocsPerRun(10, func() {
			if _, err := o.Part(plain, i, b.parts[i]); err != nil {
				t.Fatal(err)
			}
		})
		// One for a nonce, whatever the number of chunks.
		if n > 1 || m > 1 {
			t.Errorf("part %d: %v allocations to seal and %v to open, want at most 1", i, n, m)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	secret := seal.NewSecret()
	for _, v := range []any{secret, &secret, seal.Derive(secret, wire.NewShare(), wire.BlobID{}), seal.KeyOf(wire.Row{})} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			if got := fmt.Sprintf(verb, v); got != "[key]" {
				t.Errorf("%s of a %T is %s", verb, v, got)
			}
		}
		if text, err := json.Marshal(v); !errors.Is(err, wire.ErrSecret) {
			t.Errorf("a %T marshals as %s, %v", v, text, err)
		}
		var log bytes.Buffer
		if slog.New(slog.NewTextHandler(&log, nil)).Info("", "v", v); !strings.Contains(log.String(), "v=[key]") {
			t.Errorf("a %T is logged as %s", v, log.String())
		}
	}
}

func TestSecretsAreRandomAndReveal(t *testing.T) {
	if a, b := seal.NewSecret(), seal.NewSecret(); a == b || a == (seal.Secret{}) || seal.SecretOf(a.Reveal()) != a {
		t.Error("secrets are not random, or do not reveal what they are of")
	}
	if a, b := seal.NewSalt(), seal.NewSalt(); a == b || a == (seal.Salt{}) {
		t.Error("salts are not random")
	}
	k := newBlob("a").key()
	if seal.KeyOf(k.Reveal()) != k || k == (seal.Key{}) {
		t.Error("a key does not reveal what it is of")
	}
}
