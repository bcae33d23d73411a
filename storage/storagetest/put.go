package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/seed-7b314ca8/mayfly/storage"
)

// sizes are around the bounds of buffers and chunks.
var sizes = []int{1, 2, 511, 4096, 16383, 16384, 65537, 1 << 20, storage.MaxObjectSize - 1, storage.MaxObjectSize}

func putSizes(ctx context.Context, t *trial) error {
	for i, size := range sizes {
		key, data := t.key("s"+strconv.Itoa(i)), content(uint64(i), size)
		// A reader with nothing but Read: a Store cannot rewind it.
		if err := t.Put(ctx, key, io.MultiReader(bytes.NewReader(data)), int64(size)); err != nil {
			return fmt.Errorf("Put of %d bytes: %w", size, err)
		}
		if err := t.holds(ctx, key, data, 0, -1); err != nil {
			return err
		}
	}
	return nil
}

func putImpossibleSizes(ctx context.Context, t *trial) error {
	var errs []error
	for i, size := range []int64{-1, 0, storage.MaxObjectSize + 1, 1 << 40} {
		err := t.Put(ctx, t.key("s"+strconv.Itoa(i)), bytes.NewReader(content(1, 10)), size)
		errs = append(errs, want(fmt.Sprintf("Put of %d bytes", size), err, storage.ErrSize))
	}
	return errors.Join(errs...)
}

func putShort(ctx context.Context, t *trial) error {
	var errs []error
	for i, size := range []int{1, 100, 70_000} {
		err := t.Put(ctx, t.key("s"+strconv.Itoa(i)), bytes.NewReader(content(1, size-1)), int64(size))
		errs = append(errs, want(fmt.Sprintf("Put of %d bytes, one missing", size), err, storage.ErrSize))
	}
	return errors.Join(errs...)
}

func putLong(ctx context.Context, t *trial) error {
	var errs []error
	for i, size := range []int{1, 100, 70_000, storage.MaxObjectSize} {
		err := t.Put(ctx, t.key("s"+strconv.Itoa(i)), bytes.NewReader(content(1, size+1)), int64(size))
		errs = append(errs, want(fmt.Sprintf("Put of %d bytes, one too many", size), err, storage.ErrSize))
	}
	return errors.Join(errs...)
}

// errRefused is what a reader says that found a digest to be wrong.
var errRefused = errors.New("refused")

// putFailing lets readers fail at the start, in the middle, and in place of io.EOF after the last byte.
func putFailing(ctx context.Context, t *trial) error {
	const size = 300_000
	var errs []error
	for i, n := range []int{0, 1, 150_000, size} {
		r := io.MultiReader(bytes.NewReader(content(1, n)), errReader{errRefused})
		err := t.Put(ctx, t.key("s"+strconv.Itoa(i)), r, size)
		errs = append(errs, want(fmt.Sprintf("Put of %d bytes that fails after %d", size, n), err, errRefused))
	}
	return errors.Join(errs...)
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// putStopsReading counts what is read of readers that fail, after Put has given up on them.
func putStopsReading(ctx context.Context, t *trial) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &trickle{left: storage.MaxObjectSize, at: storage.MaxObjectSize / 2, do: cancel}
	err := t.Put(ctx, t.key("a"), r, storage.MaxObjectSize)
	r.over.Store(true)
	time.Sleep(50 * time.Millisecond)
	if r.late.Load() {
		return errors.New("the reader was read again")
	}
	return fails("Put", err)
}

// A trickle yields zeros in small pieces and calls do when at are left.
type trickle struct {
	left, at int
	do       func()
	over     atomic.Bool // Put has returned
	late     atomic.Bool // and yet there was a Read
}

func (r *trickle) Read(p []byte) (int, error) {
	if r.over.Load() {
		r.late.Store(true)
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), 4096, r.left)
	clear(p[:n])
	if before := r.left; before >= r.at && before-n < r.at {
		r.do()
	}
	r.left -= n
	return n, nil
}

func putCancelled(ctx context.Context, t *trial) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &trickle{left: 1 << 20, at: 1 << 19, do: cancel}
	return want("Put", t.Put(ctx, t.key("a"), r, 1<<20), context.Canceled)
}

func concurrent(ctx context.Context, t *trial) error {
	return each(t.keys(4*writers), func(key string) error {
		data := content(uint64(len(key))+uint64(key[len(key)-1]), 10_000+int(key[len(key)-1]))
		key, err := t.putAgain(ctx, key, data)
		if err != nil {
			return err
		}
		if err := t.holds(ctx, key, data, 0, -1); err != nil {
			return err
		}
		if err := t.Delete(ctx, key); err != nil {
			return fmt.Errorf("Delete: %w", err)
		}
		_, _, err = t.get(ctx, key, 0, -1)
		return want("Get after Delete", err, storage.ErrNotExist)
	})
}

// putAgain puts data under a key, or if that fails under another, as callers do: a Put may fail at any time. That of
// versitygw 1.8.0 does where the last object beside it is deleted just then, and its folder with it.
func (t *trial) putAgain(ctx context.Context, key string, data []byte) (string, error) {
	var err error
	for _, again := range []string{"", "b", "c"} {
		if err = t.put(ctx, key+again, data); err == nil {
			return key + again, nil
		}
	}
	return "", err
}
