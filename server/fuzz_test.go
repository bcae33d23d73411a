package server_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/storage/mem"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A grammar makes requests of bytes: mostly what stands in the protocol, in combinations that do not, and sometimes
// the bytes themselves.
type grammar struct {
	h     *house
	key   ed25519.PrivateKey
	words []string // that stand in paths, queries and header fields
	left  []byte
}

func (g *grammar) next() int {
	if len(g.left) == 0 {
		return 0
	}
	n := int(g.left[0])
	g.left = g.left[1:]
	return n
}

// word returns a known word, or one of the fuzzer's own.
func (g *grammar) word() string {
	n := g.next()
	if n < 224 {
		return g.words[n%len(g.words)]
	}
	n = min(n-224, len(g.left))
	own := string(g.left[:n])
	g.left = g.left[n:]
	return own
}

var (
	fuzzMethods = []string{"GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "CANARY"}
	fuzzFields  = []string{
		"Authorization", "Content-Digest", "Signature", "Signature-Input", "Range", "Accept", "Content-Encoding",
		"X-Forwarded-For", "Expect", "Content-Length", "Transfer-Encoding",
	}
)

func (g *grammar) request() *http.Request {
	method := fuzzMethods[g.next()%len(fuzzMethods)]
	path := g.word()
	for range g.next() % 4 {
		path += "/" + g.word()
	}
	query := ""
	for i := range g.next() % 4 {
		query += strings.Repeat("&", min(i, 1)) + g.word() + "=" + g.word()
	}
	body := bytes.Repeat([]byte{byte(g.next())}, fuzzLengths[g.next()%len(fuzzLengths)])
	r := httptest.NewRequest("GET", "/", bytes.NewReader(body))
	r.Method, r.URL.Path, r.URL.RawQuery = method, path, query
	for range g.next() % 4 {
		r.Header.Add(fuzzFields[g.next()%len(fuzzFields)], g.word())
	}
	switch g.next() % 4 {
	case 0:
		g.h.sign(r, request{method: method, body: body, key: g.key})
	case 1:
		r.Header.Set("Content-Digest", wire.ContentDigest(body))
	case 2:
		r.ContentLength = int64(g.next()) - 1
	}
	return r
}

var fuzzLengths = []int{0, 1, 32, 64, 96, 128, 4 << 10, 16472, 64 << 10, 300 << 10}

// newGrammar makes a server with one of everything on it, so that the words mean something.
func newGrammar(f *testing.F) *grammar {
	h := open(f, "sqlite:"+filepath.Join(f.TempDir(), "s.db"), mem.New(), server.Config{RefusalsPerMinute: 1 << 40})
	b, open, m := h.uploaded(1, time.Hour), h.begin(1, time.Hour), h.box()
	g := &grammar{h: h, key: m.key}
	g.words = []string{
		"", "/", "/v1", "/v1/server", "/v1/enrol", "/v1/tickets", "/v1/quota", "/v1/blobs", "/v1/mailboxes", "/v1/locators",
		"parts", "share", "commit", "access", "key", "envelopes", "0", "1", "00", "-1", "9223372036854775807",
		"9223372036854775808", "4294967296", "16472", "262144", "3600", "1e3", "%2e", "..", "kind", "blob16m", "mailbox",
		"size", "part", "ttl", "after", "upto", "seq", "epoch", "at", "nonce", nonce(), b.id.String(), open.id.String(),
		m.id.String(), "Bearer " + b.read.Encode(), "Bearer " + b.del.Encode(), "Bearer " + open.upload.Encode(),
		"Bearer " + m.delivery.Encode(), "bytes=0-", "bytes=1-2,3-", "sha-256=:AAAA:", "mayfly=:AAAA:",
		`mayfly=("@method");created=1`, "gzip", "100-continue", "chunked", "{}", "wait", "25", "text/event-stream",
	}
	return g
}

// FuzzHandler sends garbage to every endpoint: no answer may be the server's fault, repeat what was said, or be a
// refusal of another form than all refusals.
func FuzzHandler(f *testing.F) {
	g := newGrammar(f)
	for i := range 64 {
		f.Add(bytes.Repeat([]byte{byte(i), byte(i * 7), byte(i * 13)}, 8))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g.left = data
		r := g.request()
		if strings.Contains(r.URL.RawQuery, "wait=25") || strings.Contains(r.Header.Get("Accept"), "stream") {
			return // it may wait
		}
		w := httptest.NewRecorder()
		g.h.s.Handler().ServeHTTP(w, r)
		checkGarbage(t, r, w)
	})
}

func checkGarbage(t *testing.T, r *http.Request, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code >= 500 {
		t.Fatalf("%s %s?%s: status %d: %s", r.Method, r.URL.Path, r.URL.RawQuery, w.Code, w.Body)
	}
	if w.Header().Get(wire.HeaderTime) == "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the header is %v", w.Header())
	}
	if w.Code < 400 || r.Method == http.MethodHead {
		return
	}
	checkProblem(t, w.Code, w.Header(), w.Body.Bytes())
	var p wire.Problem
	json.Unmarshal(w.Body.Bytes(), &p)
	for _, said := range []string{r.URL.Path, r.URL.RawQuery, r.Header.Get("Authorization"), r.Header.Get("Range")} {
		if len(said) > 7 && strings.Contains(p.Detail, said) {
			t.Errorf("the answer repeats %q", said)
		}
	}
}
