//go:build !wasm

package cobblestone

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// gcm is AES-GCM under one key, with nonces that count from a base.
type gcm struct {
	aead cipher.AEAD
	base [nonceSize]byte
}

func newGCM(key []byte, base [nonceSize]byte) (*gcm, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("cobblestone: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("cobblestone: %w", err)
	}
	return &gcm{aead, base}, nil
}

// seal fills out with chunks. How long they are follows from the length of out.
func (g *gcm) seal(out []byte, first uint64, plain []byte) error {
	nonce := g.base
	for i := first; len(out) > 0; i++ {
		n := min(len(out), sealedChunk)
		g.count(&nonce, i)
		g.aead.Seal(out[:0], nonce[:], plain[:n-wire.ChunkOverhead], nil)
		out, plain = out[n:], plain[n-wire.ChunkOverhead:]
	}
	return nil
}

// open fills out with what the chunks hold.
func (g *gcm) open(out []byte, first uint64, sealed []byte) error {
	nonce := g.base
	for i := first; len(sealed) > 0; i++ {
		n := min(len(sealed), sealedChunk)
		g.count(&nonce, i)
		if _, err := g.aead.Open(out[:0], nonce[:], sealed[:n], nil); err != nil {
			return ErrAuth
		}
		out, sealed = out[n-wire.ChunkOverhead:], sealed[n:]
	}
	return nil
}

// count sets nonce to that of chunk i: the base XOR i as a big-endian number of the same width.
func (g *gcm) count(nonce *[nonceSize]byte, i uint64) {
	const wide = nonceSize - 8
	binary.BigEndian.PutUint64(nonce[wide:], binary.BigEndian.Uint64(g.base[wide:])^i)
}
