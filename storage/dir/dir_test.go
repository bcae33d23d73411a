package dir_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/dir"
	"github.com/seed-7b314ca8/mayfly/storage/storagetest"
)

// children are what this binary does instead of testing when a test starts it as another process,
// by the value of childVar.
var children = map[string]func(path string) error{"crash": crashChild}

const (
	childVar = "MAYFLY_TEST_DIR_CHILD"
	pathVar  = "MAYFLY_TEST_DIR_PATH"
)

func TestMain(m *testing.M) {
	if child := children[os.Getenv(childVar)]; child != nil {
		if err := child(os.Getenv(pathVar)); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func open(t *testing.T, path string) *dir.Store {
	t.Helper()
	s, err := dir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s storage.Store, key, data string) {
	t.Helper()
	if err := s.Put(t.Context(), key, strings.NewReader(data), int64(len(data))); err != nil {
		t.Fatal(err)
	}
}

func get(ctx context.Context, s storage.Store, key string) (string, error) {
	r, _, err := s.Get(ctx, key, 0, -1)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return string(data), err
}

func list(t *testing.T, s storage.Store) (keys []string) {
	t.Helper()
	for o, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	return keys
}

func TestRules(t *testing.T) {
	path := t.TempDir()
	s := open(t, path)
	for _, rule := range storagetest.Rules {
		t.Run(rule.Name, func(t *testing.T) {
			if err := rule.Check(t.Context(), s, "test"); err != nil {
				t.Error(err)
			}
		})
	}
	if got := files(t, path); len(got) != 0 {
		t.Errorf("left behind: %q", got)
	}
}

// files returns the files below path, also those that List does not show.
func files(t *testing.T, path string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestObjectsOutliveTheStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder")
	put(t, open(t, path), "a/b/c", "data")
	if got, err := get(t.Context(), open(t, path), "a/b/c"); got != "data" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTwoStoresShareAFolder(t *testing.T) {
	path := t.TempDir()
	a, b := open(t, path), open(t, path)
	put(t, a, "x/1", "one")
	put(t, b, "x/2", "two")
	put(t, b, "y/z/3", "three")
	if err := b.Delete(t.Context(), "x/1"); err != nil {
		t.Error(err)
	}
	if got := list(t, a); !slices.Equal(got, []string{"x/2", "y/z/3"}) {
		t.Errorf("got %q", got)
	}
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such permissions")
	}
	path := filepath.Join(t.TempDir(), "new")
	put(t, open(t, path), "a/b", "data")
	for name, want := range map[string]fs.FileMode{"": 0o700, ".tmp": 0o700, "a": 0o700, "a/b": 0o600} {
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: got %o, want %o", name, got, want)
		}
	}
}

func TestOpenRemovesOldLeftovers(t *testing.T) {
	path := t.TempDir()
	open(t, path)
	for name, age := range map[string]time.Duration{"put-old": 2 * time.Hour, "put-busy": time.Minute} {
		name = filepath.Join(path, ".tmp", name)
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	open(t, path)
	got := files(t, path)
	if len(got) != 1 || filepath.Base(got[0]) != "put-busy" {
		t.Errorf("got %q, want the file that may be another process's", got)
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	path := t.TempDir()
	s := open(t, path)
	for _, name := range []string{"README.txt", "lost+found/x", "a/B", "a/.hidden"} {
		name = filepath.Join(path, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(path, "README.txt"), filepath.Join(path, "link")); err == nil {
		if err := s.Delete(t.Context(), "link"); err != nil {
			t.Error(err)
		}
	}
	put(t, s, "a/c", "data")
	if got := list(t, s); !slices.Equal(got, []string{"a/c"}) {
		t.Errorf("got %q", got)
	}
	if err := s.Delete(t.Context(), "a", "a/c"); err != nil {
		t.Error(err)
	}
	if got := files(t, path); len(got) < 4 {
		t.Errorf("only %q is left", got)
	}
}

// TestMissingVolume unmounts, in effect, and sees that objects are not taken to be deleted.
func TestMissingVolume(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(path string) error
	}{
		{"the folder is gone", func(string) error { return nil }},
		{"an empty folder is in its place", func(path string) error { return os.Mkdir(path, 0o700) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "volume")
			s := open(t, path)
			put(t, s, "a/b", "data")
			if err := errors.Join(os.Rename(path, path+"-away"), c.then(path)); err != nil {
				t.Fatal(err)
			}
			_, errGet := get(t.Context(), s, "a/b")
			errPut := s.Put(t.Context(), "a/c", strings.NewReader("x"), 1)
			errDelete := s.Delete(t.Context(), "a/b")
			var errList error
			for _, errList = range s.List(t.Context(), "") {
			}
			for i, err := range []error{errGet, errPut, errDelete, errList} {
				if err == nil || errors.Is(err, storage.ErrNotExist) {
					t.Errorf("call %d: got %v", i, err)
				}
			}
			if err := errors.Join(os.RemoveAll(path), os.Rename(path+"-away", path)); err != nil {
				t.Fatal(err)
			}
			put(t, s, "a/c", "more")
			if got := list(t, s); !slices.Equal(got, []string{"a/b", "a/c"}) {
				t.Errorf("it is back, and got %q", got)
			}
		})
	}
}

func TestRemovedFolderIsMadeAgain(t *testing.T) {
	path := t.TempDir()
	s := open(t, path)
	put(t, s, "a/b/c", "data")
	if err := os.RemoveAll(filepath.Join(path, "a")); err != nil {
		t.Fatal(err)
	}
	s.Put(t.Context(), "a/b/d", strings.NewReader("x"), 1) // may find out
	put(t, s, "a/b/e", "data")
}

func TestOpenOfAFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Open(path); err == nil {
		t.Error("got no error")
	}
}
