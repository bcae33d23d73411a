// Package wycheproof decides the test vectors of Project Wycheproof for C2SP chunked encryption.
package wycheproof

import (
	"bytes"
	"compress/zlib"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"testing"

	"github.com/c2sp/wycheproof"

	"github.com/seed-7b314ca8/mayfly/client/seal/internal/cobblestone"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// hexBytes are written in hexadecimal.
type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// A vector is one test; doc/c2sp_chunked_encryption.md of Wycheproof says what it means.
type vector struct {
	ID         int      `json:"tcId"`
	Comment    string   `json:"comment"`
	Key        hexBytes `json:"key"`
	Context    hexBytes `json:"ctx"`
	Ciphertext hexBytes `json:"ct"`
	Length     int      `json:"msgLength"`
	SHA512     hexBytes `json:"msgSha512"`
	Result     string   `json:"result"`
	Flags      []string `json:"flags"`
}

func TestAES128(t *testing.T) {
	testSuite(t, "c2sp_chunked_encryption_aes_128_gcm_test.json", "AEAD_AES_128_GCM", cobblestone.AES128)
}

func TestAES256(t *testing.T) {
	testSuite(t, "c2sp_chunked_encryption_aes_256_gcm_test.json", "AEAD_AES_256_GCM", cobblestone.AES256)
}

func testSuite(t *testing.T, name, aead string, suite cobblestone.Suite) {
	text, err := fs.ReadFile(wycheproof.TestVectors, name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		NumberOfTests int `json:"numberOfTests"`
		TestGroups    []struct {
			AEAD, SHA string
			Tests     []vector
		} `json:"testGroups"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	valid, ran := 0, 0
	for _, group := range file.TestGroups {
		if group.AEAD != aead || group.SHA != "SHA-512" {
			t.Fatalf("a group for %s and %s", group.AEAD, group.SHA)
		}
		for _, v := range group.Tests {
			ran++
			if v.Result == "valid" {
				valid++
			}
			t.Run(fmt.Sprintf("%d %s", v.ID, v.Comment), func(t *testing.T) { v.run(t, suite) })
		}
	}
	if ran != file.NumberOfTests || ran != 35 || valid != 10 {
		t.Errorf("ran %d vectors of %d, %d of them valid; want 35 and 10", ran, file.NumberOfTests, valid)
	}
}

func (v vector) run(t *testing.T, suite cobblestone.Suite) {
	r, err := zlib.NewReader(bytes.NewReader(v.Ciphertext))
	if err != nil {
		t.Fatal(err)
	}
	ct, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	switch v.Result {
	case "valid":
		v.accept(t, suite, ct)
	case "invalid":
		v.refuse(t, suite, ct)
	default:
		t.Fatalf("result %q", v.Result)
	}
}

// accept opens ct whole and chunk by chunk, and seals it again.
func (v vector) accept(t *testing.T, suite cobblestone.Suite, ct []byte) {
	c, plain, err := open(suite, v, ct)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha512.Sum512(plain); len(plain) != v.Length || !bytes.Equal(sum[:], v.SHA512) {
		t.Errorf("opened %d bytes with SHA-512 %x, want %d with %x", len(plain), sum, v.Length, v.SHA512)
	}
	if again, err := openBackwards(c, ct); err != nil || !bytes.Equal(again, plain) {
		t.Errorf("chunk by chunk from the end: %v", err)
	}
	header := c.Header()
	if sealed, err := c.Seal(header[:], 0, plain, true); err != nil || !bytes.Equal(sealed, ct) {
		t.Errorf("sealed again it is something else (%v)", err)
	}
}

// refuse checks that ct is refused at the step that its flags name.
func (v vector) refuse(t *testing.T, suite cobblestone.Suite, ct []byte) {
	c, plain, err := open(suite, v, ct)
	if err == nil || plain != nil {
		t.Fatalf("opened, with %d bytes", len(plain))
	}
	if inHeader := slices.Contains(v.Flags, "HeaderFailure"); inHeader != (c == nil) {
		t.Errorf("refused with %v; because of its header: %v, want %v", err, c == nil, inHeader)
	}
	if c == nil {
		return
	}
	if _, err := openBackwards(c, ct); err == nil {
		t.Error("opened chunk by chunk")
	}
}

var errNoHeader = errors.New("shorter than a header")

// open opens a whole message. The Cipher is nil if it is refused because of its header.
func open(suite cobblestone.Suite, v vector, ct []byte) (*cobblestone.Cipher, []byte, error) {
	if len(ct) < wire.HeaderSize {
		return nil, nil, errNoHeader
	}
	c, err := cobblestone.Parse(suite, v.Key, [wire.HeaderSize]byte(ct), v.Context)
	if err != nil {
		return nil, nil, err
	}
	plain, err := c.Open(nil, 0, ct[wire.HeaderSize:], true)
	return c, plain, err
}

// openBackwards opens the chunks of a message one by one, the last first.
func openBackwards(c *cobblestone.Cipher, ct []byte) ([]byte, error) {
	const sealed = wire.ChunkSize + wire.ChunkOverhead
	ct = ct[wire.HeaderSize:]
	var plain []byte
	for i := len(ct) / sealed; i >= 0; i-- {
		isLast := i == len(ct)/sealed
		chunk, err := c.Open(nil, int64(i), ct[i*sealed:min((i+1)*sealed, len(ct))], isLast)
		if err != nil {
			return nil, err
		}
		plain = append(chunk, plain...)
	}
	return plain, nil
}
