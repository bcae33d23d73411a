package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-7b314ca8/mayfly/storage"
)

func deleteSome(ctx context.Context, t *trial) error {
	keys := t.keys(5)
	if err := t.putAll(ctx, keys, content(1, 10)); err != nil {
		return err
	}
	_, _, errBefore := t.get(ctx, keys[0], 0, -1)
	errs := []error{
		errBefore,
		t.Delete(ctx),
		t.Delete(ctx, t.key("missing")),
		t.Delete(ctx, t.key("missing/missing")),
		t.Delete(ctx, keys[0]),
		t.Delete(ctx, keys[0]),
		t.Delete(ctx, keys[1], t.key("missing"), keys[0], keys[2], keys[1]),
	}
	for _, key := range keys[:3] {
		_, _, err := t.get(ctx, key, 0, -1)
		errs = append(errs, want("Get after Delete", err, storage.ErrNotExist))
	}
	return errors.Join(append(errs, t.lists(ctx, t.prefix, keys[3:]))...)
}

// deleteMany has few objects, so that it ends soon, among many keys.
func deleteMany(ctx context.Context, t *trial) error {
	keys := t.keys(2500)
	var there []string
	for i := 0; i < len(keys); i += 25 {
		there = append(there, keys[i])
	}
	if err := t.putAll(ctx, append(there, t.key("other")), content(1, 10)); err != nil {
		return err
	}
	if err := t.Delete(ctx, keys...); err != nil {
		return fmt.Errorf("Delete: %w", err)
	}
	return t.lists(ctx, t.prefix, []string{t.key("other")})
}

// lists returns nil if exactly these keys have the prefix, listed in this order.
func (t *trial) lists(ctx context.Context, prefix string, keys []string) error {
	got, err := t.list(ctx, prefix)
	if err != nil {
		return err
	}
	if slices.Equal(got, keys) {
		return nil
	}
	if len(keys) > 20 {
		return fmt.Errorf("List of %d keys: got %d, in order: %t", len(keys), len(got), slices.IsSorted(got))
	}
	return fmt.Errorf("List of %q: got %q", keys, got)
}

func listMany(ctx context.Context, t *trial) error {
	keys := t.keys(1050)
	if err := t.putAll(ctx, keys, content(1, 10)); err != nil {
		return err
	}
	return t.lists(ctx, t.prefix, keys)
}

func listPrefix(ctx context.Context, t *trial) error {
	names := []string{"a/0", "a/b/c", "a/b0", "a/bb", "a0", "aa/a", "b"}
	for i, name := range names {
		if err := t.put(ctx, t.key(name), content(1, i+1)); err != nil {
			return err
		}
	}
	var errs []error
	for _, c := range []struct {
		prefix string
		names  []string
	}{
		{"", names},
		{"a", names[:6]},
		{"a/", names[:4]},
		{"a/b", names[1:4]},
		{"a/b/", names[1:2]},
		{"a/b/c", names[1:2]},
		{"a/bb", names[3:4]},
		{"a0", names[4:5]},
		{"b", names[6:]},
		{"b/", nil},
		{"c", nil},
	} {
		var keys []string
		for _, name := range c.names {
			keys = append(keys, t.key(name))
		}
		errs = append(errs, t.lists(ctx, t.key(c.prefix), keys))
	}
	return errors.Join(append(errs, t.listsSizes(ctx))...)
}

func (t *trial) listsSizes(ctx context.Context) error {
	var size int64
	for o, err := range t.List(ctx, t.prefix) {
		if err != nil {
			return err
		}
		if size++; o.Size != size {
			return fmt.Errorf("List: want size %d, got %d", size, o.Size)
		}
	}
	return nil
}

func listLeft(ctx context.Context, t *trial) error {
	keys := t.keys(5)
	if err := t.putAll(ctx, keys, content(1, 10)); err != nil {
		return err
	}
	for range 3 {
		for o, err := range t.List(ctx, t.prefix) {
			if err != nil || o.Key != keys[0] {
				return fmt.Errorf("List began with %q, %w", o.Key, err)
			}
			break
		}
	}
	return t.lists(ctx, t.prefix, keys)
}

// clockSkew is how far the store's clock may be off ours; S3 itself refuses requests beyond it.
const clockSkew = 15 * time.Minute

func listTimes(ctx context.Context, t *trial) error {
	before := time.Now()
	if err := t.put(ctx, t.key("a"), content(1, 10)); err != nil {
		return err
	}
	for o, err := range t.List(ctx, t.prefix) {
		if err != nil {
			return err
		}
		if o.ModTime.Before(before.Add(-clockSkew)) || o.ModTime.After(time.Now().Add(clockSkew)) {
			return fmt.Errorf("put at %v, listed with %v", before, o.ModTime)
		}
	}
	return nil
}
