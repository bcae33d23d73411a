//go:build !js

package keyring

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
)

// keyLine begins a key file, and the root keys follow.
const keyLine = "mayfly/root-key/v1\n"

// KeyFile returns a [Roots] that keeps the root key in a file of its own, which nobody but its owner can read. [Create]
// makes the file. It must lie outside the home, and serves one home only; its folder must exist and be writable, since
// the file is replaced whenever something goes. An old copy of the home together with an old copy of the key file opens
// what that copy holds.
func KeyFile(path string) Roots { return keyFile(path) }

type keyFile string

func (k keyFile) Load() ([]Root, error) {
	b, err := readSmall(string(k), len(keyLine)+maxRoots*32)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no %s", ErrNoRoot, string(k))
	}
	if err != nil {
		return nil, err
	}
	keys, err := cutLine(b, keyLine)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is not a key file", err, string(k))
	}
	return splitRoots(keys)
}

func (k keyFile) Store(roots ...Root) error {
	return writeSmall(string(k), append([]byte(keyLine), joinRoots(roots)...), len(roots) == 0)
}

// apart refuses a key that lies where whoever takes the home takes it too.
func apart(dir string, roots Roots) error {
	k, ok := roots.(keyFile)
	if !ok {
		return nil
	}
	dir, err := realPath(dir)
	if err != nil {
		return err
	}
	folder, err := realPath(filepath.Dir(string(k)))
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(dir, folder)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return nil // there is no way from one to the other, or it leads out
	}
	return fmt.Errorf("keyring: the key file %s must lie outside the home %s", string(k), dir)
}

func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// readSmall returns the content of a file of at most max bytes.
func readSmall(path string, max int) ([]byte, error) {
	f, err := openFolder(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer f.root.Close()
	file, err := f.open(filepath.Base(path))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, int64(max)+1))
	if err == nil && len(b) > max {
		err = fmt.Errorf("%w: %s is too long", ErrCorrupt, path)
	}
	return b, err
}

// writeSmall replaces a file, or removes it.
func writeSmall(path string, b []byte, remove bool) error {
	f, err := openFolder(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer f.root.Close()
	if remove {
		return f.remove(filepath.Base(path))
	}
	return f.replace(filepath.Base(path), b)
}
