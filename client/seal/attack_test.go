package seal_test

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/seed-7b314ca8/mayfly/client/seal"
	"github.com/seed-7b314ca8/mayfly/client/seal/internal/cobblestone"
	"github.com/seed-7b314ca8/mayfly/wire"
)

const sealedChunk = wire.ChunkSize + wire.ChunkOverhead

// A spoiling is what somebody does to a sealed blob, and why it is refused.
type spoiling struct {
	name  string
	spoil func(t *testing.T, b *blob)
	// outsider is the refusal where the spoiler cannot change the message that carries the root.
	outsider error
	// insider is the refusal where he can, and makes digests, root and length fit as far as they go. Nil: the same.
	insider error
}

func (s spoiling) run(t *testing.T, length int64) {
	t.Helper()
	t.Run(s.name, func(t *testing.T) {
		b := newBlob("victim").seal(t, fileOf(length), small)
		if _, err := b.open(); err != nil {
			t.Fatalf("it does not open to begin with: %v", err)
		}
		s.spoil(t, b)
		refused(t, "as it is", b, s.outsider)
		b.params.Size = 0
		for _, part := range b.parts {
			b.params.Size += int64(len(part))
		}
		b.commit()
		if s.insider == nil {
			s.insider = s.outsider
		}
		refused(t, "with a root to fit", b, s.insider)
	})
}

// refused checks that b is refused for the reason want.
func refused(t *testing.T, how string, b *blob, want error) {
	t.Helper()
	file, err := b.open()
	if file != nil || !errors.Is(err, want) || !errors.Is(err, seal.ErrTampered) {
		t.Errorf("%s it opens with %d bytes and error %v, want %v", how, len(file), err, want)
	}
}

func TestAttackTruncate(t *testing.T) {
	for _, s := range []spoiling{
		{"a byte of the last part", func(_ *testing.T, b *blob) { cut(b, len(b.parts)-1, 1) }, seal.ErrDigest, seal.ErrLength},
		{"a byte of a middle part", func(_ *testing.T, b *blob) { cut(b, 1, 1) }, seal.ErrDigest, seal.ErrLength},
		{"a chunk of a middle part", func(_ *testing.T, b *blob) { cut(b, 1, sealedChunk) }, seal.ErrDigest, seal.ErrLength},
		{"the last chunk", func(_ *testing.T, b *blob) {
			last := len(b.parts) - 1
			cut(b, last, len(b.parts[last])%sealedChunk)
		}, seal.ErrDigest, seal.ErrLength},
		{"the last part", func(_ *testing.T, b *blob) { b.parts = b.parts[:len(b.parts)-1]; b.digests = b.digests[:len(b.parts)] }, seal.ErrRoot, seal.ErrLength},
		{"a whole part, left empty", func(_ *testing.T, b *blob) { b.parts[1] = nil }, seal.ErrDigest, seal.ErrLength},
	} {
		s.run(t, 3*perPart+1)
	}
}

func cut(b *blob, part, n int) { b.parts[part] = b.parts[part][:len(b.parts[part])-n] }

// A shorter file of the same padded size has a blob of the same length. Its length is bound all the same.
func TestAttackTruncateToAnotherLengthThatAFileHas(t *testing.T) {
	b := newBlob("victim").seal(t, fileOf(3*perPart), small)
	o, err := b.opener()
	if err != nil {
		t.Fatal(err)
	}
	// The message, too, says that the blob is one part shorter.
	b.parts = b.parts[:1]
	b.params.Length = perPart - wire.ChunkSize
	b.params.Size = wire.BlobSize(wire.PaddedSize(b.params.Length))
	b.parts[0] = b.parts[0][:b.params.Size]
	b.commit()
	refused(t, "truncated", b, seal.ErrCommitment)
	if _, err := o.Part(nil, 0, b.parts[0]); !errors.Is(err, seal.ErrDigest) {
		t.Errorf("an opener of the whole opens it with %v", err)
	}
}

func TestAttackExtend(t *testing.T) {
	for _, s := range []spoiling{
		{"the last part by a byte", func(_ *testing.T, b *blob) { extend(b, len(b.parts)-1, 1) }, seal.ErrDigest, seal.ErrLength},
		{"the last part by a chunk", func(_ *testing.T, b *blob) { extend(b, len(b.parts)-1, sealedChunk) }, seal.ErrDigest, seal.ErrLength},
		{"a middle part by a byte", func(_ *testing.T, b *blob) { extend(b, 1, 1) }, seal.ErrDigest, seal.ErrLength},
		{"the blob by a part", func(_ *testing.T, b *blob) {
			b.parts = append(b.parts, b.parts[1])
			b.digests = append(b.digests, b.digests[1])
		}, seal.ErrRoot, seal.ErrLength},
	} {
		s.run(t, 3*perPart+1)
	}
}

