// Package cobblestone implements C2SP chunked encryption (C2SP/C2SP chunked-encryption.md, commit 6f65019) with
// AES-GCM and HKDF-Expand-SHA-512: a message is cut into chunks of 16 KiB, of which only the last is shorter, and each is
// sealed under a nonce that counts. Runs of chunks are sealed and opened apart from each other.
//
// Natively AES comes from crypto/aes. In a browser it comes from WebCrypto through webcrypto.js, because AES in
// WebAssembly would have to look its tables up in memory, and that leaks the key through time. The package does not
// build for other WebAssembly hosts.
package cobblestone

import (
	"crypto/hkdf"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-7b314ca8/mayfly/wire"
)

const (
	// SaltSize is the length of a salt, in bytes.
	SaltSize = 24

	nonceSize   = 12
	sealedChunk = wire.ChunkSize + wire.ChunkOverhead
	maxChunks   = 1 << 38
)

// Reasons not to open a message.
var (
	ErrCommitment = errors.New("cobblestone: the commitment is not that of this key and context")
	ErrLength     = errors.New("cobblestone: no run of chunks has this length")
	ErrAuth       = errors.New("cobblestone: a chunk does not authenticate")
)

// ErrNoWebCrypto is returned by [New] in a browser that has not loaded webcrypto.js, or has no WebCrypto, which is
// there in secure contexts only. It reads as an error of the package above, which hands it on.
var ErrNoWebCrypto = errors.New("seal: no WebCrypto: load webcrypto.js first, in a secure context")

// A Suite is a choice of cipher.
type Suite struct {
	aead    string // in the IANA registry of AEAD algorithms
	keySize int
}

// The suites. Files are sealed with AES256; AES128 is here for its test vectors.
var (
	AES128 = Suite{"AEAD_AES_128_GCM", 16}
	AES256 = Suite{"AEAD_AES_256_GCM", 32}
)

// A Cipher seals and opens the chunks of one message. It is safe for concurrent use.
type Cipher struct {
	wire.Unprintable
	header [wire.HeaderSize]byte
	gcm    *gcm
}

// New returns the Cipher of the message with this key, salt and context. The key must be uniformly random, and a salt
// must never return with it for another message.
func New(suite Suite, key []byte, salt [SaltSize]byte, context []byte) (*Cipher, error) {
	if len(key) != suite.keySize {
		return nil, fmt.Errorf("cobblestone: %s takes a key of %d bytes, not %d", suite.aead, suite.keySize, len(key))
	}
	info := "c2sp.org/chunked-encryption@v1+" + suite.aead + "\x00" + string(salt[:]) + string(context)
	const commitmentSize = wire.HeaderSize - SaltSize
	derived, err := hkdf.Expand(sha512.New, key, info, suite.keySize+nonceSize+commitmentSize)
	if err != nil {
		return nil, fmt.Errorf("cobblestone: %w", err)
	}
	key, nonce, commitment := derived[:suite.keySize], derived[suite.keySize:][:nonceSize], derived[suite.keySize+nonceSize:]
	c := new(Cipher)
	copy(c.header[copy(c.header[:], salt[:]):], commitment)
	c.gcm, err = newGCM(key, [nonceSize]byte(nonce))
	return c, err
}

// Parse returns the Cipher of the message that begins with header. It fails with [ErrCommitment] if that was made with
// another key or context.
func Parse(suite Suite, key []byte, header [wire.HeaderSize]byte, context []byte) (*Cipher, error) {
	c, err := New(suite, key, [SaltSize]byte(header[:]), context)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(c.header[:], header[:]) != 1 {
		return nil, ErrCommitment
	}
	return c, nil
}

// Header returns the salt and the commitment, with which a message begins.
func (c *Cipher) Header() [wire.HeaderSize]byte { return c.header }

// Seal appends to dst the chunks that hold plain, counted from first on. Only a run that is the last may end with less
// than a full chunk, and it always does.
//
// Chunks are written from the front. Where dst has room enough, plain may lie behind it in the same array, so that it
// ends a full chunk behind what is appended, or later: a chunk is then written only over what has been read.
func (c *Cipher) Seal(dst []byte, first int64, plain []byte, last bool) ([]byte, error) {
	full, rest := len(plain)/wire.ChunkSize, len(plain)%wire.ChunkSize
	if rest != 0 && !last || !countable(first, full) {
		return nil, ErrLength
	}
	size := full * sealedChunk
	if last {
		size += rest + wire.ChunkOverhead
	}
	start := len(dst)
	dst = slices.Grow(dst, size)[:start+size]
	if err := c.gcm.seal(dst[start:], uint64(first), plain); err != nil {
		return nil, err
	}
	return dst, nil
}

// Open appends to dst what the chunks of sealed hold, counted from first on. If one of them does not authenticate it
// fails with [ErrAuth] and leaves no plaintext behind dst. Sealed must not overlap what follows dst.
func (c *Cipher) Open(dst []byte, first int64, sealed []byte, last bool) ([]byte, error) {
	full, rest := len(sealed)/sealedChunk, len(sealed)%sealedChunk
	if last != (rest >= wire.ChunkOverhead) || !last && rest != 0 || !countable(first, full) {
		return nil, ErrLength
	}
	size := full * wire.ChunkSize
	if last {
		size += rest - wire.ChunkOverhead
	}
	start := len(dst)
	dst = slices.Grow(dst, size)[:start+size]
	if err := c.gcm.open(dst[start:], uint64(first), sealed); err != nil {
		clear(dst[start:])
		return nil, err
	}
	return dst, nil
}

// countable reports whether so many full chunks from first on, and a last one, have numbers.
func countable(first int64, full int) bool {
	return first >= 0 && first < maxChunks-int64(full)
}
