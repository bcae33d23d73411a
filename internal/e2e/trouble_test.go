package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// fetched returns the file of an attachment, and fails the test if there is none.
func (p *person) fetched(a *chat.Attachment) []byte {
	p.t.Helper()
	buf := make([]byte, a.Length)
	if err := p.Fetch(p.t.Context(), a, writerAt(buf), nil); err != nil {
		p.t.Fatal(err)
	}
	return buf
}

// A writerAt is a file in memory.
type writerAt []byte

func (w writerAt) WriteAt(b []byte, off int64) (int, error) { return copy(w[off:], b), nil }

// A restless file is rewritten when half of it was read, so many times.
type restless struct {
	mu      sync.Mutex
	content []byte
	modTime time.Time
	changes int
}

func (r *restless) ReadAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if off > int64(len(r.content)/2) && r.changes > 0 {
		r.changes--
		r.content = randomBytes(len(r.content))
		r.modTime = r.modTime.Add(time.Second)
	}
	n := copy(p, r.content[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (r *restless) stat() (int64, time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return int64(len(r.content)), r.modTime, nil
}

func TestFileThatChangesWhileItIsSent(t *testing.T) {
	for _, row := range []struct {
		name    string
		changes int
		want    error
	}{
		{"once: it is sent anew, as it is now", 1, nil},
		{"all the time: nothing goes", 1 << 30, client.ErrChanged},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := smallWorld(t, server.Config{})
			alice, bob := w.person(), w.person()
			meet(t, alice, bob)
			src := &restless{content: randomBytes(5 << 20), modTime: time.Unix(1, 0), changes: row.changes}
			f := client.File{Name: "notes.bin", Content: src, Size: 5 << 20, ModTime: src.modTime, Stat: src.stat}
			_, err := alice.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Files: []client.File{f}, AsIs: true, TTL: time.Hour}, nil)
			if !errors.Is(err, row.want) {
				t.Fatalf("the sender is told %v", err)
			}
			messages := bob.receive()
			if row.want != nil {
				if stats, _ := w.db.Stats(t.Context()); len(messages) != 0 || stats.Blobs+stats.OpenBlobs != 0 {
					t.Errorf("%d messages and %d blobs went out", len(messages), stats.Blobs+stats.OpenBlobs)
				}
				return
			}
			if !alice.noticed("sending it anew") {
				t.Error("the sender was not told")
			}
			if !bytes.Equal(bob.fetched(messages[0].Attachments[0]), src.content) {
				t.Error("what arrived is a mixture")
			}
		})
	}
}

func TestBadInputIsRefusedBeforeAnythingIsSent(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	whole := photo(t)
	for name, content := range map[string][]byte{
		"an unknown format":   []byte("%!PS-Adobe-3.0 and so on"),
		"a truncated picture": whole[:len(whole)/2],
		"nothing at all":      {},
	} {
		_, err := alice.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Files: []client.File{file("x", content)}}, nil)
		if !errors.Is(err, client.ErrMetadata) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if stats, _ := w.db.Stats(t.Context()); stats.Blobs+stats.OpenBlobs+stats.Envelopes != 0 {
		t.Error("something of it reached the server")
	}
	_, err := alice.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Files: []client.File{file("empty", nil)}, AsIs: true}, nil)
	if err != nil {
		t.Errorf("an empty file as it is: %v", err)
	}
	if got := bob.fetched(bob.receive()[0].Attachments[0]); len(got) != 0 {
		t.Errorf("an empty file arrived with %d bytes", len(got))
	}
}

func TestInviteWorksOnce(t *testing.T) {
	w := smallWorld(t, server.Config{})
	invite := w.invite()
	first := &client.Client{Ring: keyring.Memory(), Transport: w.transport(), Retry: -1}
	if err := first.Enrol(t.Context(), invite); err != nil {
		t.Fatal(err)
	}
	if err := first.Enrol(t.Context(), invite); !errors.Is(err, client.ErrIdentityExists) {
		t.Errorf("to enrol twice is answered by %v", err)
	}
	second := &client.Client{Ring: keyring.Memory(), Transport: w.transport(), Retry: -1}
	if err := second.Enrol(t.Context(), invite); !errors.Is(err, client.ErrInvite) {
		t.Errorf("a used invite is answered by %v", err)
	}
	parsed, err := chat.ParseInvite(w.invite())
	if err != nil {
		t.Fatal(err)
	}
	parsed.Server[0] ^= 1
	if err := second.Enrol(t.Context(), parsed.Encode()); !errors.Is(err, client.ErrServerKey) {
		t.Errorf("a server with another key is answered by %v", err)
	}
}

