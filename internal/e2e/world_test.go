package e2e

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/server/state/statetest"
	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/dir"
	"github.com/seed-7b314ca8/mayfly/storage/mem"
	"github.com/seed-7b314ca8/mayfly/storage/open"
	"github.com/seed-7b314ca8/mayfly/storage/s3"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A world is one server with all that it keeps, and people who use it. Everything that the server is told, tells, logs
// and keeps can be searched.
type world struct {
	t      *testing.T
	url    string
	id     wire.PublicKey
	db     *state.DB
	dsn    string
	store  storage.Store
	folder string // of SQLite and of a dir: store
	tape   *tape  // of the network
	log    *tape
}

// A tape keeps all that is written to it.
type tape struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *tape) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *tape) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.text.Bytes())
}

// worlds runs a test on the embedded default, and on MinIO and PostgreSQL where the environment has them.
func worlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("dir and sqlite", func(t *testing.T) {
		folder := t.TempDir()
		store, err := dir.Open(filepath.Join(folder, "blobs"))
		if err != nil {
			t.Fatal(err)
		}
		test(t, newWorld(t, folder, "sqlite:"+filepath.Join(folder, "state.db"), store, server.Config{}))
	})
	t.Run("minio and postgres", func(t *testing.T) {
		test(t, newWorld(t, t.TempDir(), postgres(t), minio(t), server.Config{}))
	})
}

// smallWorld returns a world on memory and SQLite.
func smallWorld(t *testing.T, cfg server.Config) *world {
	t.Helper()
	folder := t.TempDir()
	return newWorld(t, folder, "sqlite:"+filepath.Join(folder, "state.db"), mem.New(), cfg)
}

// minio returns a store in a place of its own in the first bucket of the environment.
func minio(t *testing.T) storage.Store {
	t.Helper()
	urls := strings.Fields(os.Getenv("MAYFLY_TEST_S3"))
	if len(urls) == 0 {
		t.Skip("SKIPPED: MAYFLY_TEST_S3 names no bucket; scripts/test sets it")
	}
	store, err := open.Open(t.Context(), fmt.Sprintf("%s/e2e%d", urls[0], time.Now().UnixNano()), open.Credentials{
		AccessKey: os.Getenv("MAYFLY_TEST_S3_ACCESS_KEY"), SecretKey: s3.Secret(os.Getenv("MAYFLY_TEST_S3_SECRET_KEY")),
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// postgres returns the address of a fresh database.
func postgres(t *testing.T) string {
	t.Helper()
	url := os.Getenv("MAYFLY_TEST_POSTGRES")
	if url == "" {
		t.Skip("SKIPPED: MAYFLY_TEST_POSTGRES names no database; scripts/test sets it")
	}
	dsn, drop, err := statetest.Fresh(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	return dsn
}

func newWorld(t *testing.T, folder, dsn string, store storage.Store, cfg server.Config) *world {
	t.Helper()
	db, err := state.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, dsn: dsn, store: store, folder: folder, tape: new(tape), log: new(tape)}
	key, err := db.ServerKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.id = wire.PublicKey(key.Public().(ed25519.PublicKey))
	w.serve(cfg)
	return w
}

// serve starts the server, with a tape between it and the network.
func (w *world) serve(cfg server.Config) {
	cfg.Log = slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	srv, err := server.New(cfg, w.store, w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	listening := httptest.NewServer(w.tape.record(srv.Handler()))
	w.url = listening.URL
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("the server's work ended with %v", err)
		}
		listening.Close()
		if err := w.db.Close(); err != nil {
			w.t.Error(err)
		}
		if c, ok := w.store.(io.Closer); ok {
			c.Close()
		}
	})
}

// record writes down every request and every answer, all bytes of them.
func (t *tape) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprintf(t, "%s %s\n", r.Method, r.RequestURI)
		r.Header.Write(t)
		t.Write(body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(&taped{rw, t}, r)
	})
}

type taped struct {
	http.ResponseWriter
	tape *tape
}

func (w *taped) WriteHeader(status int) {
	w.Header().Write(w.tape)
	w.ResponseWriter.WriteHeader(status)
}

func (w *taped) Write(p []byte) (int, error) {
	w.tape.Write(p)
	return w.ResponseWriter.Write(p)
}

// Unwrap lets the server set deadlines.
func (w *taped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

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

// A person is a client with a home.
type person struct {
	*client.Client
	t     *testing.T
	home  string
	roots keyring.Roots

	mu      sync.Mutex
	notices []string
}

func (p *person) notice(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.t.Log("notice:", s)
	p.notices = append(p.notices, s)
}

// noticed reports whether p was told something.
func (p *person) noticed(words string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Contains(strings.Join(p.notices, "\n"), words)
}

// person enrols somebody new.
func (w *world) person() *person {
	w.t.Helper()
	p := &person{t: w.t, home: filepath.Join(w.t.TempDir(), "home")}
	p.roots = keyring.KeyFile(filepath.Join(w.t.TempDir(), "key"))
	ring, err := keyring.Create(p.home, p.roots)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := p.Ring.Close(); err != nil {
			w.t.Error(err)
		}
	})
	transport := client.NewHTTPTransport()
	w.t.Cleanup(transport.CloseIdleConnections)
	p.Client = &client.Client{
		Ring: ring, Transport: transport, Retry: 10 * time.Second, Notice: p.notice,
	}
	if err := p.Enrol(w.t.Context(), w.invite()); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// meet makes two people contacts of each other, as "bob" and "alice".
func meet(t *testing.T, alice, bob *person) {
	t.Helper()
	befriend(t, alice, bob, "bob", "alice")
}

// befriend makes two people contacts of each other, under these names.
func befriend(t *testing.T, alice, bob *person, bobsName, alicesName string) {
	t.Helper()
	alice.add(bobsName, bob)
	bob.add(alicesName, alice)
}

// add makes somebody a contact of p, by their contact string.
func (p *person) add(name string, whom *person) {
	p.t.Helper()
	card, err := whom.Card()
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.AddContact(name, card); err != nil {
		p.t.Fatal(err)
	}
}

// receive returns the messages that p was not shown yet.
func (p *person) receive() []*client.Received {
	p.t.Helper()
	if _, err := p.Receive(p.t.Context(), 0); err != nil {
		p.t.Fatal(err)
	}
	list, err := p.Unshown()
	if err != nil {
		p.t.Fatal(err)
	}
	return list
}

// file returns content as something to send.
func file(name string, content []byte) client.File {
	return client.File{Name: name, Content: bytes.NewReader(content), Size: int64(len(content))}
}

// photo returns a JPEG of our own making.
func photo(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for i := range img.Pix {
		img.Pix[i] = byte(i*i>>7 ^ i)
	}
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif returns a JPEG with an Exif block of one ASCII tag, an artist, right behind its SOI.
func withExif(picture []byte, artist string) []byte {
	tiff := binary.BigEndian.AppendUint16([]byte("MM\x00*\x00\x00\x00\x08"), 1)
	tiff = append(tiff, 0x01, 0x3b, 0, 2)
	tiff = binary.BigEndian.AppendUint32(tiff, uint32(len(artist)+1))
	tiff = append(tiff, 0, 0, 0, 26, 0, 0, 0, 0)
	tiff = append(append(tiff, artist...), 0)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(segment)+2))...)
	return append(append(out, segment...), picture[2:]...)
}
