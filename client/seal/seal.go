// Package seal is the sealed-file format of Mayfly: docs/FORMAT.md in code.
//
// A file is padded, cut into parts and sealed under a key that has two halves: a [Secret], which travels in a message,
// and a share, which the server holds until the file expires. What is sealed is a blob. Its parts can be sealed and
// opened in any order and at the same time; the root in the message fixes every byte of every part.
//
// To seal: [NewSecret] and [NewSalt], a blob's id and share from the server, [Derive], [NewSealer], [Sealer.Part] for
// each part, [Sealer.Params] for the message. To open: [NewVerifier] on what message and server say, [Derive],
// [Verifier.Open] on the header, [Opener.Part] for each part.
//
// Whatever is refused because it is not what was sealed matches [ErrTampered], and no byte of it is returned.
//
// In a browser the page must have loaded webcrypto.js, which lies beside this package, and must be a secure context.
// Functions that seal or open then wait for promises, so they must not run on the goroutine of a callback from
// JavaScript.
package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"github.com/seed-7b314ca8/mayfly/client/seal/internal/cobblestone"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// ErrNoWebCrypto is returned in a browser where the page has not loaded webcrypto.js or is no secure context.
var ErrNoWebCrypto = cobblestone.ErrNoWebCrypto

// A Secret is the 32 random bytes that a message carries for one blob. It must never be used for a second one.
type Secret struct{ wire.Veil }

// NewSecret returns a random secret.
func NewSecret() Secret { return Secret{wire.NewVeil()} }

// SecretOf returns the secret that consists of b.
func SecretOf(b wire.Row) Secret { return Secret{wire.VeilOf(b)} }

// ReadToken returns the token that shows a server that one holds s. The server cannot learn s from it.
func (s Secret) ReadToken() wire.Token {
	b := s.Reveal()
	return wire.TokenOf(derive(b[:], "mayfly/read/v1"))
}

// A Key seals one blob.
type Key struct{ wire.Veil }

// Derive returns the key of a blob, which takes both halves and the blob's id.
func Derive(secret Secret, share wire.Share, id wire.BlobID) Key {
	ours, theirs := secret.Reveal(), share.Reveal()
	return KeyOf(derive(append(ours[:], theirs[:]...), "mayfly/blob/v1"+string(id[:])))
}

// KeyOf returns the key that consists of b.
func KeyOf(b wire.Row) Key { return Key{wire.VeilOf(b)} }

// bytes returns the bytes of k.
func (k Key) bytes() []byte {
	b := k.Reveal()
	return b[:]
}

// derive is HKDF-SHA-256 without a salt (RFC 5869).
func derive(ikm []byte, info string) wire.Row {
	b, err := hkdf.Key(sha256.New, ikm, nil, info, wire.RowSize)
	if err != nil {
		panic("seal: HKDF gives 32 bytes of any key: " + err.Error())
	}
	return wire.Row(b)
}

// A Salt makes the ciphertext of one sealing of a blob its own. It is no secret: the blob begins with it.
type Salt [cobblestone.SaltSize]byte

// NewSalt returns a random salt.
func NewSalt() (s Salt) {
	rand.Read(s[:])
	return s
}

// context binds the length of a file into all that seals it.
func context(length int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("mayfly/file/v1\x00"), uint64(length))
}
