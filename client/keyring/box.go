package keyring

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// overhead is how much longer a box is than what is in it, in bytes.
const overhead = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead

var errBox = errors.New("keyring: does not authenticate")

// A key seals boxes: XChaCha20-Poly1305 under random nonces, of which a key can make as many as it likes.
type key struct {
	wire.Unprintable
	b [chacha20poly1305.KeySize]byte
}

func newKey() (k key) {
	rand.Read(k.b[:]) // never fails: crypto/rand.Read
	return k
}

func (k *key) aead() cipher.AEAD {
	aead, err := chacha20poly1305.NewX(k.b[:])
	if err != nil {
		panic("keyring: internal error: " + err.Error()) // the size is right
	}
	return aead
}

// seal appends to dst a box: nonce || ciphertext || tag.
func (k *key) seal(dst, plain, context []byte) []byte {
	n := len(dst)
	dst = append(dst, make([]byte, chacha20poly1305.NonceSizeX)...)
	rand.Read(dst[n:])
	return k.aead().Seal(dst, dst[n:], plain, context)
}

// open returns what is in a box.
func (k *key) open(box, context []byte) ([]byte, error) {
	if len(box) < overhead {
		return nil, errBox
	}
	nonce, text := box[:chacha20poly1305.NonceSizeX], box[chacha20poly1305.NonceSizeX:]
	plain, err := k.aead().Open(nil, nonce, text, context)
	if err != nil {
		return nil, errBox
	}
	return plain, nil
}

// wipe overwrites k, as far as the runtime has made no copies.
func (k *key) wipe() { clear(k.b[:]) }
