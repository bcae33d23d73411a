package keyring

import (
	"bytes"
	"fmt"
	"slices"
)

// A Root is the key that the keys of all buckets are sealed under. It prints as "[key]".
type Root struct{ key }

// RootOf returns the root key that consists of b.
func RootOf(b [32]byte) Root { return Root{key{b: b}} }

// Reveal returns the bytes of k, for a [Roots] that keeps them.
func (k Root) Reveal() [32]byte { return k.b }

// Roots is where the root key of one ring rests: [KeyFile], [Passphrase], or the keychain of a system. A Ring calls its
// methods one at a time.
type Roots interface {
	// Load returns the root keys that rest here: one as a rule, more where a replacement was cut short. The error
	// matches [ErrNoRoot] if there is none.
	Load() ([]Root, error)

	// Store has these root keys, and no others, rest here, durably and all or nothing. With none it removes them.
	Store(roots ...Root) error
}

// maxRoots bounds the root keys that rest in one place.
const maxRoots = 4

// joinRoots returns the bytes of all roots.
func joinRoots(roots []Root) []byte {
	var b []byte
	for _, root := range roots {
		b = append(b, root.b[:]...)
	}
	return b
}

// splitRoots is the inverse of joinRoots.
func splitRoots(b []byte) ([]Root, error) {
	const size = len(Root{}.b)
	if len(b) == 0 || len(b)%size != 0 || len(b) > maxRoots*size {
		return nil, fmt.Errorf("%w: %d bytes are no root keys", ErrCorrupt, len(b))
	}
	var roots []Root
	for k := range slices.Chunk(b, size) {
		roots = append(roots, RootOf([size]byte(k)))
	}
	return roots, nil
}

// memoryRoots is a [Roots] for a ring in memory.
type memoryRoots struct{ roots []Root }

func (m *memoryRoots) Load() ([]Root, error) {
	if len(m.roots) == 0 {
		return nil, ErrNoRoot
	}
	return slices.Clone(m.roots), nil
}

func (m *memoryRoots) Store(roots ...Root) error {
	m.roots = slices.Clone(roots)
	return nil
}

// cutLine returns what follows the line that a file must begin with. Another line of its kind is another version's.
func cutLine(b []byte, line string) ([]byte, error) {
	rest, ok := bytes.CutPrefix(b, []byte(line))
	switch {
	case ok:
		return rest, nil
	case bytes.HasPrefix(b, []byte(line[:len(line)-2])): // without the number and the newline
		return nil, ErrVersion
	}
	return nil, ErrCorrupt
}
