package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// killSize is the length of the file that is sent while things are killed.
const killSize = 200 << 20

// TestKilledInTheMiddle sends a file of 200 MiB while the client, the server and the store are killed in the middle of
// parts, and receives it while client and server are. Nothing is lost, and no part that the server acknowledged is
// uploaded twice.
func TestKilledInTheMiddle(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: it moves 400 MiB")
	}
	t.Run("dir and sqlite", func(t *testing.T) { newKilling(t, nil, "", "").story() })
	t.Run("minio and postgres", func(t *testing.T) {
		database := postgres(t)
		store, storage := minioProcess(t)
		newKilling(t, store, storage, database).story()
	})
}

// A killing is a server behind a relay that knows when to kill what.
type killing struct {
	t      *testing.T
	dir    string
	relay  *relay
	server *process
	store  *process // nil: there is none apart from the server
	source string
}

func newKilling(t *testing.T, store *process, storage, database string) *killing {
	k := &killing{t: t, dir: t.TempDir(), store: store}
	addr := freePort(t)
	k.relay = newRelay(t, addr)
	args := []string{"serve", "--state", k.path("S"), "--listen", addr, "--public-url", k.relay.server.URL}
	if storage != "" {
		args = append(args, "--storage", storage)
	}
	k.server = newProcess(t, func() *exec.Cmd {
		cmd := mayfly(context.Background(), t, args...)
		cmd.Env = append(cmd.Env, "MAYFLY_S3_ACCESS_KEY=mayfly", "MAYFLY_S3_SECRET_KEY=mayfly-kill")
		if database != "" {
			cmd.Env = append(cmd.Env, "MAYFLY_DATABASE="+database)
		}
		return cmd
	}, listens(addr))
	k.source = k.path("big.bin")
	if err := os.WriteFile(k.source, randomBytes(killSize), 0o600); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *killing) path(name string) string { return filepath.Join(k.dir, name) }

func (k *killing) story() {
	env := []string{"MAYFLY_S3_ACCESS_KEY=mayfly", "MAYFLY_S3_SECRET_KEY=mayfly-kill"}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		k.t.Setenv(name, value)
	}
	for _, home := range []string{"A", "B"} {
		run(k.t, "id", "create", "--home", k.path(home), "--invite", run(k.t, "admin", "invite", "--state", k.path("S")))
	}
	run(k.t, "contact", "add", "bob", run(k.t, "id", "show", "--home", k.path("B")), "--home", k.path("A"))
	run(k.t, "contact", "add", "alice", run(k.t, "id", "show", "--home", k.path("A")), "--home", k.path("B"))

	restartStore := func() {}
	if k.store != nil {
		restartStore = k.store.restart
	}
	k.relay.uploads.at(8, k.killClient)
	k.relay.uploads.at(16, k.server.restart)
	k.relay.uploads.at(20, restartStore)
	k.relay.uploads.at(24, k.killClient)
	k.relay.uploads.at(32, k.server.restart)
	k.relay.uploads.at(36, restartStore)
	runs := k.untilDone("send", k.source, "--to", "bob", "--as-is", "--ttl", "1h", "--home", k.path("A"))
	k.t.Logf("sent in %d runs, %d requests with a part for %d parts", runs, k.relay.uploads.count, len(k.relay.uploads.finished))
	if runs < 3 {
		k.t.Errorf("the client was to be killed twice, and ran %d times", runs)
	}
	if k.relay.uploads.again > 0 {
		k.t.Errorf("%d parts were uploaded after the server had acknowledged them", k.relay.uploads.again)
	}

	k.relay.downloads.at(8, k.killClient)
	k.relay.downloads.at(16, k.server.restart)
	k.relay.downloads.at(24, k.killClient)
	k.relay.downloads.at(28, restartStore)
	runs = k.untilDone("inbox", "-o", k.path("got"), "--home", k.path("B"))
	k.t.Logf("received in %d runs, %d requests for a part", runs, k.relay.downloads.count)
	if runs < 3 {
		k.t.Errorf("the client was to be killed twice, and ran %d times", runs)
	}
	// What was on its way when a client was killed had been sent, and was not yet anywhere.
	if inFlight := 4 * (runs - 1); k.relay.downloads.again > inFlight {
		k.t.Errorf("%d parts were downloaded again, more than the %d that can have been under way", k.relay.downloads.again, inFlight)
	}
	if left := len(k.relay.uploads.events) + len(k.relay.downloads.events); left > 0 {
		k.t.Errorf("%d things that were to be killed were not", left)
	}
	k.checkReceived()
}

// untilDone runs a command again and again while it is killed.
func (k *killing) untilDone(args ...string) (runs int) {
	for runs = 1; ; runs++ {
		cmd := mayfly(k.t.Context(), k.t, args...)
		var talk bytes.Buffer
		cmd.Stderr = &talk
		if err := cmd.Start(); err != nil {
			k.t.Fatal(err)
		}
		k.relay.setClient(cmd)
		err := cmd.Wait()
		if err == nil {
			return runs
		}
		if cmd.ProcessState.ExitCode() != -1 || runs == 10 {
			k.t.Fatalf("mayfly %s, run %d: %v\n%s", args[0], runs, err, talk.Bytes())
		}
	}
}

