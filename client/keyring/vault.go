package keyring

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// ringName is the file that holds the keys of all buckets.
const ringName = "ring"

// ringLine begins that file: ringLine || box under the root key, with ringLine as its context.
const ringLine = "mayfly/ring/v1\n"

// Whether a ring file is written under the root key that it had. After a bucket has died it must not be: what was
// sealed under the old one includes the key of the dead.
type rootChoice bool

const (
	sameRoot rootChoice = false
	newRoot  rootChoice = true
)

// A vault is the ring file and the root key that it is sealed under.
//
// A root key is replaced in this order: the new one rests beside the old; the file is written under the new; the old
// one rests no more. At every point between, one of those that rest opens the file that is there.
type vault struct {
	store store
	roots Roots

	candidates []Root // those that the file may be sealed under; the first is the one to write under
	unsure     bool   // a write failed: the file may be the one before or the one after
	untidy     bool   // more than the candidates may rest in roots
}

// create writes the file of a new ring.
func (v *vault) create(plain []byte) error {
	v.candidates = []Root{{newKey()}}
	if err := v.roots.Store(v.candidates...); err != nil {
		return err
	}
	return v.write(plain)
}

// renew has a new root key rest beside the old, to write under.
func (v *vault) renew() error {
	candidates := slices.Insert(slices.Clone(v.candidates), 0, Root{newKey()})
	v.untidy = true
	if err := v.roots.Store(candidates...); err != nil {
		return err
	}
	v.candidates = candidates
	return nil
}

// write seals plain under the first candidate.
func (v *vault) write(plain []byte) error {
	v.unsure = true
	file := v.candidates[0].seal([]byte(ringLine), plain, []byte(ringLine))
	if err := v.store.replace(ringName, file); err != nil {
		return fmt.Errorf("keyring: writing the ring: %w", err)
	}
	v.candidates = v.candidates[:1]
	v.unsure = false
	return nil
}

// tidy removes the root keys that nothing is sealed under any more from where they rest.
func (v *vault) tidy() error {
	if !v.untidy {
		return nil
	}
	if err := v.roots.Store(v.candidates...); err != nil {
		return fmt.Errorf("keyring: removing the old root key: %w", err)
	}
	v.untidy = false
	return nil
}

// open reads the file, with whichever root key opens it, and tidies.
func (v *vault) open() ([]byte, error) {
	file, err := v.read()
	if err != nil {
		return nil, err
	}
	box, err := cutLine(file, ringLine)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", v.store.path(ringName), err)
	}
	roots, err := v.roots.Load()
	if err != nil {
		return nil, err
	}
	for _, root := range roots {
		if plain, err := root.open(box, []byte(ringLine)); err == nil {
			v.candidates, v.untidy = []Root{root}, len(roots) > 1
			return plain, v.tidy()
		}
	}
	return nil, fmt.Errorf("%w: %s is damaged, or its root key is one of another time: restore a copy of both",
		ErrCorrupt, v.store.path(ringName))
}

// close overwrites the root keys in memory.
func (v *vault) close() {
	for i := range v.candidates {
		v.candidates[i].wipe()
	}
	v.candidates = nil
}

// read returns the file, of which it reads no more than there can be.
func (v *vault) read() ([]byte, error) {
	f, err := v.store.open(ringName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoHome
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(maxRingFile)+1))
	if err == nil && len(b) > maxRingFile {
		err = fmt.Errorf("%w: %s is too long", ErrCorrupt, v.store.path(ringName))
	}
	return b, err
}
