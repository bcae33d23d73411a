//go:build !js

package keyring

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// newHome makes a home with a key file and returns the folder and the roots.
func newHome(t *testing.T) (r *Ring, dir string, roots Roots) {
	t.Helper()
	top := t.TempDir()
	dir, roots = filepath.Join(top, "home"), KeyFile(filepath.Join(top, "key"))
	r, err := Create(dir, roots)
	ok(t, err)
	t.Cleanup(func() { r.Close() })
	return r, dir, roots
}

func reopen(t *testing.T, r *Ring, dir string, roots Roots) *Ring {
	t.Helper()
	ok(t, r.Close())
	r, err := Open(dir, roots)
	ok(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

func TestAHomeRemembers(t *testing.T) {
	r, dir, roots := newHome(t)
	at := in(r, time.Hour)
	shared, own := bucketAt(t, r, at), ownBucketAt(t, r, at)
	ok(t, r.Put(Never, "k", "moved", []byte("one")))
	ok(t, r.Put(shared, "k", "moved", []byte("two")))
	ok(t, r.Put(own, "k", "own", []byte("three")))
	ok(t, r.Put(own, "k", "gone", []byte("four")))
	ok(t, r.Delete("k", "gone"))
	ok(t, r.Put(Never, "k", "gone too", []byte("five")))
	ok(t, r.Erase(Ref{"k", "gone too"}))
	for range 2 {
		r = reopen(t, r, dir, roots)
		wantContents(t, r, map[Ref]string{{"k", "moved"}: "two", {"k", "own"}: "three"})
		if b, got, _ := r.At("k", "moved"); b != shared || got != at || bucketAt(t, r, at) != shared {
			t.Errorf("got bucket %v at %d, want %v at %d", b, got, shared, at)
		}
		if b, _, _ := r.At("k", "own"); b != own {
			t.Errorf("got bucket %v, want %v", b, own)
		}
	}
}

func TestTheWrongHomeIsRefused(t *testing.T) {
	r, dir, roots := newHome(t)
	_, err := Open(dir, roots)
	wantErr(t, "open twice", err, ErrLocked)
	_, err = Create(dir, roots)
	wantErr(t, "create while open", err, ErrLocked)
	ok(t, r.Close())

	_, err = Create(dir, roots)
	wantErr(t, "create again", err, ErrExists)
	_, err = Create(t.TempDir(), roots)
	wantErr(t, "create with the key file of another", err, ErrExists)
	_, err = Open(t.TempDir(), roots)
	wantErr(t, "open an empty folder", err, ErrNoHome)
	_, err = Open(filepath.Join(dir, "no"), roots)
	wantErr(t, "open no folder", err, ErrNoHome)
	_, err = Open(dir, KeyFile(filepath.Join(t.TempDir(), "key")))
	wantErr(t, "open without a key", err, ErrNoRoot)
	other := filepath.Join(t.TempDir(), "key")
	ok(t, KeyFile(other).Store(Root{newKey()}))
	_, err = Open(dir, KeyFile(other))
	wantErr(t, "open with another's key", err, ErrCorrupt)

	r, err = Open(dir, roots)
	ok(t, err)
	ok(t, r.Close())
}

func TestAKeyFileLiesOutsideTheHome(t *testing.T) {
	top := t.TempDir()
	home := filepath.Join(top, "home")
	ok(t, os.MkdirAll(filepath.Join(home, "sub"), 0o700))
	paths := []string{"home/key", "home/sub/key", "home/../home/key"}
	if os.Symlink(home, filepath.Join(top, "link")) == nil {
		paths = append(paths, "link/key", "link/sub/key")
	}
	for _, path := range paths {
		r, err := Create(home, KeyFile(filepath.Join(top, path)))
		if err == nil {
			r.Close()
			t.Errorf("%s: no error", path)
		}
	}
	r, err := Create(home, KeyFile(filepath.Join(top, "homekey")))
	ok(t, err)
	ok(t, r.Close())
}

func TestFilesAreTheOwnersAndTellNothing(t *testing.T) {
	r, dir, _ := newHome(t)
	for i := range 3 {
		b := ownBucketAt(t, r, in(r, time.Hour))
		ok(t, r.Put(b, "kind", fmt.Sprint(i), []byte("value")))
	}
	var logs int
	ok(t, filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
		ok(t, err)
		info, err := d.Info()
		ok(t, err)
		name := d.Name()
		switch {
		case path == filepath.Dir(dir):
			return nil
		case isLogName(name):
			logs++
		case !slices.Contains([]string{"home", "key", ringName, lockName}, name):
			t.Errorf("there is a file %s", path)
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, want %v", path, info.Mode().Perm(), want)
		}
		if name == ringName && (info.Size()-int64(len(ringLine)+overhead))%ringStep != 0 {
			t.Errorf("the ring file has %d bytes", info.Size())
		}
		return nil
	}))
	if logs != 3 {
		t.Errorf("%d files of buckets, want 3", logs)
	}
}

