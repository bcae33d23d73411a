//go:build !js

package client_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/storage/mem"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A world is a real server, on memory and SQLite, for people to use.
type world struct {
	t         *testing.T
	url       string
	id        wire.PublicKey
	db        *state.DB
	transport *client.HTTPTransport
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := state.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := db.ServerKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(server.Config{}, mem.New(), db)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, id: wire.PublicKey(key.Public().(ed25519.PublicKey)), db: db, transport: client.NewHTTPTransport()}
	listening := httptest.NewServer(srv.Handler())
	w.url = listening.URL
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { srv.Run(ctx) })
	t.Cleanup(func() {
		w.transport.CloseIdleConnections()
		cancel()
		work.Wait()
		listening.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// invite returns a fresh invite.
func (w *world) invite() string {
	w.t.Helper()
	inv := chat.Invite{URL: w.url, Server: w.id}
	rand.Read(inv.Code[:])
	if err := w.db.AddInvite(w.t.Context(), wire.Sum(inv.Code[:]), time.Hour); err != nil {
		w.t.Fatal(err)
	}
	return inv.Encode()
}

// process returns a client as a new process would have it: all that it knows is in its ring. It tries everything once.
func (w *world) process(ring *keyring.Ring, transport client.Transport) *client.Client {
	return &client.Client{Ring: ring, Transport: transport, Retry: -1, Notice: func(s string) { w.t.Log("notice:", s) }}
}

// person enrols somebody new.
func (w *world) person() *client.Client {
	w.t.Helper()
	c := w.process(keyring.Memory(), w.transport)
	if err := c.Enrol(w.t.Context(), w.invite()); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// meet makes two people contacts of each other.
func meet(t *testing.T, alice, bob *client.Client) {
	t.Helper()
	know(t, alice, "bob", bob)
	know(t, bob, "alice", alice)
}

func know(t *testing.T, who *client.Client, name string, whom *client.Client) {
	t.Helper()
	card, err := whom.Card()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := who.AddContact(name, card); err != nil {
		t.Fatal(err)
	}
}

// receive returns the messages that c was not shown yet.
func receive(t *testing.T, c *client.Client) []*client.Received {
	t.Helper()
	if _, err := c.Receive(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	list, err := c.Unshown()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// file returns content as something to send.
func file(content []byte) client.File {
	return client.File{Name: "file.bin", Content: bytes.NewReader(content), Size: int64(len(content))}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// fetch returns the file of an attachment.
func fetch(t *testing.T, c *client.Client, a *chat.Attachment) []byte {
	t.Helper()
	buf := make(memory, a.Length)
	if err := c.Fetch(t.Context(), a, buf, nil); err != nil {
		t.Fatal(err)
	}
	return buf
}

// A memory is an [io.WriterAt].
type memory []byte

func (m memory) WriteAt(b []byte, off int64) (int, error) { return copy(m[off:], b), nil }

// blobs returns how many blobs the server has, and how many of them nobody committed.
func (w *world) blobs() (all, open int) {
	w.t.Helper()
	stats, err := w.db.Stats(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return stats.Blobs + stats.OpenBlobs, stats.OpenBlobs
}

type ctx = context.Context

// A wrapper is a transport around another.
type wrapper struct {
	do func(ctx context.Context, req *client.Request) (*client.Response, error)
}

func (w wrapper) Do(ctx context.Context, req *client.Request) (*client.Response, error) {
	return w.do(ctx, req)
}

// A scissors is a transport that cuts one request, and everything after it: the network is gone then.
type scissors struct {
	client.Transport
	at     int  // the request that is cut, from 1; 0: none
	behind bool // cut when the server has answered, not before it has heard

	mu    sync.Mutex
	n     int
	acked map[string]bool // parts that the client was told the server has
	again []string        // those that it sent nevertheless
	what  string          // was cut
}

var errCut = errors.New("the line was cut")

func (s *scissors) Do(ctx context.Context, req *client.Request) (*client.Response, error) {
	n := s.count(req)
	if s.at > 0 && (n > s.at || n == s.at && !s.behind) {
		return nil, errCut
	}
	resp, err := s.Transport.Do(ctx, req)
	if n == s.at {
		return nil, errCut
	}
	if err == nil && isPart(req) && resp.Status/100 == 2 {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.acked[req.URL] = true
	}
	return resp, err
}

func (s *scissors) count(req *client.Request) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.acked == nil {
		s.acked = make(map[string]bool)
	}
	if isPart(req) && s.acked[req.URL] {
		s.again = append(s.again, req.URL)
	}
	s.n++
	if s.n == s.at {
		path, _, _ := strings.Cut(req.URL, "?")
		parts := strings.Split(path, "/")
		s.what = req.Method + " …/" + strings.Join(parts[max(len(parts)-2, 0):], "/")
	}
	return s.n
}

// heal has the line carry everything from now on.
func (s *scissors) heal() { s.at = 0 }

func isPart(req *client.Request) bool {
	return req.Method == "PUT" && slices.Contains(strings.Split(req.URL, "/"), "parts")
}