func extend(b *blob, part, n int) { b.parts[part] = append(b.parts[part], make([]byte, n)...) }

func TestAttackSwapParts(t *testing.T) {
	spoiling{"parts 1 and 2", func(_ *testing.T, b *blob) {
		b.parts[1], b.parts[2] = b.parts[2], b.parts[1]
	}, seal.ErrDigest, seal.ErrAuth}.run(t, 3*perPart+1)
	spoiling{"parts 1 and 2 with their digests", func(_ *testing.T, b *blob) {
		b.parts[1], b.parts[2] = b.parts[2], b.parts[1]
		b.digests[1], b.digests[2] = b.digests[2], b.digests[1]
	}, seal.ErrRoot, seal.ErrAuth}.run(t, 3*perPart+1)
	spoiling{"part 1 in the place of part 2 too", func(_ *testing.T, b *blob) {
		b.parts[2] = b.parts[1]
	}, seal.ErrDigest, seal.ErrAuth}.run(t, 3*perPart+1)
}

func TestAttackReorderChunks(t *testing.T) {
	spoiling{"the first two of a part", func(_ *testing.T, b *blob) {
		p := b.parts[1]
		b.parts[1] = slices.Concat(p[sealedChunk:2*sealedChunk], p[:sealedChunk], p[2*sealedChunk:])
	}, seal.ErrDigest, seal.ErrAuth}.run(t, 3*perPart+1)
	spoiling{"the first of one part with that of another", func(_ *testing.T, b *blob) {
		p, q := b.parts[1][:sealedChunk], b.parts[2][:sealedChunk]
		tmp := slices.Clone(p)
		copy(p, q)
		copy(q, tmp)
	}, seal.ErrDigest, seal.ErrAuth}.run(t, 3*perPart+1)
	spoiling{"one of them twice", func(_ *testing.T, b *blob) {
		copy(b.parts[1][sealedChunk:], b.parts[1][:sealedChunk])
	}, seal.ErrDigest, seal.ErrAuth}.run(t, 3*perPart+1)
}

func TestAttackPartOfAnotherFileUnderTheSameSecret(t *testing.T) {
	spoiling{"a middle part", func(t *testing.T, b *blob) {
		b.parts[1] = sibling(t, b).parts[1]
	}, seal.ErrDigest, seal.ErrAuth}.run(t, 3*perPart+1)
	// Its header comes with it and is accepted; the other parts are not its own.
	spoiling{"the first part", func(t *testing.T, b *blob) {
		b.parts[0] = sibling(t, b).parts[0]
	}, seal.ErrAuth, seal.ErrAuth}.run(t, 3*perPart+1)
}

// sibling returns another file, of the same length and under the same key as b, sealed with another salt.
func sibling(t *testing.T, b *blob) *blob {
	other := *b
	other.salt[0] ^= 1
	file := fileOf(b.params.Length)
	slices.Reverse(file)
	return other.seal(t, file, b.params.PartSize)
}

func TestAttackHeaderOfAnotherSealingUnderTheSameKey(t *testing.T) {
	b := newBlob("victim").seal(t, fileOf(2*perPart), small)
	v, err := seal.NewVerifier(b.params, b.digests)
	if err != nil {
		t.Fatal(err)
	}
	o, err := v.Open(b.key(), sibling(t, b).header())
	if err != nil {
		t.Fatalf("a header made with this key for this length is refused: %v", err)
	}
	if _, err := o.Part(nil, 0, b.parts[0]); !errors.Is(err, seal.ErrCommitment) {
		t.Errorf("part 0 with another header: %v", err)
	}
	if _, err := o.Part(nil, 1, b.parts[1]); !errors.Is(err, seal.ErrAuth) {
		t.Errorf("part 1 under another header: %v", err)
	}
}

func TestAttackWrongKey(t *testing.T) {
	for _, s := range []spoiling{
		{"share", func(_ *testing.T, b *blob) { b.share = wire.NewShare() }, seal.ErrCommitment, nil},
		{"no share", func(_ *testing.T, b *blob) { b.share = wire.Share{} }, seal.ErrCommitment, nil},
		{"secret", func(_ *testing.T, b *blob) { b.secret = seal.NewSecret() }, seal.ErrCommitment, nil},
		{"blob id", func(_ *testing.T, b *blob) { b.id[15] ^= 1 }, seal.ErrCommitment, nil},
		{"secret and share in each other's place", func(_ *testing.T, b *blob) {
			b.secret, b.share = seal.SecretOf(b.share.Reveal()), wire.ShareOf(b.secret.Reveal())
		}, seal.ErrCommitment, nil},
	} {
		s.run(t, 3*perPart+1)
	}
}

