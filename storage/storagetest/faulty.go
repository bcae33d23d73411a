package storagetest

import (
	"context"
	"errors"
	"io"
	"iter"
	"math/rand/v2"
	"sync"

	"github.com/seed-7b314ca8/mayfly/storage"
)

// ErrFault is the error of a Store that fails on purpose.
var ErrFault = errors.New("storagetest: failed on purpose")

// Faulty returns a Store that fails on purpose with [ErrFault] in every way that the contract allows: before
// anything was done, after all of it was, in the middle of a reader, for some keys of a Delete, and within a list.
// The rate, from 0 to 1, is how often it does; the same seed and calls fail in the same places.
func Faulty(s storage.Store, seed uint64, rate float64) storage.Store {
	return &faulty{Store: s, rate: rate, rand: rand.New(rand.NewPCG(seed, 0))}
}

type faulty struct {
	storage.Store
	rate float64

	mu   sync.Mutex
	rand *rand.Rand
}

// A fault is the place where a call fails.
type fault int

const (
	never fault = iota
	before
	midway
	after
	faults // how many there are
)

func (s *faulty) next() fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rand.Float64() >= s.rate {
		return never
	}
	return 1 + fault(s.rand.IntN(int(faults)-1))
}

// upTo returns a number below n.
func (s *faulty) upTo(n int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rand.Int64N(max(n, 1))
}

// Put fails before, with a reader that breaks off, or when the object is whole.
func (s *faulty) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	at := s.next()
	switch at {
	case before:
		return ErrFault
	case midway:
		r = &breakingReader{r, s.upTo(size)}
	}
	if err := s.Store.Put(ctx, key, r, size); err != nil || at != after {
		return err
	}
	return ErrFault
}

// Get fails itself, or its reader does.
func (s *faulty) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, int64, error) {
	at := s.next()
	if at == before {
		return nil, 0, ErrFault
	}
	r, size, err := s.Store.Get(ctx, key, off, n)
	if err != nil || at == never {
		return r, size, err
	}
	broken := &breakingReader{r, s.upTo(size - off)}
	return struct {
		io.Reader
		io.Closer
	}{broken, r}, size, nil
}

// Delete fails for all keys, for some, or for all although they were removed.
func (s *faulty) Delete(ctx context.Context, keys ...string) error {
	at := s.next()
	removed, failed := keys, make(map[string]error)
	switch at {
	case before:
		removed = nil
	case midway:
		removed = keys[:s.upTo(int64(len(keys)))]
	}
	err := s.Store.Delete(ctx, removed...)
	if at == never || err != nil && at == after {
		return err
	}
	if at == after {
		removed = nil
	}
	if inner, ok := errors.AsType[*storage.DeleteError](err); ok {
		failed = inner.Failed
	}
	for _, key := range keys[len(removed):] {
		failed[key] = ErrFault
	}
	return storage.NewDeleteError(failed)
}

// List fails at once or after some objects, at the latest after the last.
func (s *faulty) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		at, left := s.next(), s.upTo(1000)
		if at == before {
			yield(storage.Object{}, ErrFault)
			return
		}
		for o, err := range s.Store.List(ctx, prefix) {
			if at != never && left == 0 {
				break
			}
			left--
			if !yield(o, err) || err != nil {
				return
			}
		}
		if at != never {
			yield(storage.Object{}, ErrFault)
		}
	}
}

// A breakingReader fails after left bytes, or in place of an earlier end.
type breakingReader struct {
	r    io.Reader
	left int64
}

func (r *breakingReader) Read(p []byte) (int, error) {
	if r.left == 0 && len(p) > 0 {
		return 0, ErrFault
	}
	n, err := r.r.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if err == io.EOF {
		err = ErrFault
	}
	return n, err
}