func TestPassphrase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "home")
	_, err := Create(dir, Passphrase(dir, nil))
	wantErr(t, "no passphrase", err, ErrPassphrase)
	words := []byte("correct horse")
	r, err := Create(dir, Passphrase(dir, words))
	ok(t, err)
	ok(t, r.Put(Never, "k", "id", []byte("value")))
	ok(t, r.Erase(Ref{"k", "id"})) // replaces the root key
	ok(t, r.Put(Never, "k", "id", []byte("again")))
	ok(t, r.Close())

	_, err = Open(dir, Passphrase(dir, []byte("correct house")))
	wantErr(t, "wrong passphrase", err, ErrPassphrase)
	roots := Passphrase(dir, words)
	r, err = Open(dir, roots)
	ok(t, err)
	wantContents(t, r, map[Ref]string{{"k", "id"}: "again"})
	begin := time.Now()
	ok(t, r.Erase(Ref{"k", "id"}))
	t.Logf("replacing the root key again takes %v", time.Since(begin))
	ok(t, r.Close())

	file := filepath.Join(dir, rootName)
	good, err := os.ReadFile(file)
	ok(t, err)
	for _, tt := range []struct {
		name string
		file []byte
		want error
	}{
		{"a file that is cut short", good[:len(good)-1], ErrPassphrase},
		{"a file without a salt", good[:len(rootLine)+3], ErrCorrupt},
		{"an empty file", nil, ErrCorrupt},
		{"a file that is too long", append(bytes.Clone(good), make([]byte, 1<<16)...), ErrCorrupt},
		{"a file of a later version", bytes.Replace(good, []byte("v1"), []byte("v2"), 1), ErrVersion},
		{"another salt", append([]byte(rootLine), make([]byte, len(good)-len(rootLine))...), ErrPassphrase},
	} {
		ok(t, os.WriteFile(file, tt.file, 0o600))
		_, err := Open(dir, roots)
		wantErr(t, tt.name, err, tt.want)
	}
}

func TestKeyFileThatIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	for _, tt := range []struct {
		name, file string
		want       error
	}{
		{"an empty file", "", ErrCorrupt},
		{"no key", keyLine, ErrCorrupt},
		{"half a key", keyLine + strings.Repeat("k", 48), ErrCorrupt},
		{"too many keys", keyLine + strings.Repeat("k", 32*(maxRoots+1)), ErrCorrupt},
		{"a later version", "mayfly/root-key/v2\n" + strings.Repeat("k", 32), ErrVersion},
		{"something else", strings.Repeat("k", 51), ErrCorrupt},
	} {
		ok(t, os.WriteFile(path, []byte(tt.file), 0o600))
		_, err := KeyFile(path).Load()
		wantErr(t, tt.name, err, tt.want)
	}
}

func TestACopyOfAHomeIsNoticedAndAdopted(t *testing.T) {
	r, dir, roots := newHome(t)
	ok(t, r.Put(Never, "k", "id", []byte("value")))
	if r.Restored() {
		t.Error("a new home passes for a copy")
	}
	r = reopen(t, r, dir, roots)
	if r.Restored() {
		t.Error("a home that was closed passes for a copy")
	}
	ok(t, r.Close())
	twin := filepath.Join(t.TempDir(), "twin")
	ok(t, os.CopyFS(twin, os.DirFS(dir)))
	r, err := Open(twin, roots)
	ok(t, err)
	for range 2 { // it stays a copy, whatever is written, until it is adopted
		if !r.Restored() {
			t.Fatal("a copy was not noticed")
		}
		ok(t, r.Put(ownBucketAt(t, r, in(r, time.Hour)), "k", "id", []byte("value")))
		r = reopen(t, r, twin, roots)
	}
	ok(t, r.Adopt())
	if r.Restored() {
		t.Error("an adopted home is still a copy")
	}
	r = reopen(t, r, twin, roots)
	if r.Restored() {
		t.Error("an adopted home is a copy again")
	}
}