func TestAttackWrongLength(t *testing.T) {
	const length = 3*perPart + 1
	for _, s := range []spoiling{
		{"one more, of the same padded size", func(_ *testing.T, b *blob) { b.params.Length++ }, seal.ErrCommitment, nil},
		{"one less, of the same padded size", func(_ *testing.T, b *blob) { b.params.Length-- }, seal.ErrCommitment, nil},
		{"one of another padded size", func(_ *testing.T, b *blob) { b.params.Length = 2 * perPart }, seal.ErrLength, nil},
		{"zero", func(_ *testing.T, b *blob) { b.params.Length = 0 }, seal.ErrLength, nil},
		{"below zero", func(_ *testing.T, b *blob) { b.params.Length = -1 }, seal.ErrLength, nil},
		{"above all", func(_ *testing.T, b *blob) { b.params.Length = 1<<63 - 1 }, seal.ErrLength, nil},
	} {
		s.run(t, length)
	}
}

func TestAttackWrongPartSize(t *testing.T) {
	b := newBlob("victim").seal(t, fileOf(3*perPart+1), small)
	b.params.PartSize = 2 * small
	refused(t, "with another number of parts", b, seal.ErrRoot)

	b = newBlob("victim").seal(t, fileOf(1), small)
	b.params.PartSize = 2 * small
	refused(t, "with the same number of parts", b, seal.ErrRoot)

	for _, s := range []int{0, 1, -small, small / 2, small + 1, 3 * small, 2 * wire.MaxPartSize, -1 << 63} {
		b.params.PartSize = s
		refused(t, "with no part size", b, seal.ErrLength)
	}
}

func TestAttackRootAndDigestsOfAnother(t *testing.T) {
	const length = 3*perPart + 1
	other := newBlob("other").seal(t, fileOf(length), small)
	for _, test := range []struct {
		name  string
		spoil func(b *blob)
		want  error
	}{
		{"the root of another blob", func(b *blob) { b.params.Root = other.params.Root }, seal.ErrRoot},
		{"the digests of another blob", func(b *blob) { b.digests = other.digests }, seal.ErrRoot},
		{"root and digests of another blob", func(b *blob) { b.params, b.digests = other.params, other.digests }, seal.ErrDigest},
		{"another blob whole", func(b *blob) { b.params, b.digests, b.parts = other.params, other.digests, other.parts }, seal.ErrCommitment},
		{"a digest with a flipped bit", func(b *blob) { b.digests[2][31] ^= 1 }, seal.ErrRoot},
		{"a digest too few", func(b *blob) { b.digests = b.digests[1:] }, seal.ErrRoot},
		{"a digest too many", func(b *blob) { b.digests = append(b.digests, wire.Hash{}) }, seal.ErrRoot},
		{"no digests", func(b *blob) { b.digests = nil }, seal.ErrRoot},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBlob("victim").seal(t, fileOf(length), small)
			test.spoil(b)
			refused(t, "so", b, test.want)
		})
	}
}

func TestAttackFlipABitAnywhere(t *testing.T) {
	step := 1
	if runtime.GOOS == "js" {
		step = 61
	}
	b := newBlob("victim").seal(t, fileOf(20), small)
	root, part := b.params.Root, b.parts[0]
	digests := b.digests
	for at := 0; at < len(part); at += step {
		part[at] ^= 1 << (at % 8)
		want := seal.ErrDigest
		if at < wire.HeaderSize {
			want = seal.ErrCommitment
		}
		b.params.Root, b.digests = root, digests
		refused(t, "with a flipped bit", b, want)
		if at >= wire.HeaderSize {
			want = seal.ErrAuth
		}
		b.commit()
		refused(t, "with a flipped bit and a root to fit", b, want)
		if t.Failed() {
			t.Fatalf("the bit was in byte %d", at)
		}
		part[at] ^= 1 << (at % 8)
	}
}

func TestAttackNonZeroPadding(t *testing.T) {
	const length = 2*perPart + 1
	padded := wire.PaddedSize(length)
	for _, at := range []int64{length, length + 1, padded - 1} {
		plain := make([]byte, padded)
		plain[at] = 1
		b := newBlob("victim").sealPlain(t, plain, length, small)
		refused(t, "with something in its padding", b, seal.ErrPadding)
	}
	b := newBlob("victim").sealPlain(t, make([]byte, padded), length, small)
	if file, err := b.open(); err != nil || !bytes.Equal(file, make([]byte, length)) {
		t.Errorf("with zeros in its padding: %v", err)
	}
}

