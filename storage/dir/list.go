package dir

import (
	"context"
	"io/fs"
	"iter"
	"os"
	"strings"

	"github.com/seed-7b314ca8/mayfly/storage"
)

// List implements [storage.Store]. It holds the names of the folders on its way, one of each depth.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Object, error] {
	return func(yield func(storage.Object, error) bool) {
		if !storage.ValidPrefix(prefix) {
			yield(storage.Object{}, storage.ErrKey)
			return
		}
		err := s.walk(ctx, "", prefix, func(o storage.Object) bool { return yield(o, nil) })
		if err == nil && !exists(s.tmp()) {
			err = errNoVolume
		}
		if err != nil && err != fs.SkipAll {
			yield(storage.Object{}, s.wrap("list", err))
		}
	}
}

// walk visits the objects below the folder, whose key is "" or ends in a slash. Since no byte of a key comes before
// the slash, sorted folders give sorted keys. It returns fs.SkipAll when visit has had enough.
func (s *Store) walk(ctx context.Context, folder, prefix string, visit func(storage.Object) bool) error {
	entries, err := os.ReadDir(s.file(folder))
	if err != nil && !isMissing(err) {
		return err
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.visit(ctx, folder+entry.Name(), entry, prefix, visit); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s *Store) visit(ctx context.Context, key string, entry fs.DirEntry, prefix string, visit func(storage.Object) bool) error {
	if !storage.ValidKey(key) {
		return nil // .tmp, or not ours
	}
	if entry.IsDir() {
		if below := key + "/"; strings.HasPrefix(below, prefix) || strings.HasPrefix(prefix, below) {
			return s.walk(ctx, below, prefix, visit)
		}
		return nil
	}
	if !entry.Type().IsRegular() || !strings.HasPrefix(key, prefix) {
		return nil
	}
	info, err := entry.Info()
	switch {
	case isMissing(err):
		return nil // deleted meanwhile
	case err != nil:
		return err
	case !visit(storage.Object{Key: key, Size: info.Size(), ModTime: info.ModTime()}):
		return fs.SkipAll
	}
	return nil
}