// transport returns one that is closed with the test.
func (w *world) transport() client.Transport {
	transport := client.NewHTTPTransport()
	w.t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func TestQuota(t *testing.T) {
	w := smallWorld(t, server.Config{DayBytes: 32 << 20})
	alice := w.person()
	alice.Retry = -1
	for i := range 3 {
		_, err := alice.Upload(t.Context(), file("x", randomBytes(1000)), &client.UploadOptions{AsIs: true})
		if i < 2 && err != nil || i == 2 && !errors.Is(err, client.ErrQuota) {
			t.Errorf("upload %d, of 2 that the quota has room for: %v", i+1, err)
		}
	}
}

// A meddler is a transport that changes what passes.
type meddler struct {
	client.Transport
	meddle func(req *client.Request) (*client.Response, error) // nil, nil: pass it on
}

func (m *meddler) Do(ctx context.Context, req *client.Request) (*client.Response, error) {
	if resp, err := m.meddle(req); resp != nil || err != nil {
		return resp, err
	}
	return m.Transport.Do(ctx, req)
}

func TestPartDamagedOnTheWayIsSentAgain(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice := w.person()
	var damaged atomic.Int32
	alice.Transport = &meddler{alice.Transport, func(req *client.Request) (*client.Response, error) {
		if strings.Contains(req.URL, "/parts/") && req.Method == "PUT" && damaged.Add(1) <= 2 {
			req.Body = bytes.Clone(req.Body)
			req.Body[len(req.Body)/2] ^= 1
		}
		return nil, nil
	}}
	content := randomBytes(3 << 20)
	a, err := alice.Upload(t.Context(), file("x", content), &client.UploadOptions{AsIs: true})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(alice.fetched(a), content) {
		t.Error("it arrived damaged")
	}
}

func TestNothingOfATamperedFileIsWritten(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice := w.person()
	a, err := alice.Upload(t.Context(), file("x", randomBytes(3<<20)), &client.UploadOptions{AsIs: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, path string
	}{
		{"a part", "/parts/1"},
		{"the digests", "/parts"},
		{"the share", "/share"},
	} {
		alice.Transport = &meddler{w.transport(), func(req *client.Request) (*client.Response, error) {
			if !strings.HasSuffix(req.URL, row.path) {
				return nil, nil
			}
			resp, err := w.transport().Do(t.Context(), req)
			if err == nil {
				resp.Body[len(resp.Body)/2] ^= 1
			}
			return resp, err
		}}
		out := make(writerAt, a.Length)
		if err := alice.Fetch(t.Context(), a, out, nil); !errors.Is(err, client.ErrTampered) {
			t.Errorf("%s: %v", row.name, err)
		}
		if part := out[1<<20 : 2<<20-1<<16]; row.name == "a part" && !bytes.Equal(part, make([]byte, len(part))) {
			t.Error("bytes of a tampered part were written")
		}
	}
}

func TestBrokenDownloadGoesOnInTheMiddleOfAPart(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice := w.person()
	content := randomBytes(900 << 10)
	a, err := alice.Upload(t.Context(), file("x", content), &client.UploadOptions{AsIs: true})
	if err != nil {
		t.Fatal(err)
	}
	var ranges []string
	alice.Transport = &meddler{w.transport(), func(req *client.Request) (*client.Response, error) {
		if !strings.HasSuffix(req.URL, "/parts/0") {
			return nil, nil
		}
		resp, err := w.transport().Do(t.Context(), req)
		ranges = append(ranges, req.Header["Range"])
		if err == nil && len(ranges) < 4 {
			resp.Body = resp.Body[:100<<10]
			err = io.ErrUnexpectedEOF
		}
		return resp, err
	}}
	if !bytes.Equal(alice.fetched(a), content) {
		t.Error("it was put together wrong")
	}
	if want := []string{"", "bytes=102400-", "bytes=204800-", "bytes=307200-"}; strings.Join(ranges, " ") != strings.Join(want, " ") {
		t.Errorf("it asked for %q", ranges)
	}
}

// TestClockThatIsWrong has a client whose clock stands at the year 2000, and jumps by a day.
func TestClockThatIsWrong(t *testing.T) {
	w := smallWorld(t, server.Config{})
	invite := w.invite()
	synctest.Test(t, func(t *testing.T) {
		transport := client.NewHTTPTransport()
		defer transport.CloseIdleConnections()
		c := &client.Client{Ring: keyring.Memory(), Transport: transport, Retry: -1}
		if err := c.Enrol(t.Context(), invite); err != nil {
			t.Fatalf("26 years behind: %v", err)
		}
		transport.CloseIdleConnections() // time stands still in a bubble that waits for a network
		time.Sleep(24 * time.Hour)
		if _, err := c.Receive(t.Context(), 0); err != nil {
			t.Fatalf("then a day ahead: %v", err)
		}
	})
}

func TestStrangersArriveAsRequests(t *testing.T) {
	w := smallWorld(t, server.Config{})
	stranger, bob := w.person(), w.person()
	stranger.add("bob", bob)
	if _, err := stranger.Send(t.Context(), client.Outgoing{
		To: []string{"bob"}, Text: "hello", Files: []client.File{file("", photo(t))}, TTL: time.Hour,
	}, nil); err != nil {
		t.Fatal(err)
	}
	var asked []string
	bob.Transport = &meddler{bob.Transport, func(req *client.Request) (*client.Response, error) {
		asked = append(asked, req.URL)
		return nil, nil
	}}
	if messages := bob.receive(); len(messages) != 0 {
		t.Fatal("a stranger's message was shown")
	}
	for _, url := range asked {
		if strings.Contains(url, "/blobs") || strings.Contains(url, "/locators") {
			t.Errorf("a stranger's message made us ask for %s", url)
		}
	}
	requests, err := bob.Requests()
	if err != nil || len(requests) != 1 {
		t.Fatalf("%d requests: %v", len(requests), err)
	}
	if _, err := bob.AddContact("carol", requests[0].Name); err != nil {
		t.Fatal(err)
	}
	messages := bob.receive()
	if len(messages) != 1 || messages[0].Text != "hello" || messages[0].From.Name != "carol" {
		t.Fatalf("after the request was accepted there are %d messages", len(messages))
	}
	bob.fetched(messages[0].Attachments[0])
	// And now an answer, to somebody whose contact string was never handed over.
	if _, err := bob.Send(t.Context(), client.Outgoing{To: []string{"carol"}, Text: "hello back"}, nil); err != nil {
		t.Fatal(err)
	}
	if messages := stranger.receive(); len(messages) != 1 || messages[0].Text != "hello back" {
		t.Error("the answer did not arrive")
	}
}

// TestForgottenByAllRecipientsGoesEarly sends a photo that its reader's device forgets a second after it was shown: then
// the sender's device deletes it, an hour before its time.
func TestForgottenByAllRecipientsGoesEarly(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	if _, err := alice.Send(t.Context(), client.Outgoing{
		To: []string{"bob"}, Text: "quick", Files: []client.File{file("", photo(t))}, TTL: time.Hour, After: time.Second,
	}, nil); err != nil {
		t.Fatal(err)
	}
	m := bob.receive()[0]
	if err := bob.Shown(m); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2100 * time.Millisecond)
	if _, err := bob.Forget(); err != nil {
		t.Fatal(err)
	}
	if _, ok := bob.Ring.Get("message", m.ID); ok {
		t.Error("the reader's device remembers it")
	}
	bob.receive() // which tells alice
	alice.receive()
	if stats, _ := w.db.Stats(t.Context()); stats.Blobs != 0 {
		t.Error("the server still has the photo")
	}
}

func TestMailboxKeyIsRotated(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	send := func(words string) {
		t.Helper()
		if _, err := alice.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Text: words}, nil); err != nil {
			t.Fatal(err)
		}
	}
	send("under the first key")
	for name, value := range bob.Ring.All("mailbox-key") {
		key, err := chat.ParseMailboxKey(value)
		if err != nil {
			t.Fatal(err)
		}
		key.Created -= int64(8 * 24 * time.Hour / time.Second)
		bucket, _, _ := bob.Ring.At("mailbox-key", name)
		if err := bob.Ring.Put(bucket, "mailbox-key", name, key.Encode()); err != nil {
			t.Fatal(err)
		}
	}
	if messages := bob.receive(); len(messages) != 1 {
		t.Fatalf("%d messages under the old key", len(messages))
	}
	_, at, ok := bob.Ring.At("mailbox-key", "0000000001")
	if days := (at - bob.Ring.Now()) / 86400; !ok || days < 28 || days > 30 {
		t.Errorf("the old key is erased in %d days", days)
	}
	send("under the second key")
	if messages := bob.receive(); len(messages) != 2 {
		t.Errorf("%d messages under both keys", len(messages))
	}
	if _, ok := bob.Ring.Get("mailbox-key", "0000000002"); !ok {
		t.Error("there is no second key")
	}
}

