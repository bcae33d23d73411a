//go:build !js

package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
)

// sent has alice send bob a file, and returns the message as it arrived.
func sent(t *testing.T, alice, bob *client.Client, ttl time.Duration, content []byte, name string) *client.Received {
	t.Helper()
	f := file(content)
	f.Name = name
	_, err := alice.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Files: []client.File{f}, AsIs: true, TTL: ttl}, nil)
	if err != nil {
		t.Fatal(err)
	}
	list := receive(t, bob)
	if len(list) == 0 {
		t.Fatal("nothing arrived")
	}
	m := list[len(list)-1]
	if err := bob.Shown(m); err != nil {
		t.Fatal(err)
	}
	return m
}

// A counter is a transport that counts which parts are fetched, and breaks off once the first so many are here.
type counter struct {
	client.Transport
	upto int // parts from this one on do not come; 0: all come

	mu      sync.Mutex
	fetched []int
	here    sync.WaitGroup
}

// onlyFirst returns a counter that lets the first n parts through.
func onlyFirst(n int, transport client.Transport) *counter {
	c := &counter{Transport: transport, upto: n}
	c.here.Add(n)
	return c
}

func (c *counter) Do(ctx ctx, req *client.Request) (*client.Response, error) {
	_, part, is := strings.Cut(req.URL, "/parts/")
	if !is || req.Method != "GET" {
		return c.Transport.Do(ctx, req)
	}
	n, err := strconv.Atoi(part)
	if err != nil {
		return nil, err
	}
	if c.upto > 0 && n >= c.upto {
		c.here.Wait() // so that the failure of this part does not end the others
		return nil, errCut
	}
	c.mu.Lock()
	c.fetched = append(c.fetched, n)
	c.mu.Unlock()
	resp, err := c.Transport.Do(ctx, req)
	if c.upto > 0 {
		c.here.Done()
	}
	return resp, err
}