// TestTurningTheClockBackRevivesNothing uses that every bubble of synctest begins at one time.
func TestTurningTheClockBackRevivesNothing(t *testing.T) {
	top := t.TempDir()
	dir, roots := filepath.Join(top, "home"), KeyFile(filepath.Join(top, "key"))
	synctest.Test(t, func(t *testing.T) {
		r, err := Create(dir, roots)
		ok(t, err)
		ok(t, r.Put(bucketAt(t, r, in(r, time.Hour)), "k", "soon", []byte("value")))
		ok(t, r.Put(bucketAt(t, r, in(r, 3*time.Hour)), "k", "later", []byte("value")))
		time.Sleep(2 * time.Hour)
		ok(t, r.Close())
	})
	synctest.Test(t, func(t *testing.T) {
		r, err := Open(dir, roots)
		ok(t, err)
		wantContents(t, r, map[Ref]string{{"k", "later"}: "value"})
		if n, err := r.Forget(); n != 1 || err != nil {
			t.Errorf("Forget: got %d, %v, want 1", n, err)
		}
		ok(t, r.Close())
	})
}

// TestTheTimeIsWrittenDownEveryMinute kills nobody: it opens a copy of a home that is still in use.
func TestTheTimeIsWrittenDownEveryMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, dir, roots := newHome(t)
		written := func() int64 {
			twin := filepath.Join(t.TempDir(), "twin")
			ok(t, os.CopyFS(twin, os.DirFS(dir)))
			r, err := Open(twin, roots)
			ok(t, err)
			defer r.Close()
			return r.written.mark
		}
		r.Observe(r.Now() + day)
		begin := r.Now()
		if got := written(); got != begin {
			t.Errorf("after Observe %d is written, want %d", got, begin)
		}
		time.Sleep(59 * time.Second)
		r.Now()
		if got := written(); got != begin {
			t.Errorf("after 59 seconds %d is written, want %d", got, begin)
		}
		time.Sleep(time.Second)
		r.Now()
		if got := written(); got != begin+60 {
			t.Errorf("after a minute %d is written, want %d", got, begin+60)
		}
	})
}

// planted are what must not be found after its time, in every form in which it could lie about.
type planted map[string][]byte

func (p planted) add(name string, b []byte) {
	p[name] = b
	p[name+" in hex"] = []byte(hex.EncodeToString(b))
	p[name+" in base64"] = []byte(base64.RawStdEncoding.EncodeToString(b)[:len(b)*4/3-1])
	p[name+" in base64url"] = []byte(base64.RawURLEncoding.EncodeToString(b)[:len(b)*4/3-1])
}

// absent fails the test if any of p lies in a folder or in what keys open of its files.
func (p planted) absent(t *testing.T, dir string, keys []key) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	ok(t, err)
	for _, path := range files {
		b, err := os.ReadFile(path)
		ok(t, err)
		for _, text := range append(boxes(path, b, keys), b) {
			for name, want := range p {
				if bytes.Contains(text, want) {
					t.Errorf("%s holds %s", path, name)
				}
			}
		}
	}
}

// boxes returns all that keys open of a file: the ring file and wrapped roots, and every entry of a log.
func boxes(path string, file []byte, keys []key) (texts [][]byte) {
	for _, k := range keys {
		if box, found := bytes.CutPrefix(file, []byte(ringLine)); found {
			if plain, err := k.open(box, []byte(ringLine)); err == nil {
				texts = append(texts, plain)
			}
		}
		l := log{store: memory{filepath.Base(path): file}, key: k}
		hex.Decode(l.name[:], []byte(filepath.Base(path)))
		_ = l.read(func(e *entry, _ int) { texts = append(texts, e.encode()) })
	}
	return texts
}

// keysOf returns every key that there is now in a ring, at rest and in use.
func keysOf(t *testing.T, r *Ring) (keys []key) {
	t.Helper()
	roots, err := r.vault.roots.Load()
	ok(t, err)
	for _, root := range append(roots, r.vault.candidates...) {
		keys = append(keys, root.key)
	}
	for _, b := range r.buckets {
		keys = append(keys, b.log.key)
	}
	return keys
}

