package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/seed-7b314ca8/mayfly/storage"
)

func getRanges(ctx context.Context, t *trial) error {
	const size = 100_000
	key, data := t.key("a"), content(1, size)
	if err := t.put(ctx, key, data); err != nil {
		return err
	}
	var errs []error
	for _, c := range []struct{ off, n int64 }{
		{0, -1},
		{0, 1},
		{0, size - 1},
		{0, size},
		{0, size + 1},
		{1, -1},
		{1, 1},
		{1, size - 1},
		{1, math.MaxInt64},
		{65_536, 16_400},
		{size - 1, -1},
		{size - 1, 1},
		{size - 1, 2},
	} {
		errs = append(errs, t.holds(ctx, key, data, c.off, c.n))
	}
	return errors.Join(errs...)
}

func getOutside(ctx context.Context, t *trial) error {
	const size = 1000
	key := t.key("a")
	if err := t.put(ctx, key, content(1, size)); err != nil {
		return err
	}
	var errs []error
	for _, c := range []struct{ off, n int64 }{
		{-1, -1}, {-1, 10}, {0, 0}, {500, 0}, {size, -1}, {size, 1}, {size + 1, 1}, {math.MaxInt64, -1}, {math.MaxInt64, 10},
	} {
		_, _, err := t.get(ctx, key, c.off, c.n)
		errs = append(errs, want(fmt.Sprintf("%d bytes from %d of %d", c.n, c.off, size), err, storage.ErrRange))
	}
	return errors.Join(errs...)
}

func getMissing(ctx context.Context, t *trial) error {
	if err := t.put(ctx, t.key("a/b"), content(1, 10)); err != nil {
		return err
	}
	var errs []error
	for _, name := range []string{"missing", "a", "a/missing", "missing/missing", "a/b/missing"} {
		for _, off := range []int64{0, 5} {
			r, _, err := t.Get(ctx, t.key(name), off, -1)
			if err == nil {
				r.Close()
			}
			errs = append(errs, want("Get of "+name, err, storage.ErrNotExist))
		}
	}
	return errors.Join(errs...)
}

// cancelled asks for everything with a context that is over.
func cancelled(ctx context.Context, t *trial) error {
	key := t.key("a")
	if err := t.put(ctx, key, content(1, 10)); err != nil {
		return err
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	errPut := t.put(over, t.key("b"), content(1, 10))
	_, _, errGet := t.get(over, key, 0, -1)
	errDelete := t.Delete(over, key)
	_, errList := t.list(over, t.prefix)
	_, errListNothing := t.list(over, t.key("nothing"))
	return errors.Join(
		want("Put", errPut, context.Canceled),
		want("Get", errGet, context.Canceled),
		want("Delete", errDelete, context.Canceled),
		want("List", errList, context.Canceled),
		want("List of nothing", errListNothing, context.Canceled),
		t.holds(ctx, key, content(1, 10), 0, -1),
	)
}

// getCancelled cancels when more than a socket holds is still to be read.
func getCancelled(ctx context.Context, t *trial) error {
	key := t.key("a")
	if err := t.put(ctx, key, content(1, storage.MaxObjectSize)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, _, err := t.Get(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := io.CopyN(io.Discard, r, 1000); err != nil {
		return err
	}
	cancel()
	_, err = io.Copy(io.Discard, r)
	return fails("reading on", err)
}

// getDeleted reads on while the object is deleted: some services let the Delete wait until the reader is through.
func getDeleted(ctx context.Context, t *trial) error {
	key, data := t.key("a"), content(1, storage.MaxObjectSize)
	if err := t.put(ctx, key, data); err != nil {
		return err
	}
	r, _, err := t.Get(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	deleted := make(chan error, 1)
	go func() { deleted <- t.Delete(ctx, key) }()
	got, err := io.ReadAll(r)
	if err := <-deleted; err != nil {
		return fmt.Errorf("Delete: %w", err)
	}
	if !bytes.HasPrefix(data, got) {
		return errors.New("the reader gave other bytes")
	}
	if err == nil && len(got) < len(data) {
		return fmt.Errorf("the reader ended after %d of %d bytes as if that were all", len(got), len(data))
	}
	return nil
}

// malformed are keys that some store or other would take, and take for another one.
func malformed() []string {
	return []string{
		"", "/", "a/", "/a", "a//b", ".", "..", "a/..", "a/../b", "a/./b", "A", "a b", "a.b", "a-b", "a_b",
		`a\b`, "a%2fb", "a\x00", "ä", "a\n", strings.Repeat("a", storage.MaxKeyLen+1),
	}
}

func malformedKeys(ctx context.Context, t *trial) error {
	good := t.key("a")
	if err := t.put(ctx, good, content(1, 10)); err != nil {
		return err
	}
	var errs []error
	for _, key := range malformed() {
		_, _, errGet := t.get(ctx, key, 0, -1)
		errDelete := t.Delete(ctx, key)
		errs = append(
			errs,
			want(fmt.Sprintf("Put of %q", key), t.put(ctx, key, content(1, 10)), storage.ErrKey),
			want(fmt.Sprintf("Get of %q", key), errGet, storage.ErrKey),
			want(fmt.Sprintf("Delete of %q", key), errDelete, storage.ErrKey),
		)
	}
	for _, prefix := range []string{"/", "a//", "..", "A", "a b", "a*", strings.Repeat("a", storage.MaxKeyLen+1)} {
		_, err := t.list(ctx, prefix)
		errs = append(errs, want(fmt.Sprintf("List of %q", prefix), err, storage.ErrKey))
	}
	// One bad key does not save the others.
	errs = append(errs, t.deletesAllBut(ctx, "a//b", good))
	return errors.Join(errs...)
}

func (t *trial) deletesAllBut(ctx context.Context, bad, good string) error {
	err := t.Delete(ctx, bad, good)
	if failed, ok := errors.AsType[*storage.DeleteError](err); !ok || len(failed.Failed) != 1 || failed.Failed[bad] == nil {
		return fmt.Errorf("Delete of a malformed and a good key: want a DeleteError for the first, got %v", err)
	}
	_, _, err = t.get(ctx, good, 0, -1)
	return want("Get after Delete beside a malformed key", err, storage.ErrNotExist)
}

// errorsWithoutKeys makes all the errors that can be had without breaking something.
func errorsWithoutKeys(ctx context.Context, t *trial) error {
	const name = "unmistakable"
	key := t.key(name)
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, _, errMissing := t.Get(ctx, key, 0, -1)
	_, _, errCancelled := t.Get(over, key, 0, -1)
	_, errList := t.list(over, key)
	var errs []error
	for _, err := range []error{
		errMissing, errCancelled, errList,
		t.Put(ctx, key, errReader{errRefused}, 10),
		t.Put(over, key, strings.NewReader("x"), 1),
		t.Put(ctx, key+"-", strings.NewReader("x"), 1),
		t.Delete(over, key),
		t.Delete(ctx, key+"-"),
	} {
		if err == nil {
			errs = append(errs, errors.New("want an error, got none"))
		} else if strings.Contains(err.Error(), name) {
			errs = append(errs, fmt.Errorf("an error tells the key: %w", err))
		}
	}
	return errors.Join(errs...)
}
