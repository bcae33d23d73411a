//go:build !js

package keyring

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	lockName  = "lock"
	newSuffix = ".new" // of a file that is about to take the place of another
)

// A folder is a store on a disk. It follows no link out of it, and waits for no device.
type folder struct{ root *os.Root }

func openFolder(dir string) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &folder{root}, nil
}

func (f *folder) path(name string) string { return filepath.Join(f.root.Name(), name) }

func (f *folder) has(name string) bool {
	_, err := f.root.Lstat(name)
	return err == nil
}

// openFile refuses what is not a regular file: opening a pipe would wait for its other end.
func (f *folder) openFile(name string, flag int) (*os.File, error) {
	info, err := f.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a file", ErrCorrupt, f.path(name))
	}
	return f.root.OpenFile(name, flag, 0o600)
}

func (f *folder) open(name string) (io.ReadCloser, error) {
	return f.openFile(name, os.O_RDONLY)
}

func (f *folder) append(name string, size int64, b []byte) error {
	flag := os.O_WRONLY
	if size == 0 {
		flag |= os.O_CREATE
	}
	file, err := f.openFile(name, flag)
	if err != nil {
		return err
	}
	if err := errors.Join(appendTo(file, size, b), file.Close()); err != nil {
		return err
	}
	if size == 0 {
		return f.sync()
	}
	return nil
}

func appendTo(file *os.File, size int64, b []byte) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < size {
		return fmt.Errorf("%w: %s has become shorter while it was in use", ErrCorrupt, file.Name())
	}
	if err := file.Truncate(size); err != nil {
		return err
	}
	if _, err := file.WriteAt(b, size); err != nil {
		return err
	}
	return file.Sync()
}

// replace writes the new content beside the old, and then renames it.
func (f *folder) replace(name string, b []byte) error {
	file, err := f.openFile(name+newSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, f.root.Remove(name+newSuffix))
	}
	if err := f.root.Rename(name+newSuffix, name); err != nil {
		return err
	}
	return f.sync()
}

func (f *folder) remove(names ...string) error {
	var errs []error
	for _, name := range names {
		if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if len(names) > 0 {
		errs = append(errs, f.sync())
	}
	return errors.Join(errs...)
}

func (f *folder) list() ([]string, error) {
	dir, err := f.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Readdirnames(-1)
}

// lock keeps every other process out until the file that it returns is closed. The file is never removed: it is also
// how a home is told from a copy.
func (f *folder) lock() (*os.File, homeID, error) {
	file, err := f.openFile(lockName, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, homeID{}, err
	}
	if err := lockFile(file); err != nil {
		file.Close()
		return nil, homeID{}, fmt.Errorf("%w: %s: %w", ErrLocked, f.root.Name(), err)
	}
	here, err := identify(file)
	if err != nil {
		file.Close()
	}
	return file, here, err
}
