// Package dir keeps objects as files in a folder, safe against a crash at any moment.
//
// The object under a/b/c is the file a/b/c. Put writes a file in the folder .tmp, syncs it, renames it,
// and syncs the folder that it is then in; a folder that is new is synced into its parent first. So
// a power cut leaves an object whole or not there, and what was said to be stored is there, as far as
// the disk keeps its word. Delete syncs too: what was said to be gone does not come back. File
// systems that cannot sync a folder (some network ones, and those of Windows) are trusted to keep
// their own order.
//
// Several processes may share the folder, which must be one volume. What a Put left that was cut off lies
// in .tmp until an [Open] more than an hour later removes it. Empty folders stay, because removing
// one could pull it from under a Put. Folders (0700) and files (0600) are for their owner alone.
//
// If .tmp is not there, its volume is taken to be missing too: no object is then said not to exist,
// and none to be deleted.
package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/internal/body"
)

// tmpName is not a valid key, so no object can be in its way.
const tmpName = ".tmp"

// tmpAge is the time after which a file in .tmp that nobody wrote to is a leftover.
const tmpAge = time.Hour

var errNoVolume = errors.New("the folder is gone, is its volume mounted?")

// A Store keeps objects as files in a folder. Make one with [Open].
type Store struct {
	path    string
	settled sync.Map // the folders that a power cut cannot take back, by path
}

var _ storage.Store = (*Store)(nil)

// Open returns the Store in the folder at path, which it makes if there is none,
// and removes what Puts of long ago left in it.
func Open(path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, wrap("open", err)
	}
	s := &Store{path: path}
	if err := s.settle(s.tmp()); err != nil {
		return nil, wrap("open", err)
	}
	if err := s.removeLeftovers(time.Now().Add(-tmpAge)); err != nil {
		return nil, wrap("open", err)
	}
	return s, nil
}

func (s *Store) removeLeftovers(before time.Time) error {
	entries, err := os.ReadDir(s.tmp())
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || !info.ModTime().Before(before) {
			continue // removed by another process, or not ours
		}
		if err := os.Remove(s.file(tmpName, entry.Name())); err != nil && !isMissing(err) {
			return err
		}
	}
	return err
}

// Put implements [storage.Store]. An error for want of space is [storage.ErrFull].
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	in, err := body.NewIn(ctx, key, r, size)
	if err != nil {
		return err
	}
	tmp, err := s.write(in)
	if err != nil {
		return s.wrap("put", err)
	}
	if err := s.publish(tmp, s.file(key)); err != nil {
		os.Remove(tmp)
		return s.wrap("put", err)
	}
	return nil
}

// write returns the path of a synced file with the bytes of r.
func (s *Store) write(r io.Reader) (path string, err error) {
	f, err := os.CreateTemp(s.tmp(), "put-*")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// publish gives the file at tmp its lasting name.
func (s *Store) publish(tmp, path string) error {
	folder := filepath.Dir(path)
	if err := s.settle(folder); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		s.settled.Clear() // somebody may have removed a folder that we made: look again next time
		return err
	}
	return syncFolder(folder)
}

// settle makes a folder and those above it, where they are missing, and makes sure of their names.
// A folder that is there already may have been made a moment ago by somebody who has yet to sync it.
func (s *Store) settle(folder string) error {
	parent := filepath.Dir(folder)
	if _, ok := s.settled.Load(folder); ok || folder == parent {
		return nil
	}
	if !s.isBelow(folder) && exists(folder) {
		return nil // the administrator's
	}
	if err := s.settle(parent); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := syncFolder(parent); err != nil {
		return err
	}
	s.settled.Store(folder, nil)
	return nil
}

// Get implements [storage.Store].
func (s *Store) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, int64, error) {
	if !storage.ValidKey(key) {
		return nil, 0, storage.ErrKey
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	f, size, err := s.open(key)
	if err != nil {
		return nil, 0, s.wrap("get", err)
	}
	out, err := body.NewOut(ctx, f, f.Close, size, off, n)
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return out, size, nil
}

func (s *Store) open(key string) (f *os.File, size int64, err error) {
	f, err = os.Open(s.file(key))
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist // a folder of other objects
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// Delete implements [storage.Store]. It syncs each folder once.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	failed := make(map[string]error)
	touched := make(map[string][]string) // keys by folder
	for _, key := range keys {
		if err := s.remove(ctx, key); err != nil {
			failed[key] = err
			continue
		}
		folder := filepath.Dir(s.file(key))
		touched[folder] = append(touched[folder], key)
	}
	for folder, keys := range touched {
		err := syncFolder(folder)
		if err == nil || isMissing(err) {
			continue
		}
		for _, key := range keys {
			failed[key] = s.wrap("delete", err)
		}
	}
	return storage.NewDeleteError(failed)
}

func (s *Store) remove(ctx context.Context, key string) error {
	if !storage.ValidKey(key) {
		return storage.ErrKey
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	path := s.file(key)
	info, err := os.Lstat(path)
	if err == nil && info.Mode().IsRegular() { // and not a folder, which os.Remove would take as well
		err = os.Remove(path)
	}
	if err = s.wrap("delete", err); errors.Is(err, storage.ErrNotExist) {
		return nil
	}
	return err
}

func (s *Store) tmp() string { return filepath.Join(s.path, tmpName) }

func (s *Store) file(elements ...string) string {
	return filepath.Join(s.path, filepath.FromSlash(filepath.Join(elements...)))
}

// isBelow reports whether path is in the Store's folder.
func (s *Store) isBelow(path string) bool {
	return strings.HasPrefix(path, s.path+string(filepath.Separator))
}

// wrap is the function wrap for errors in the folder: while that is gone nothing can be said of objects.
func (s *Store) wrap(op string, err error) error {
	if isMissing(err) && !exists(s.tmp()) {
		err = errNoVolume
	}
	return wrap(op, err)
}

// wrap takes the path, and with it the key, out of err, and gives it the names that callers know.
func wrap(op string, err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err
	}
	if linkErr, ok := errors.AsType[*os.LinkError](err); ok {
		err = linkErr.Err
	}
	switch {
	case err == nil:
		return nil
	case isFull(err):
		return fmt.Errorf("dir: %s: %w: %w", op, storage.ErrFull, err)
	case isMissing(err):
		return fmt.Errorf("dir: %s: %w", op, storage.ErrNotExist)
	}
	return fmt.Errorf("dir: %s: %w", op, err)
}

// isMissing reports that a file or a folder above it is not there.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}