// partFiles returns the unfinished files in dir.
func partFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, ".mayfly-*.part"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestSaveFetchesOnlyWhatIsMissingOrDamaged breaks a download off, damages the unfinished file, and goes on.
func TestSaveFetchesOnlyWhatIsMissingOrDamaged(t *testing.T) {
	t.Parallel()
	const part = 63 << 14 // of the file, in a part of 1 MiB
	w := newWorld(t)
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	for _, row := range []struct {
		name   string
		damage func(t *testing.T, f *os.File)
		want   []int // what of the first three parts is fetched again
	}{
		{"untouched", func(*testing.T, *os.File) {}, nil},
		{"a byte of part 2", func(t *testing.T, f *os.File) { flip(t, f, 2*part+99) }, []int{2}},
		{"the first byte, and the last of part 1", func(t *testing.T, f *os.File) {
			flip(t, f, 0)
			flip(t, f, 2*part-1)
		}, []int{0, 1}},
		{"cut off in part 2, by a crash", func(t *testing.T, f *os.File) {
			if err := f.Truncate(2*part + 5); err != nil {
				t.Fatal(err)
			}
		}, []int{2}},
		{"empty", func(t *testing.T, f *os.File) {
			if err := f.Truncate(0); err != nil {
				t.Fatal(err)
			}
		}, []int{0, 1, 2}},
		{"longer than it should be", func(t *testing.T, f *os.File) {
			if _, err := f.WriteAt([]byte("trailing"), 6<<20); err != nil {
				t.Fatal(err)
			}
		}, nil},
		{"removed", func(t *testing.T, f *os.File) {
			if err := os.Remove(f.Name()); err != nil {
				t.Fatal(err)
			}
		}, []int{0, 1, 2}},
	} {
		t.Run(row.name, func(t *testing.T) {
			content := randomBytes(4*part + 100)
			m, dir := sent(t, alice, bob, time.Hour, content, "file.bin"), t.TempDir()
			broken := onlyFirst(3, w.transport)
			if _, err := w.process(bob.Ring, broken).Save(t.Context(), m, 0, dir, nil); !errors.Is(err, errCut) {
				t.Fatalf("it was to break off: %v", err)
			}
			unfinished := partFiles(t, dir)
			if len(unfinished) != 1 {
				t.Fatalf("unfinished: %q", unfinished)
			}
			f, err := os.OpenFile(unfinished[0], os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			row.damage(t, f)
			f.Close()

			line := &counter{Transport: w.transport}
			saved, err := w.process(bob.Ring, line).Save(t.Context(), m, 0, dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(saved.Path); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%d bytes were saved, of %d: %v", len(got), len(content), err)
			}
			slices.Sort(line.fetched)
			if want := append(row.want, 3, 4); !slices.Equal(line.fetched, want) {
				t.Errorf("it fetched parts %d, not %d", line.fetched, want)
			}
			if left := partFiles(t, dir); len(left) != 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func flip(t *testing.T, f *os.File, off int64) {
	t.Helper()
	var b [1]byte
	if _, err := f.ReadAt(b[:], off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b[:], off); err != nil {
		t.Fatal(err)
	}
}

// TestUnfinishedDownloadGoesWithItsMessage breaks a download off, and lets the time of its message come.
func TestUnfinishedDownloadGoesWithItsMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	m, dir := sent(t, alice, bob, 3*time.Second, randomBytes(3<<20), "file.bin"), t.TempDir()
	if _, err := w.process(bob.Ring, onlyFirst(2, w.transport)).Save(t.Context(), m, 0, dir, nil); err == nil {
		t.Fatal("it was to break off")
	}
	if len(partFiles(t, dir)) != 1 {
		t.Fatal("there is no unfinished file")
	}
	time.Sleep(time.Until(time.Unix(m.At, 0)) + time.Second)
	if _, err := bob.Forget(); err != nil {
		t.Fatal(err)
	}
	if left := partFiles(t, dir); len(left) != 0 {
		t.Errorf("after its time there is %q", left)
	}
	if _, err := bob.Save(t.Context(), m, 0, dir, nil); !errors.Is(err, client.ErrGone) {
		t.Errorf("after its time it is saved: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("after that the folder has %v: %v", entries, err)
	}
}

// TestExistingFilesAreNotOverwritten saves files of one name, beside what has it already.
func TestExistingFilesAreNotOverwritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	long := strings.Repeat("é", 125) + ".jpeg" // 255 bytes
	dotted := "x." + strings.Repeat("é", 126)  // 254 bytes
	for name, there := range map[string]func(path string) error{
		"photo.jpg":   func(path string) error { return os.WriteFile(path, []byte("mine"), 0o600) },
		"photo-2.jpg": func(path string) error { return os.Mkdir(path, 0o700) },
		"photo-3.jpg": func(path string) error { return os.Symlink(outside, path) },
		long:          func(path string) error { return os.WriteFile(path, []byte("mine"), 0o600) },
		dotted:        func(path string) error { return os.WriteFile(path, []byte("mine"), 0o600) },
	} {
		if err := there(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct{ name, want string }{
		{"photo.jpg", "photo-4.jpg"},
		{"photo.jpg", "photo-5.jpg"},
		{"no extension", "no extension"},
		{"no extension", "no extension-2"},
		{"a.tar.gz", "a.tar.gz"},
		{"a.tar.gz", "a.tar-2.gz"},
		{long, strings.Repeat("é", 124) + "-2.jpeg"},
		{dotted, "x." + strings.Repeat("é", 125) + "-2"},
	} {
		m := sent(t, alice, bob, time.Hour, []byte("theirs"), row.name)
		saved, err := bob.Save(t.Context(), m, 0, dir, nil)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if got := filepath.Base(saved.Path); got != row.want {
			t.Errorf("%s was saved as %s", row.name, got)
		}
		if got, err := os.ReadFile(saved.Path); string(got) != "theirs" {
			t.Errorf("%s holds %q: %v", saved.Path, got, err)
		}
	}
	for _, name := range []string{"photo.jpg", long, dotted} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); string(got) != "mine" {
			t.Errorf("%s holds %q: %v", name, got, err)
		}
	}
	if _, err := os.Lstat(outside); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link was followed: %v", err)
	}
}

// TestFileIsSavedOnce saves an attachment again, as somebody does who died before they knew that it was saved: with the
// unfinished file still there, under both names, and without.
func TestFileIsSavedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	m := sent(t, alice, bob, time.Hour, []byte("theirs"), "photo.jpg")
	dir := t.TempDir()
	save := func(into string) string {
		t.Helper()
		saved, err := bob.Save(t.Context(), m, 0, into, nil)
		if err != nil {
			t.Fatal(err)
		}
		return saved.Path
	}
	first := save(dir)
	if again := save(dir); again != first {
		t.Errorf("it was saved again, as %s", again)
	}
	var rec struct{ Path, Final string }
	value, _ := bob.Ring.Get("download", m.ID+"/0")
	if err := json.Unmarshal(value[1:], &rec); err != nil || rec.Final != first {
		t.Fatalf("the record is %+v: %v", rec, err)
	}
	if err := os.Link(first, rec.Path); err != nil {
		t.Fatal(err)
	}
	if again := save(dir); again != first || len(partFiles(t, dir)) != 0 {
		t.Errorf("it was saved again, as %s, beside %q", again, partFiles(t, dir))
	}
	if elsewhere := save(t.TempDir()); elsewhere == first {
		t.Error("it was not saved into another folder")
	}
	if err := os.Remove(first); err != nil {
		t.Fatal(err)
	}
	if again := save(dir); again != first {
		t.Errorf("once removed it was saved as %s", again)
	}
}

// TestNamesStayInTheirFolder sends files under names that would leave it, were they used as they are.
func TestNamesStayInTheirFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	top := t.TempDir()
	dir := filepath.Join(top, "in", "box")
	names := []string{
		"../../etc/passwd", "/etc/passwd", `..\..\windows\win.ini`, `C:\boot.ini`, "..", ".", "....", "~/.ssh/authorized_keys", ".bashrc",
		"-rf", "a\x00b", "CON", "aux.jpg", "photo.jpg:stream", "gpj.\u202eexe.txt", "line\nbreak", strings.Repeat("x", 300) + ".jpg", " ", "",
	}
	for i, name := range names {
		m := sent(t, alice, bob, time.Hour, []byte{byte(i)}, "x")
		m.Attachments[0] = renamed(t, m.Attachments[0], name)
		saved, err := bob.Save(t.Context(), m, 0, dir, nil)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if filepath.Dir(saved.Path) != dir || strings.HasPrefix(filepath.Base(saved.Path), ".") {
			t.Errorf("%q was saved as %q", name, saved.Path)
		}
		if info, err := os.Stat(saved.Path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%q: %v, %v", saved.Path, info.Mode(), err)
		}
	}
	files := 0
	err := filepath.WalkDir(top, func(_ string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			files++
		}
		return err
	})
	if err != nil || files != len(names) {
		t.Errorf("%d files for %d names: %v", files, len(names), err)
	}
}

// renamed returns the attachment of a message as a malicious sender would have encoded it, with any bytes for a name.
func renamed(t *testing.T, a *chat.Attachment, name string) *chat.Attachment {
	t.Helper()
	a.Name = "0123456789"
	b, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	// The name is a str8 before the type, which is a str8 too.
	at := bytes.LastIndex(b, []byte("0123456789"))
	if len(name) > 255 {
		name = name[:255]
	}
	b = slices.Concat(b[:at-1], []byte{byte(len(name))}, []byte(name), b[at+10:])
	parsed, err := chat.ParseAttachment(b)
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Server == (chat.Server{}) {
		parsed.Server = a.Server
	}
	return &parsed
}
