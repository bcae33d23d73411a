package chat

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// derive returns HKDF-SHA-256 of a secret, without salt, under a label of its own for each purpose.
func derive(secret []byte, label string) (key [32]byte) {
	b, err := hkdf.Key(sha256.New, secret, nil, label, len(key))
	if err != nil {
		panic(err) // cannot happen: the length is far below HKDF's limit
	}
	copy(key[:], b)
	return key
}

// A SigningKey is an Ed25519 key that prints as [key].
type SigningKey struct{ wire.Veil } // over the seed

// NewSigningKey returns a random key.
func NewSigningKey() SigningKey { return SigningKey{wire.NewVeil()} }

func signingKeyOf(seed [32]byte) SigningKey { return SigningKey{wire.VeilOf(seed)} }

// Public returns the public half of k.
func (k SigningKey) Public() wire.PublicKey {
	return wire.PublicKey(k.private().Public().(ed25519.PublicKey))
}

// Sign returns the 64 bytes of the signature of message.
func (k SigningKey) Sign(message []byte) []byte { return ed25519.Sign(k.private(), message) }

func (k SigningKey) private() ed25519.PrivateKey {
	seed := k.Reveal()
	return ed25519.NewKeyFromSeed(seed[:])
}

// signatureSize is the length of a signature, which stands behind what it signs.
const signatureSize = ed25519.SignatureSize

// verify reports whether sig is key's signature of message.
func verify(key wire.PublicKey, message, sig []byte) bool {
	return ed25519.Verify(key[:], message, sig)
}

// labelled returns the parts behind a label, which says what is being signed or hashed.
func labelled(label string, parts ...[]byte) []byte {
	b := builder(label)
	b.add(parts...)
	return b
}
