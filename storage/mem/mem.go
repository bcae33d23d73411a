// Package mem keeps objects in memory, for tests and for trying things out.
// They are gone when the process is.
package mem

import (
	"bytes"
	"context"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/internal/body"
)

// A Store keeps objects in memory. Make one with [New].
type Store struct {
	mu      sync.RWMutex
	objects map[string]object // never changed in place
}

type object struct {
	data    []byte
	modTime time.Time
}

var _ storage.Store = (*Store)(nil)

// New returns an empty Store.
func New() *Store {
	return &Store{objects: make(map[string]object)}
}

// Put implements [storage.Store].
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	in, err := body.NewIn(ctx, key, r, size)
	if err != nil {
		return err
	}
	var data bytes.Buffer // grows with what comes, not with what was announced
	if _, err := data.ReadFrom(in); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = object{data.Bytes(), time.Now()}
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
	s.mu.RLock()
	o, ok := s.objects[key]
	s.mu.RUnlock()
	if !ok {
		return nil, 0, storage.ErrNotExist
	}
	size := int64(len(o.data))
	out, err := body.NewOut(ctx, bytes.NewReader(o.data), func() error { return nil }, size, off, n)
	if err != nil {
		return nil, 0, err
	}
	return out, size, nil
}

// Delete implements [storage.Store].
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	failed := make(map[string]error)
	for _, key := range keys {
		switch err := ctx.Err(); {
		case err != nil:
			failed[key] = err
		case !storage.ValidKey(key):
			failed[key] = storage.ErrKey
		default:
			delete(s.objects, key)
		}
	}
	return storage.NewDeleteError(failed)
}

// List implements [storage.Store]. It yields what was there when it began.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		if !storage.ValidPrefix(prefix) {
			yield(storage.Object{}, storage.ErrKey)
			return
		}
		for _, o := range s.snapshot(prefix) {
			if ctx.Err() != nil {
				break
			}
			if !yield(o, nil) {
				return
			}
		}
		// A list that was cut short must not look like a whole one.
		if err := ctx.Err(); err != nil {
			yield(storage.Object{}, err)
		}
	}
}

func (s *Store) snapshot(prefix string) []storage.Object {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []storage.Object
	for key, o := range s.objects {
		if strings.HasPrefix(key, prefix) {
			list = append(list, storage.Object{Key: key, Size: int64(len(o.data)), ModTime: o.modTime})
		}
	}
	slices.SortFunc(list, func(a, b storage.Object) int { return strings.Compare(a.Key, b.Key) })
	return list
}