func TestAttackPaddingOfAnotherSize(t *testing.T) {
	for _, padded := range []int{0, 1, wire.ChunkSize - 1, wire.ChunkSize + 1, 18432, 2 * wire.ChunkSize} {
		b := newBlob("victim").sealPlain(t, make([]byte, padded), 0, small)
		refused(t, "padded otherwise", b, seal.ErrLength)
	}
}

// A file whose padded size is a multiple of 16 KiB ends with an empty chunk, which alone says that it ends there.
func TestAttackEmptyLastChunkMissing(t *testing.T) {
	spoiling{"of one part", func(_ *testing.T, b *blob) { cut(b, 0, wire.ChunkOverhead) }, seal.ErrDigest, seal.ErrLength}.
		run(t, wire.ChunkSize)

	b := newBlob("victim").seal(t, fileOf(8*perPart), small)
	if n := len(b.parts[len(b.parts)-1]); n != wire.ChunkOverhead {
		t.Fatalf("the last part has %d bytes, want an empty chunk alone", n)
	}
	b.parts = b.parts[:len(b.parts)-1]
	refused(t, "without its last part", &blob{
		secret: b.secret, share: b.share, id: b.id, params: b.params, digests: b.digests[:len(b.parts)], parts: b.parts,
	}, seal.ErrRoot)
	b.params.Size -= wire.ChunkOverhead
	b.commit()
	refused(t, "without its last part, with a root to fit", b, seal.ErrLength)
}

func TestAttackCommitmentOfAnotherKey(t *testing.T) {
	b, other := newBlob("victim").seal(t, fileOf(100), small), newBlob("other").seal(t, fileOf(100), small)
	copy(b.parts[0], other.parts[0][:wire.HeaderSize])
	b.commit()
	refused(t, "with the header of another key", b, seal.ErrCommitment)
	b.secret, b.share, b.id = other.secret, other.share, other.id
	refused(t, "with that other key", b, seal.ErrAuth)
}

func TestAttackCommitmentForAnotherPurpose(t *testing.T) {
	b := newBlob("victim").seal(t, fileOf(100), small)
	key := b.key().Reveal()
	c, err := cobblestone.New(cobblestone.AES256, key[:], b.salt, nil)
	if err != nil {
		t.Fatal(err)
	}
	header := c.Header()
	whole, err := c.Seal(header[:], 0, make([]byte, wire.PaddedSize(100)), true)
	if err != nil {
		t.Fatal(err)
	}
	b.parts[0] = whole
	b.commit()
	refused(t, "sealed without a context", b, seal.ErrCommitment)
}

func TestNothingIsLeftBehindAPartThatIsRefused(t *testing.T) {
	const length = perPart + 5*wire.ChunkSize + 1
	plain := make([]byte, wire.PaddedSize(length))
	copy(plain, bytes.Repeat([]byte("canary! "), length/8))
	for _, test := range []struct {
		name  string
		spoil func(b *blob)
		want  error
	}{
		{"for its last chunk", func(b *blob) { b.parts[1][len(b.parts[1])-1] ^= 1 }, seal.ErrAuth},
		{"for its padding", func(b *blob) {
			bad := slices.Clone(plain)
			bad[len(bad)-1] = 1
			b.sealPlain(t, bad, length, small)
		}, seal.ErrPadding},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBlob("victim").sealPlain(t, plain, length, small)
			test.spoil(b)
			b.commit()
			o, err := b.opener()
			if err != nil {
				t.Fatal(err)
			}
			dst := append(make([]byte, 0, 3+o.Room()), "abc"...)
			got, err := o.Part(dst, 1, b.parts[1])
			if got != nil || !errors.Is(err, test.want) {
				t.Errorf("returned %d bytes and %v, want %v", len(got), err, test.want)
			}
			if room := dst[3:cap(dst)]; !bytes.Equal(room, make([]byte, len(room))) {
				t.Error("plaintext is left behind dst")
			}
			if string(dst) != "abc" {
				t.Errorf("dst became %q", dst)
			}
		})
	}
}

func TestAnOpenerRefusesPartsThatAreNotThere(t *testing.T) {
	b := newBlob("a").seal(t, fileOf(1), small)
	o, err := b.opener()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, 1, 1 << 40} {
		if _, err := o.Part(nil, i, b.parts[0]); err == nil {
			t.Errorf("part %d of 1 is opened", i)
		}
	}
}