// TestWhatIsForgottenIsNowhere looks for plaintext and keys in the folder, and in copies of it that were taken before,
// with all keys of today.
func TestWhatIsForgottenIsNowhere(t *testing.T) {
	secretID, secretValue := []byte("the-id-of-a-planted-record"), []byte("the value of a planted record, long enough")
	tests := []struct {
		name   string
		plant  func(t *testing.T, r *Ring) Bucket
		forget func(r *Ring) error
	}{
		{
			"a bucket that has gone",
			func(t *testing.T, r *Ring) Bucket { return bucketAt(t, r, in(r, time.Hour)) },
			func(r *Ring) error { time.Sleep(time.Hour); _, err := r.Forget(); return err },
		},
		{
			"a bucket of its own that was hastened",
			func(t *testing.T, r *Ring) Bucket { return ownBucketAt(t, r, Forever) },
			func(r *Ring) error {
				for b, bucket := range r.buckets {
					if bucket.own {
						if err := r.Hasten(b, r.Now()); err != nil {
							return err
						}
					}
				}
				_, err := r.Forget()
				return err
			},
		},
		{
			"a record that was erased",
			func(t *testing.T, r *Ring) Bucket { return Never },
			func(r *Ring) error { return r.Erase(Ref{"planted", string(secretID)}) },
		},
		{
			"a record that was replaced elsewhere, deleted and then erased",
			func(t *testing.T, r *Ring) Bucket { return Never },
			func(r *Ring) error {
				return errors.Join(
					r.Put(must(r.Bucket(in(r, time.Hour))), "planted", string(secretID), secretValue),
					r.Delete("planted", string(secretID)),
					r.Erase(Ref{"planted", string(secretID)}),
				)
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, dir, roots := newHome(t)
				b := tt.plant(t, r)
				ok(t, r.Put(b, "planted", string(secretID), secretValue))
				ok(t, r.Put(Never, "kept", "id", []byte("kept")))
				p := make(planted)
				p.add("the id", secretID)
				p.add("the value", secretValue)
				before := keysOf(t, r)
				lost := r.buckets[b].log.key.b
				p.add("the key of the bucket", lost[:])

				var copies []string
				snapshot := func() {
					copies = append(copies, filepath.Join(t.TempDir(), "copy"))
					ok(t, os.CopyFS(copies[len(copies)-1], os.DirFS(dir)))
				}
				snapshot()
				r = reopen(t, r, dir, roots)
				snapshot()
				ok(t, tt.forget(r))
				for _, old := range before {
					if old.b != lost && slices.ContainsFunc(keysOf(t, r), func(k key) bool { return k.b == old.b }) {
						continue // the key of a bucket that lives
					}
					p.add("an old key", bytes.Clone(old.b[:]))
				}

				keys := keysOf(t, r)
				keyFolder := filepath.Join(t.TempDir(), "key") // the key file, in a folder of its own
				ok(t, os.Mkdir(keyFolder, 0o700))
				ok(t, os.WriteFile(filepath.Join(keyFolder, "key"), must(os.ReadFile(string(roots.(keyFile)))), 0o600))
				for _, folder := range append(copies, dir, keyFolder) {
					p.absent(t, folder, keys)
				}
				for _, folder := range copies {
					if r, err := Open(folder, roots); err == nil {
						r.Close()
						t.Error("the key of today opens an old copy")
					}
				}
				// The test can fail: with the keys of then, the copies yield what was planted.
				if found := boxesIn(t, copies[0], before); !bytes.Contains(found, secretValue) || !bytes.Contains(found, lost[:]) {
					t.Error("the old keys do not open the old copy: the test looks in the wrong place")
				}
				wantContents(t, r, map[Ref]string{{"kept", "id"}: "kept"})
			})
		})
	}
}

func boxesIn(t *testing.T, dir string, keys []key) (found []byte) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	ok(t, err)
	for _, path := range files {
		b, err := os.ReadFile(path)
		ok(t, err)
		found = append(found, bytes.Join(boxes(path, b, keys), nil)...)
	}
	return found
}

func TestAnOldCopyAndItsKeyFileOpenThatCopy(t *testing.T) {
	r, dir, roots := newHome(t)
	ok(t, r.Put(Never, "k", "id", []byte("value")))
	top := filepath.Join(t.TempDir(), "copy")
	ok(t, os.CopyFS(top, os.DirFS(filepath.Dir(dir))))
	ok(t, r.Erase(Ref{"k", "id"}))
	r = reopen(t, r, dir, roots)
	wantContents(t, r, map[Ref]string{})
	old, err := Open(filepath.Join(top, "home"), KeyFile(filepath.Join(top, "key")))
	ok(t, err)
	defer old.Close()
	wantContents(t, old, map[Ref]string{{"k", "id"}: "value"})
}

// The variables that make a second process of the test binary.
const (
	childVariable = "MAYFLY_KEYRING_CHILD" // what to do: "open" or "put"
	childDir      = "MAYFLY_KEYRING_DIR"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(childVariable); what != "" {
		child(what, os.Getenv(childDir))
		return
	}
	os.Exit(m.Run())
}

