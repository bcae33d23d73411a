package server_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/server/state/statetest"
	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/mem"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// onEach runs a test on every kind of database that there is: SQLite, and PostgreSQL where MAYFLY_TEST_POSTGRES says
// where one is.
func onEach(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "state.db"))
	})
	t.Run("postgres", func(t *testing.T) { test(t, postgres(t)) })
}

func postgres(t testing.TB) (dsn string) {
	t.Helper()
	url := os.Getenv("MAYFLY_TEST_POSTGRES")
	if url == "" {
		missing(t, "MAYFLY_TEST_POSTGRES")
	}
	dsn, drop, err := statetest.Fresh(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	return dsn
}

// A house is a server with its database and store, for a test.
type house struct {
	t   testing.TB
	db  *state.DB
	s   *server.Server
	url string
	hc  *http.Client
}

// open starts a server that ends with the test. Its background work runs if the test says so with run.
func open(t testing.TB, dsn string, blobs storage.Store, cfg server.Config) *house {
	t.Helper()
	db, err := state.Open(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := server.New(cfg, blobs, db)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, s, db)
}

// serve has a server answer on loopback until the test ends.
func serve(t testing.TB, s *server.Server, db *state.DB) *house {
	ts := httptest.NewUnstartedServer(nil)
	ts.Config = s.HTTPServer(s.Handler())
	ts.Start()
	t.Cleanup(ts.Close)
	h := &house{t: t, db: db, s: s, url: ts.URL, hc: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(h.hc.CloseIdleConnections)
	return h
}

// fresh is open on an empty store in memory.
func fresh(t testing.TB, dsn string) *house { return open(t, dsn, mem.New(), server.Config{}) }

// run has the server do its background work until the test ends.
func (h *house) run() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.s.Run(ctx) }()
	h.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			h.t.Error(err)
		}
	})
}

// A request is one that a test makes. What is not said is left out or right.
type request struct {
	method, path string // the path with its query
	body         []byte
	token        wire.Token         // shown if it is not zero
	key          ed25519.PrivateKey // signs if it is not nil
	header       http.Header
	created      int64               // of the signature; zero means now
	edit         func(*http.Request) // after everything else
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) code() wire.Code {
	var p wire.Problem
	if json.Unmarshal(a.body, &p) != nil {
		return "(not a problem)"
	}
	return p.Code
}

// build makes the HTTP request.
func (h *house) build(q request) *http.Request {
	h.t.Helper()
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	r, err := http.NewRequest(q.method, h.url+q.path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	for name, values := range q.header {
		r.Header[name] = values
	}
	if !q.token.IsZero() {
		r.Header.Set("Authorization", "Bearer "+q.token.Encode())
	}
	if q.key != nil {
		h.sign(r, q)
	}
	if q.edit != nil {
		q.edit(r)
	}
	return r
}

// sign signs r as docs/PROTOCOL.md says.
func (h *house) sign(r *http.Request, q request) {
	if q.created == 0 {
		q.created = time.Now().Unix()
	}
	p := wire.SignatureParams{
		Created: q.created, Nonce: nonce(), KeyID: wire.PublicKey(q.key.Public().(ed25519.PublicKey)), Tag: h.s.ID(),
	}
	digest := wire.ContentDigest(q.body)
	base := wire.SignatureBase(wire.Covered(q.method, r.URL.EscapedPath(), r.URL.RawQuery, digest), p.String())
	r.Header.Set("Content-Digest", digest)
	setSignature(r, p.String(), ed25519.Sign(q.key, base))
}

func setSignature(r *http.Request, params string, signature []byte) {
	r.Header.Set("Signature-Input", wire.SignatureLabel+"="+params)
	r.Header.Set("Signature", wire.SignatureLabel+"="+byteSequence(signature))
}

func (h *house) do(q request) answer {
	h.t.Helper()
	return h.roundTrip(h.build(q))
}

func (h *house) roundTrip(r *http.Request) answer {
	h.t.Helper()
	resp, err := h.hc.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, body}
}

// must is do for requests that must succeed.
func (h *house) must(q request) answer {
	h.t.Helper()
	a := h.do(q)
	if a.status >= 300 {
		h.t.Fatalf("%s %s: status %d, code %s: %s", q.method, q.path, a.status, a.code(), a.body)
	}
	return a
}

// refuse is do for requests that must be refused with this code.
func (h *house) refuse(q request, want wire.Code) answer {
	h.t.Helper()
	a := h.do(q)
	if got := a.code(); got != want {
		h.t.Errorf("%s %s: status %d, code %s, want %s: %s", q.method, q.path, a.status, got, want, a.body)
	}
	checkProblem(h.t, a.status, a.header, a.body)
	return a
}

// checkProblem checks that an answer that is no success is a well-formed problem.
func checkProblem(t testing.TB, status int, header http.Header, body []byte) {
	t.Helper()
	var p wire.Problem
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatalf("status %d with a body that is no problem: %v: %q", status, err, body)
	}
	if want := wire.NewProblem(p.Code, ""); p.Status != status || p.Type != want.Type || p.Title != want.Title {
		t.Errorf("the problem does not agree with itself or its status %d: %s", status, body)
	}
	if got := header.Get("Content-Type"); got != wire.TypeProblem {
		t.Errorf("a problem of type %q", got)
	}
}

func newKey() ed25519.PrivateKey {
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	return key
}

func nonce() string { return wire.EncodeText(random(16)) }

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func row() wire.Row { return wire.Row(random(wire.RowSize)) }

