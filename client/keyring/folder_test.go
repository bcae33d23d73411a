//go:build !js

package keyring

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func newFolder(t *testing.T) *folder {
	t.Helper()
	f, err := openFolder(t.TempDir())
	ok(t, err)
	t.Cleanup(func() { f.root.Close() })
	return f
}

// TestAFolderAndMemoryKeepTheSamePromises runs the same rows on both stores.
func TestAFolderAndMemoryKeepTheSamePromises(t *testing.T) {
	for name, s := range map[string]store{"folder": newFolder(t), "memory": make(memory)} {
		want := func(what, file, content string, err error) {
			t.Helper()
			ok(t, err)
			f, err := s.open(file)
			ok(t, err)
			defer f.Close()
			if got := string(must(io.ReadAll(f))); got != content {
				t.Errorf("%s: %s: got %q, want %q", name, what, got, content)
			}
		}
		_, err := s.open("a")
		wantErr(t, name+": open nothing", err, fs.ErrNotExist)
		want("append to nothing", "a", "one", s.append("a", 0, []byte("one")))
		want("append", "a", "onetwo", s.append("a", 3, []byte("two")))
		want("cut and append", "a", "on3", s.append("a", 2, []byte("3")))
		want("cut", "a", "o", s.append("a", 1, nil))
		want("replace nothing", "b", "new", s.replace("b", []byte("new")))
		want("replace", "b", "", s.replace("b", nil))
		if got := must(s.list()); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"a", "b"}) {
			t.Errorf("%s: list: got %q", name, got)
		}
		ok(t, s.remove("a", "c", "b"))
		ok(t, s.remove())
		if got := must(s.list()); len(got) != 0 {
			t.Errorf("%s: list after remove: got %q", name, got)
		}
	}
}

func TestAFolderThatFailsKeepsTheOldFile(t *testing.T) {
	f := newFolder(t)
	ok(t, f.replace("a", []byte("old")))
	ok(t, f.root.Mkdir("a"+newSuffix, 0o700))
	if f.replace("a", []byte("new")) == nil {
		t.Error("replaced without a place to write to")
	}
	if got := must(os.ReadFile(f.path("a"))); string(got) != "old" {
		t.Errorf("got %q", got)
	}
	wantErr(t, "a file that has become shorter", f.append("a", 4, []byte("more")), ErrCorrupt)
	wantErr(t, "a file that has gone", f.append("b", 1, []byte("more")), fs.ErrNotExist)
	if f.remove("a"+newSuffix, "a") != nil || f.has("a") {
		t.Error("not removed")
	}
}

// TestALeftoverOfAReplacementIsOverwritten is what a crash between writing and renaming leaves.
func TestALeftoverOfAReplacementIsOverwritten(t *testing.T) {
	r, dir, roots := newHome(t)
	ok(t, r.Put(Never, "k", "id", []byte("value")))
	ok(t, os.WriteFile(filepath.Join(dir, ringName+newSuffix), make([]byte, 1<<20), 0o600))
	ok(t, os.WriteFile(string(roots.(keyFile))+newSuffix, []byte("half"), 0o600))
	r = reopen(t, r, dir, roots)
	_ = must(r.OwnBucket(Forever))
	ok(t, r.Erase(Ref{"k", "id"}))
	r = reopen(t, r, dir, roots)
	if r.store.(*folder).has(ringName + newSuffix) {
		t.Error("it is still there")
	}
}

// TestWhatIsNoFileIsNotWaitedFor puts links, folders and pipes where files should be.
func TestWhatIsNoFileIsNotWaitedFor(t *testing.T) {
	r, dir, roots := newHome(t)
	ok(t, r.Put(Never, "k", "id", []byte("value")))
	log := r.buckets[Never].log.name.String()
	ok(t, r.Close())
	outside := filepath.Join(t.TempDir(), "outside")
	for _, name := range []string{ringName, lockName, log} {
		path := filepath.Join(dir, name)
		ok(t, os.Rename(path, outside))
		for what, replace := range map[string]func() error{
			"a folder": func() error { return os.Mkdir(path, 0o700) },
			"a link":   func() error { return os.Symlink(outside, path) },
			"a pipe":   func() error { return makePipe(path) },
		} {
			if err := replace(); err != nil {
				t.Logf("%s: %v", what, err)
				continue
			}
			begin := time.Now()
			r, err := Open(dir, roots)
			if err == nil {
				r.Close()
				t.Errorf("%s in place of %s: no error", what, name)
			}
			if waited := time.Since(begin); waited > 10*time.Second {
				t.Errorf("%s in place of %s: waited %v", what, name, waited)
			}
			ok(t, os.Remove(path))
		}
		ok(t, os.Rename(outside, path))
	}
	r, err := Open(dir, roots)
	ok(t, err)
	wantContents(t, r, map[Ref]string{{"k", "id"}: "value"})
	ok(t, r.Close())
}

// TestOtherFilesAreLeftAlone: a home may hold more than a ring.
func TestOtherFilesAreLeftAlone(t *testing.T) {
	r, dir, roots := newHome(t)
	stray := "0123456789abcdef0123456789abcdef" // looks like the log of no bucket
	others := []string{"photo.jpg", stray + ".jpg", "0123456789ABCDEF0123456789ABCDEF", stray[1:]}
	for _, name := range append(others, stray) {
		ok(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	r = reopen(t, r, dir, roots)
	for _, name := range others {
		if !r.store.(*folder).has(name) {
			t.Errorf("%s is gone", name)
		}
	}
	if r.store.(*folder).has(stray) {
		t.Error("a log that no bucket has is still there")
	}
}