// child opens a home, says how that went, and if it is to put goes on until it is killed.
func child(what, dir string) {
	r, err := Open(dir, KeyFile(filepath.Join(filepath.Dir(dir), "key")))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("opened")
	for i := 0; what == "put"; i++ {
		if err := childRound(r, i); err != nil {
			fmt.Println("error", err)
			return
		}
		fmt.Println("put", i)
	}
	bufio.NewReader(os.Stdin).ReadByte() // waits for the parent
	r.Close()
}

// childRound puts record i, and does all else that writes.
func childRound(r *Ring, i int) error {
	own, err := r.OwnBucket(in(r, 100*time.Hour))
	if err != nil {
		return err
	}
	doomed := fmt.Sprint("doomed", i)
	err = errors.Join(
		r.Put(own, "doomed", doomed, make([]byte, 1<<10)),
		r.Put(Never, "big", "big", make([]byte, 20<<10)), // for compaction
		r.Put(Never, "put", fmt.Sprint(i), []byte(fmt.Sprint("value ", i))),
	)
	switch i % 3 {
	case 0:
		err = errors.Join(err, r.Hasten(own, 1))
		if n, ferr := r.Forget(); n == 0 || ferr != nil {
			err = errors.Join(err, fmt.Errorf("forgot %d: %w", n, ferr))
		}
	case 1:
		err = errors.Join(err, r.Erase(Ref{"doomed", doomed}))
	}
	return err
}

func startChild(t *testing.T, what, dir string) (cmd *exec.Cmd, lines *bufio.Scanner) {
	t.Helper()
	cmd = exec.Command(must(os.Executable()))
	cmd.Env = append(os.Environ(), childVariable+"="+what, childDir+"="+dir)
	must(cmd.StdinPipe())
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, bufio.NewScanner(out)
}

func TestOneProcessUsesAHome(t *testing.T) {
	r, dir, roots := newHome(t)
	_, lines := startChild(t, "open", dir)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), ErrLocked.Error()) {
		t.Fatalf("the second process says %q, want %q", lines.Text(), ErrLocked)
	}
	ok(t, r.Close())
	cmd, lines := startChild(t, "open", dir)
	if !lines.Scan() || lines.Text() != "opened" {
		t.Fatalf("the second process says %q", lines.Text())
	}
	_, err := Open(dir, roots)
	wantErr(t, "while the second process uses it", err, ErrLocked)
	ok(t, cmd.Process.Kill())
	cmd.Wait()
	r, err = Open(dir, roots)
	ok(t, err)
	ok(t, r.Close())
}

func TestAKilledProcessLosesNothingThatWasAcknowledged(t *testing.T) {
	r, dir, roots := newHome(t)
	for i := range 8 {
		ok(t, r.Close())
		cmd, lines := startChild(t, "put", dir)
		acknowledged := -1
		for lines.Scan() {
			if _, err := fmt.Sscanf(lines.Text(), "put %d", &acknowledged); err != nil && lines.Text() != "opened" {
				t.Fatalf("the child says %q", lines.Text())
			}
			if acknowledged == i { // at some point in one of the next rounds
				time.AfterFunc(rand.N(20*time.Millisecond), func() { cmd.Process.Kill() })
			}
		}
		cmd.Wait()
		var err error
		r, err = Open(dir, roots)
		ok(t, err)
		for n := range acknowledged + 1 {
			value, _ := r.Get("put", fmt.Sprint(n))
			if want := fmt.Sprint("value ", n); string(value) != want {
				t.Errorf("record %d: got %q, want %q", n, value, want)
			}
			_, _, found := r.At("doomed", fmt.Sprint("doomed", n))
			if found && n%3 != 2 {
				t.Errorf("record %d was to go, and is there", n)
			}
		}
		t.Logf("killed after %d rounds", acknowledged+1)
		noLeftovers(t, r)
	}
}

// noLeftovers fails the test if there is a file or a root key that no bucket needs.
func noLeftovers(t *testing.T, r *Ring) {
	t.Helper()
	roots, err := r.vault.roots.Load()
	ok(t, err)
	if len(roots) != 1 {
		t.Errorf("%d root keys rest, want 1", len(roots))
	}
	known := make(map[string]bool)
	for _, b := range r.buckets {
		known[b.log.name.String()] = true
	}
	names, err := r.store.list()
	ok(t, err)
	for _, name := range names {
		if isLogName(name) && !known[name] {
			t.Errorf("the file %s belongs to no bucket", name)
		}
	}
}