// TestRestoredHomeAbandonsItsUploads copies a home in the middle of an upload. The copy must not go on with it: the
// original may, with a file that has changed.
func TestRestoredHomeAbandonsItsUploads(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice := w.person()
	var uploads atomic.Int32
	alice.Retry = -1
	alice.Transport = &meddler{w.transport(), func(req *client.Request) (*client.Response, error) {
		if req.Method == "PUT" && strings.Contains(req.URL, "/parts/") && uploads.Add(1) > 2 {
			return nil, errors.New("cut")
		}
		return nil, nil
	}}
	content := randomBytes(6 << 20)
	opts := &client.UploadOptions{AsIs: true, Resume: "one"}
	if _, err := alice.Upload(t.Context(), file("x", content), opts); err == nil {
		t.Fatal("the upload was to break off")
	}
	begun, ok := alice.Ring.Get("upload", "one")
	if !ok {
		t.Fatal("the upload is not in the ring")
	}
	if err := alice.Ring.Close(); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(alice.home)); err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Open(copied, alice.roots)
	if err != nil {
		t.Fatal(err)
	}
	alice.Ring, alice.Transport = ring, w.transport()
	a, err := alice.Upload(t.Context(), file("x", content), opts)
	if err != nil {
		t.Fatal(err)
	}
	if secret := a.Secret.Reveal(); bytes.Contains(begun, []byte(wire.EncodeText(secret[:]))) || !bytes.Equal(alice.fetched(a), content) {
		t.Error("the copy went on with the upload")
	}
}
