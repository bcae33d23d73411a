package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// writeNew makes the file at path with what write writes. The file appears whole or not at all, and nothing that is
// there already is overwritten: that is an [fs.ErrExist].
func writeNew(path string, write func(io.Writer) error) (err error) {
	if exists(path) {
		return existsError(path)
	}
	temp := filepath.Join(filepath.Dir(path), ".mayfly-"+rand.Text()+".part")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return publish(temp, path)
}

// publish gives the file temp the name path, unless that is taken.
func publish(temp, path string) error {
	err := os.Link(temp, path) // unlike rename, it never overwrites
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// This file system has no links. An empty file holds the name for the moment that is left.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	f.Close()
	if err := os.Rename(temp, path); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}

func existsError(path string) error {
	err := fmt.Errorf("%s is there already: %w", path, fs.ErrExist)
	return withHint(err, "nothing is overwritten; choose another name, or move it away")
}

// replaceFile puts data at path, in place of what may be there, so that a reader sees the one or the other.
func replaceFile(path string, data []byte, perm fs.FileMode) error {
	temp := filepath.Join(filepath.Dir(path), ".mayfly-"+rand.Text()+".part")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(temp, path)
}