func (k *killing) killClient() {
	k.relay.mu.Lock()
	defer k.relay.mu.Unlock()
	k.relay.client.Process.Kill()
}

func (k *killing) checkReceived() {
	entries, err := os.ReadDir(k.path("got"))
	if err != nil || len(entries) != 1 {
		k.t.Fatalf("got/ holds %d files: %v", len(entries), err)
	}
	if digest(k.t, k.source) != digest(k.t, filepath.Join(k.path("got"), entries[0].Name())) {
		k.t.Error("the file that arrived is not the one that was sent")
	}
	out := run(k.t, "admin", "sweep", "--dry-run", "--state", k.path("S"))
	if !regexp.MustCompile(`(?m)^orphans +0\b`).MatchString(out) || !regexp.MustCompile(`(?m)^lost +0\b`).MatchString(out) {
		k.t.Errorf("storage and database do not agree:\n%s", out)
	}
}

func digest(t *testing.T, path string) [32]byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return [32]byte(h.Sum(nil))
}

// A relay stands between clients and a server, counts parts, and makes things happen in the middle of them.
type relay struct {
	server    *httptest.Server
	uploads   *transfers
	downloads *transfers

	mu     sync.Mutex
	client *exec.Cmd
}

// transfers are requests of one kind.
type transfers struct {
	mu       sync.Mutex
	count    int
	finished map[string]bool // paths of parts that were acknowledged, or sent whole
	again    int             // begun after that
	events   []event
}

// An event happens in the middle of the nth transfer, or of the first after it that has a middle.
type event struct {
	n  int
	do func()
}

func newTransfers() *transfers { return &transfers{finished: make(map[string]bool)} }

// at has f happen in the middle of the nth transfer. Calls come in the order of n.
func (tr *transfers) at(n int, f func()) { tr.events = append(tr.events, event{n, f}) }

func (tr *transfers) begin(path string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.count++
	if tr.finished[path] {
		tr.again++
	}
}

// middle has happen what is due.
func (tr *transfers) middle() {
	tr.mu.Lock()
	var due func()
	if len(tr.events) > 0 && tr.events[0].n <= tr.count {
		due, tr.events = tr.events[0].do, tr.events[1:]
	}
	tr.mu.Unlock()
	if due != nil {
		due()
	}
}

func (tr *transfers) finish(path string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.finished[path] = true
}

func newRelay(t *testing.T, to string) *relay {
	r := &relay{uploads: newTransfers(), downloads: newTransfers()}
	transport := &http.Transport{ResponseHeaderTimeout: time.Minute}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: to})
	proxy.Transport = transport
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	proxy.ErrorLog = nil
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.pass(proxy, w, req) }))
	r.server.Config.ErrorLog = nil
	t.Cleanup(transport.CloseIdleConnections)
	t.Cleanup(r.server.Close)
	return r
}

func (r *relay) setClient(cmd *exec.Cmd) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.client = cmd
}

var partPath = regexp.MustCompile(`/parts/\d+$`)

func (r *relay) pass(proxy http.Handler, w http.ResponseWriter, req *http.Request) {
	kind := r.kind(req)
	if kind == nil {
		proxy.ServeHTTP(w, req)
		return
	}
	kind.begin(req.URL.Path)
	c := &counted{ResponseWriter: w}
	if req.Method == "PUT" {
		req.Body = &halfway{ReadCloser: req.Body, left: req.ContentLength / 2, middle: kind.middle}
	} else {
		c.left, c.middle = 1<<20, kind.middle
	}
	proxy.ServeHTTP(c, req)
	if c.status/100 == 2 && (req.Method == "PUT" || c.whole()) {
		kind.finish(req.URL.Path)
	}
}

func (r *relay) kind(req *http.Request) *transfers {
	switch {
	case !partPath.MatchString(req.URL.Path):
		return nil
	case req.Method == "PUT":
		return r.uploads
	case req.Method == "GET":
		return r.downloads
	}
	return nil
}

// halfway is a body in whose middle something may happen.
type halfway struct {
	io.ReadCloser
	left   int64
	middle func()
}

func (h *halfway) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	if before := h.left; before > 0 && before <= int64(n) {
		h.middle()
	}
	h.left -= int64(n)
	return n, err
}

// counted is an answer whose bytes are counted, and in whose middle something may happen.
type counted struct {
	http.ResponseWriter
	status  int
	written int64
	left    int64
	middle  func()
}

func (c *counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	if before := c.left; before > 0 && before <= int64(n) {
		c.middle()
	}
	c.written, c.left = c.written+int64(n), c.left-int64(n)
	return n, err
}

func (c *counted) whole() bool {
	return c.Header().Get("Content-Length") != "" && c.Header().Get("Content-Length") == itoa(c.written)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
