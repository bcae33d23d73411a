package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"

	"github.com/seed-7b314ca8/mayfly/storage"
)

// writers is how many Puts a rule with many objects has under way.
const writers = 16

// A trial is a Store under test, and the keys of one rule in it.
type trial struct {
	storage.Store
	prefix string // ends in a slash
}

// cleanUp removes all that is left, whatever became of ctx.
func (t *trial) cleanUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	keys, err := t.list(ctx, t.prefix)
	if err == nil && len(keys) > 0 {
		err = t.Delete(ctx, keys...)
	}
	if err != nil {
		return fmt.Errorf("cleaning up: %w", err)
	}
	return nil
}

// key returns the key of that name.
func (t *trial) key(name string) string { return t.prefix + name }

// keys returns n keys of one width, so that their order is that of their numbers.
func (t *trial) keys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = t.key("n" + strconv.Itoa(10_000+i))
	}
	return keys
}

// content returns size bytes that differ from those of other seeds.
func content(seed uint64, size int) []byte {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	p := make([]byte, size)
	rand.NewChaCha8(key).Read(p)
	return p
}

func (t *trial) put(ctx context.Context, key string, data []byte) error {
	if err := t.Put(ctx, key, bytes.NewReader(data), int64(len(data))); err != nil {
		return fmt.Errorf("Put of %d bytes: %w", len(data), err)
	}
	return nil
}

// putAll puts the same data under all keys, several at a time.
func (t *trial) putAll(ctx context.Context, keys []string, data []byte) error {
	return each(keys, func(key string) error { return t.put(ctx, key, data) })
}

// each calls do for all keys, several at a time, and returns the errors.
func each(keys []string, do func(key string) error) error {
	work := make(chan string)
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for key := range work {
				if errs[i] == nil {
					errs[i] = do(key)
				}
			}
		})
	}
	for _, key := range keys {
		work <- key
	}
	close(work)
	wg.Wait()
	return errors.Join(errs...)
}

// get returns a range of an object and the size of the whole.
func (t *trial) get(ctx context.Context, key string, off, n int64) ([]byte, int64, error) {
	r, size, err := t.Get(ctx, key, off, n)
	if err != nil {
		return nil, 0, fmt.Errorf("Get: %w", err)
	}
	data, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, 0, fmt.Errorf("reading: %w", err)
	}
	return data, size, nil
}

// holds returns nil if the range reads as the same range of data.
func (t *trial) holds(ctx context.Context, key string, data []byte, off, n int64) error {
	end := int64(len(data))
	if n >= 0 && n < end-off {
		end = off + n
	}
	got, size, err := t.get(ctx, key, off, n)
	switch {
	case err != nil:
		return fmt.Errorf("%d bytes from %d of %d: %w", n, off, len(data), err)
	case size != int64(len(data)):
		return fmt.Errorf("%d bytes from %d of %d: Get said the size is %d", n, off, len(data), size)
	case !bytes.Equal(got, data[off:end]):
		return fmt.Errorf("%d bytes from %d of %d: got %d others", n, off, len(data), len(got))
	}
	return nil
}

// list returns the keys below a prefix. It does not list without end.
func (t *trial) list(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	for o, err := range t.List(ctx, prefix) {
		if err != nil {
			return nil, fmt.Errorf("List: %w", err)
		}
		if keys = append(keys, o.Key); len(keys) > 100_000 {
			return nil, errors.New("List did not end")
		}
	}
	return keys, nil
}

// want returns nil if err is target.
func want(what string, err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return fmt.Errorf("%s: want %q, got %v", what, target, err)
}

// fails returns nil if there is an error.
func fails(what string, err error) error {
	if err != nil {
		return nil
	}
	return fmt.Errorf("%s: want an error, got none", what)
}