// enrolled returns a quota key that is enrolled.
func (h *house) enrolled() ed25519.PrivateKey {
	h.t.Helper()
	key, code := newKey(), random(wire.InviteCodeSize)
	if err := h.db.AddInvite(h.t.Context(), wire.Sum(code), time.Hour); err != nil {
		h.t.Fatal(err)
	}
	h.must(request{method: "POST", path: wire.PathEnrol, body: inviteBody(code), key: key})
	return key
}

func inviteBody(code []byte) []byte {
	return []byte(`{"invite":"` + wire.EncodeText(code) + `"}`)
}

// tickets has n tickets issued.
func (h *house) tickets(key ed25519.PrivateKey, kind wire.TicketKind, n int) []wire.Row {
	h.t.Helper()
	tickets := make([]wire.Row, n)
	var body []byte
	for i := range tickets {
		tickets[i] = row()
		body = wire.AppendRows(body, wire.Sum(tickets[i][:]))
	}
	h.must(request{method: "POST", path: wire.TicketsPath(kind), body: body, key: key})
	return tickets
}

// A blob is one that a test uploads.
type blob struct {
	wire.CreateParams
	id                wire.BlobID
	share             wire.Row
	read, del, upload wire.Token
	tickets           []wire.Row
	content           []byte
}

// newBlob returns a blob with random content for a file of n bytes, not created yet.
func newBlob(n int64, ttl time.Duration, tickets []wire.Row) *blob {
	size := wire.BlobSize(wire.PaddedSize(n))
	return &blob{
		CreateParams: wire.CreateParams{Size: size, PartSize: wire.MinPartSize, TTL: int64(ttl / time.Second)},
		read:         wire.NewToken(), del: wire.NewToken(), upload: wire.NewToken(),
		tickets: tickets, content: random(int(size)),
	}
}

func (b *blob) create() request {
	body := wire.AppendRows(nil, b.read.Hash(), b.del.Hash(), b.upload.Hash())
	return request{method: "POST", path: wire.CreatePath(b.CreateParams), body: wire.AppendRows(body, b.tickets...)}
}

func (b *blob) parts() int { return wire.Parts(b.Size, int(b.PartSize)) }

func (b *blob) part(i int) []byte {
	off, n := wire.PartRange(b.Size, int(b.PartSize), i)
	return b.content[off:][:n]
}

func (b *blob) put(i int) request {
	return request{
		method: "PUT", path: wire.PartPath(b.id, i), body: b.part(i), token: b.upload,
		header: http.Header{"Content-Digest": {wire.ContentDigest(b.part(i))}},
	}
}

func (b *blob) get(i int) request {
	return request{method: "GET", path: wire.PartPath(b.id, i), token: b.read}
}

func (b *blob) commit(at int64) request {
	return request{method: "POST", path: wire.CommitPath(b.id, at), token: b.upload}
}

// begin creates a blob for a file of n bytes.
func (h *house) begin(n int64, ttl time.Duration) *blob {
	h.t.Helper()
	b := newBlob(n, ttl, h.tickets(h.enrolled(), wire.TicketBlob16M, 1))
	created, err := wire.ParseCreated(h.must(b.create()).body)
	if err != nil {
		h.t.Fatal(err)
	}
	b.id, b.share = created.ID, created.Share.Reveal()
	return b
}

// uploaded uploads and commits a blob for a file of n bytes.
func (h *house) uploaded(n int64, ttl time.Duration) *blob {
	h.t.Helper()
	b := h.begin(n, ttl)
	for i := range b.parts() {
		h.must(b.put(i))
	}
	h.must(b.commit(time.Now().Unix() + b.TTL))
	return b
}

// A box is a mailbox that a test made.
type box struct {
	id              wire.MailboxID
	key             ed25519.PrivateKey
	delivery, intro wire.Token
}

func (h *house) box() *box {
	h.t.Helper()
	m := &box{wire.MailboxID(row()), newKey(), wire.NewToken(), wire.NewToken()}
	ticket := h.tickets(h.enrolled(), wire.TicketMailbox, 1)[0]
	h.must(m.create(ticket))
	return m
}

func (m *box) create(ticket wire.Row) request {
	body := wire.AppendRows(nil, wire.Row(m.id), m.delivery.Hash(), m.intro.Hash(), ticket)
	return request{method: "POST", path: wire.PathMailboxes, body: body, key: m.key}
}

func (m *box) post(envelope []byte, ttl time.Duration) request {
	at := time.Now().Add(ttl).Unix()
	return request{method: "POST", path: wire.PostPath(m.id, at), body: envelope, token: m.delivery}
}

func (m *box) inbox(after uint64, wait int64) request {
	return request{method: "GET", path: wire.InboxPath(m.id, after, wait), key: m.key}
}

func envelope() []byte { return random(wire.EnvelopeSizes[0]) }

// items parses the answer of a mailbox.
func items(t testing.TB, b []byte) []wire.Item {
	t.Helper()
	var all []wire.Item
	for len(b) > 0 {
		it, rest, err := wire.ParseItem(b)
		if err != nil {
			t.Fatal(err)
		}
		all, b = append(all, it), rest
	}
	return all
}

// eventually waits until ok, but not for ever.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// objects returns the keys in a store that begin with prefix.
func objects(t testing.TB, s storage.Store, prefix string) []string {
	t.Helper()
	var keys []string
	for o, err := range s.List(context.Background(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	return keys
}

// a transcript is a log that a test reads.
func transcript(b *bytes.Buffer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// byteSequence writes b as a structured field does (RFC 9651).
func byteSequence(b []byte) string { return ":" + base64.StdEncoding.EncodeToString(b) + ":" }

func base64URL(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }
