//go:build !js

package keyring

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/crypto/argon2"
)

// rootName is the file of a root key under a passphrase: rootLine || salt || box, sealed under
// Argon2id(passphrase, salt) with rootLine || salt as its context. Version 1 means the parameters below.
const (
	rootName = "root"
	rootLine = "mayfly/root/v1\n"

	saltSize   = 16
	argonTime  = 3
	argonKiB   = 64 << 10 // RFC 9106 section 4, the second recommended option,
	argonLanes = 1        // but with one lane, since a browser has one thread
)

// Passphrase returns a [Roots] that keeps the root key in the folder dir, which is the home as a rule, wrapped under
// Argon2id of the passphrase (64 MiB, three passes). That is worked out once in the life of what is returned. An old
// copy of the home together with the passphrase opens what that copy holds.
func Passphrase(dir string, passphrase []byte) Roots {
	return &wrapped{path: filepath.Join(dir, rootName), passphrase: bytes.Clone(passphrase)}
}

type wrapped struct {
	path string

	passphrase []byte
	header     []byte // rootLine || salt
	key        key
}

func (w *wrapped) Load() ([]Root, error) {
	const header = len(rootLine) + saltSize
	b, err := readSmall(w.path, header+overhead+maxRoots*32)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no %s", ErrNoRoot, w.path)
	}
	if err != nil {
		return nil, err
	}
	_, err = cutLine(b, rootLine)
	if err == nil && len(b) < header {
		err = ErrCorrupt
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, w.path)
	}
	if err := w.derive(b[:header]); err != nil {
		return nil, err
	}
	keys, err := w.key.open(b[header:], w.header)
	if err != nil {
		return nil, fmt.Errorf("%w, or %s is damaged", ErrPassphrase, w.path)
	}
	return splitRoots(keys)
}

func (w *wrapped) Store(roots ...Root) error {
	if w.header == nil {
		salt := make([]byte, saltSize)
		rand.Read(salt)
		if err := w.derive(append([]byte(rootLine), salt...)); err != nil {
			return err
		}
	}
	b := w.key.seal(bytes.Clone(w.header), joinRoots(roots), w.header)
	return writeSmall(w.path, b, len(roots) == 0)
}

// derive works out the key, unless that of this header is there.
func (w *wrapped) derive(header []byte) error {
	if bytes.Equal(header, w.header) {
		return nil
	}
	if len(w.passphrase) == 0 {
		return fmt.Errorf("%w: it is empty", ErrPassphrase)
	}
	copy(w.key.b[:], argon2.IDKey(w.passphrase, header[len(rootLine):], argonTime, argonKiB, argonLanes, uint32(len(w.key.b))))
	w.header = bytes.Clone(header)
	return nil
}
