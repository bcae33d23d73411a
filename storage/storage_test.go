package storage_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/storage"
)

func TestValidKey(t *testing.T) {
	for _, c := range []struct {
		key            string
		isKey, isStart bool // whether it is a key, and the beginning of one
	}{
		{"a", true, true},
		{"0", true, true},
		{"blobs/ab/0123456789abcdefghijklmnopqrstuvwxyz", true, true},
		{strings.Repeat("a", 64), true, true},
		{"", false, true},
		{"a/", false, true},
		{"a/b/", false, true},
		{strings.Repeat("a", 63) + "/", false, false},
		{strings.Repeat("a", 65), false, false},
		{"/", false, false},
		{"/a", false, false},
		{"a//b", false, false},
		{"a//", false, false},
		{".", false, false},
		{"..", false, false},
		{"a/../b", false, false},
		{"A", false, false},
		{"a b", false, false},
		{"a-b", false, false},
		{"a_b", false, false},
		{`a\b`, false, false},
		{"a\x00", false, false},
		{"\xff", false, false},
		{"ü", false, false},
	} {
		if got := storage.ValidKey(c.key); got != c.isKey {
			t.Errorf("ValidKey(%q) = %t", c.key, got)
		}
		if got := storage.ValidPrefix(c.key); got != c.isStart {
			t.Errorf("ValidPrefix(%q) = %t", c.key, got)
		}
	}
}

func TestDeleteError(t *testing.T) {
	if err := storage.NewDeleteError(nil); err != nil {
		t.Errorf("no key failed, yet got %v", err)
	}
	errA, errB := errors.New("reason a"), errors.New("reason b")
	err := storage.NewDeleteError(map[string]error{"key/b": errB, "key/a": errA})
	if !errors.Is(err, errA) || !errors.Is(err, errB) {
		t.Errorf("%v hides its reasons", err)
	}
	failed, ok := errors.AsType[*storage.DeleteError](err)
	if !ok || !slices.Equal(failed.Unwrap(), []error{errA, errB}) {
		t.Errorf("got %v, not in the order of keys", failed)
	}
	if text := err.Error(); strings.Contains(text, "key/") || !strings.Contains(text, "2 objects") || !strings.Contains(text, "reason a") {
		t.Errorf("got %q", text)
	}
}
