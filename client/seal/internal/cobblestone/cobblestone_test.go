package cobblestone_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/seed-7b314ca8/mayfly/client/seal/internal/cobblestone"
	"github.com/seed-7b314ca8/mayfly/wire"
)

const sealedChunk = wire.ChunkSize + wire.ChunkOverhead

func newCipher(t *testing.T) *cobblestone.Cipher {
	t.Helper()
	c, err := cobblestone.New(cobblestone.AES256, make([]byte, 32), [cobblestone.SaltSize]byte{}, []byte("context"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRunsOfChunksJoinUp(t *testing.T) {
	c := newCipher(t)
	plain := bytes.Repeat([]byte("a picture "), 4*wire.ChunkSize/10)
	whole, err := c.Seal(nil, 1<<32-2, plain, true)
	if err != nil {
		t.Fatal(err)
	}
	var joined []byte
	for i := range 4 {
		isLast := i == 3
		chunk := plain[i*wire.ChunkSize : min((i+1)*wire.ChunkSize, len(plain))]
		if joined, err = c.Seal(joined, 1<<32-2+int64(i), chunk, isLast); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(whole, joined) {
		t.Error("chunks across the 32-bit edge differ from the same chunks one by one")
	}
	if got, err := c.Open(nil, 1<<32-2, whole, true); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("opened: %v", err)
	}
}

func TestPlaintextMayLieBehindItsChunks(t *testing.T) {
	c := newCipher(t)
	for n := 0; n <= 9*wire.ChunkSize; n += wire.ChunkSize / 2 {
		plain := bytes.Repeat([]byte("picture "), n/8)
		want, err := c.Seal([]byte("header"), 7, plain, true)
		if err != nil {
			t.Fatal(err)
		}
		room := make([]byte, len(want)+wire.ChunkSize)
		behind := room[len(room)-n:]
		copy(behind, plain)
		got, err := c.Seal(append(room[:0], "header"...), 7, behind, true)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes are sealed otherwise in place (%v)", n, err)
		}
	}
}

func TestLengthsAndNumbersThatNoRunHas(t *testing.T) {
	c := newCipher(t)
	for _, test := range []struct {
		name  string
		first int64
		n     int
		last  bool
		seal  bool
	}{
		{name: "a short chunk that is not the last", n: 1, seal: true},
		{name: "a number below zero", first: -1, seal: true},
		{name: "a number above the last", first: 1 << 38, last: true, seal: true},
		{name: "a run that ends above the last number", first: 1<<38 - 1, n: wire.ChunkSize, last: true, seal: true},
		{name: "a last chunk without its tag", n: wire.ChunkOverhead - 1, last: true},
		{name: "no last chunk", n: 0, last: true},
		{name: "a full chunk as the last", n: sealedChunk, last: true},
		{name: "a sealed short chunk that is not the last", n: wire.ChunkOverhead},
		{name: "a sealed chunk with too high a number", first: 1 << 38, n: wire.ChunkOverhead, last: true},
		{name: "a sealed chunk with a number below zero", first: -1, n: wire.ChunkOverhead, last: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			run := c.Open
			if test.seal {
				run = c.Seal
			}
			if got, err := run(nil, test.first, make([]byte, test.n), test.last); got != nil || !errors.Is(err, cobblestone.ErrLength) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	if _, err := c.Seal(nil, 1<<38-1, nil, true); err != nil {
		t.Errorf("the last number: %v", err)
	}
}

func TestKeysHaveTheLengthOfTheirSuite(t *testing.T) {
	for _, test := range []struct {
		suite cobblestone.Suite
		fits  int
	}{{cobblestone.AES128, 16}, {cobblestone.AES256, 32}, {cobblestone.Suite{}, -1}} {
		for _, n := range []int{0, 15, 16, 17, 24, 31, 32, 33} {
			_, err := cobblestone.New(test.suite, make([]byte, n), [cobblestone.SaltSize]byte{}, nil)
			if (err == nil) != (n == test.fits) {
				t.Errorf("%v with a key of %d bytes: %v", test.suite, n, err)
			}
		}
	}
}

func TestWhatDoesNotAuthenticateLeavesNothing(t *testing.T) {
	c := newCipher(t)
	sealed, err := c.Seal(nil, 0, bytes.Repeat([]byte("canary! "), wire.ChunkSize), true)
	if err != nil {
		t.Fatal(err)
	}
	sealed[len(sealed)-1] ^= 1
	dst := make([]byte, 0, len(sealed))
	if got, err := c.Open(dst, 0, sealed, true); got != nil || !errors.Is(err, cobblestone.ErrAuth) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if bytes.Contains(dst[:cap(dst)], []byte("canary!")) {
		t.Error("plaintext is left behind dst")
	}
}

func TestACipherDoesNotPrint(t *testing.T) {
	c := newCipher(t)
	if got := fmt.Sprintf("%v %+v %#v", c, *c, c); got != "[key] [key] [key]" {
		t.Errorf("it prints %s", got)
	}
}

func TestParseTakesOnlyItsOwnHeader(t *testing.T) {
	header := newCipher(t).Header()
	parse := func(key []byte, header [wire.HeaderSize]byte, context string) error {
		_, err := cobblestone.Parse(cobblestone.AES256, key, header, []byte(context))
		return err
	}
	key, other := make([]byte, 32), slices.Repeat([]byte{1}, 32)
	if err := parse(key, header, "context"); err != nil {
		t.Errorf("its own header: %v", err)
	}
	if err := parse(other, header, "context"); !errors.Is(err, cobblestone.ErrCommitment) {
		t.Errorf("another key: %v", err)
	}
	if err := parse(key, header, "contexts"); !errors.Is(err, cobblestone.ErrCommitment) {
		t.Errorf("another context: %v", err)
	}
	for i := range header {
		header[i] ^= 0x80
		if err := parse(key, header, "context"); !errors.Is(err, cobblestone.ErrCommitment) {
			t.Errorf("another byte %d: %v", i, err)
		}
		header[i] ^= 0x80
	}
}
