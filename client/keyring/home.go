//go:build !js

package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Create makes a home in the folder dir, which it makes too if need be, and a root key in roots. Nobody but its owner
// can look into the folder from then on. The caller closes the ring. The error matches [ErrExists] if there is a ring
// in dir or a root key in roots, and [ErrLocked].
func Create(dir string, roots Roots) (*Ring, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	return start(f, roots, func(r *Ring) error {
		if f.has(ringName) {
			return fmt.Errorf("%w: %s", ErrExists, f.path(ringName))
		}
		if err := f.root.Chmod(".", 0o700); err != nil {
			return err
		}
		return r.create()
	})
}

// Open opens the home in the folder dir. The caller closes it. The error matches [ErrNoHome] if there is none, and
// [ErrLocked], [ErrPassphrase], [ErrNoRoot], [ErrCorrupt] and [ErrVersion].
func Open(dir string, roots Roots) (*Ring, error) {
	f, err := openFolder(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoHome, dir)
	}
	if err != nil {
		return nil, err
	}
	if !f.has(ringName) {
		f.root.Close()
		return nil, fmt.Errorf("%w: %s", ErrNoHome, dir)
	}
	return start(f, roots, (*Ring).open)
}

// start locks the home and begins to use it.
func start(f *folder, roots Roots, begin func(*Ring) error) (*Ring, error) {
	if err := apart(f.root.Name(), roots); err != nil {
		f.root.Close()
		return nil, err
	}
	lock, here, err := f.lock()
	if err != nil {
		f.root.Close()
		return nil, err
	}
	r := newRing(f, roots, here)
	r.lock = home{lock, f.root}
	if err := begin(r); err != nil {
		r.lock.Close()
		return nil, err
	}
	return r, nil
}

// A home is what is open while a ring is.
type home struct {
	lock *os.File
	root *os.Root
}

// Close gives up the lock last.
func (h home) Close() error { return errors.Join(h.root.Close(), h.lock.Close()) }
