package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/storage/mem"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A notebook takes what is logged, from many goroutines.
type notebook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *notebook) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(b)
}

func (n *notebook) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}

// Whatever a client says, none of it is in the log, at any level.
func TestLogNamesNobody(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		var log notebook
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 100, AddSource: true}))
		h := open(t, dsn, mem.New(), server.Config{
			Log: logger, PublicURL: "https://canary.example.org",
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		})
		h.run()
		header := http.Header{
			"User-Agent": {"canary-agent"}, "X-Forwarded-For": {"198.51.100.77"}, "Referer": {"canary-referer"},
		}
		b, m := h.uploaded(1, 2*time.Second), h.box()
		q := b.get(0)
		q.header = header
		h.must(q)
		h.must(m.post(envelope(), time.Second))
		h.must(m.inbox(0, 0))
		h.do(request{method: "CANARY", path: "/canary-path?canary=query", header: header})
		h.do(request{method: "PUT", path: wire.AccessPath(m.id), key: m.key, body: random(63)})
		time.Sleep(2500 * time.Millisecond) // and it is reaped
		h.refuse(b.get(0), wire.CodeGone)

		text := log.String()
		if strings.Count(text, `"msg":"request"`) < 10 {
			t.Fatalf("too little is logged: %s", text)
		}
		for _, secret := range [][]byte{
			b.id[:], b.share[:], m.id[:], m.key[32:], revealed(b.read), revealed(b.del),
			revealed(b.upload), revealed(m.delivery), hashOf(b.read), hashOf(m.delivery), b.tickets[0][:],
		} {
			checkAbsent(t, text, secret)
		}
		for _, word := range []string{"canary", "CANARY", "127.0.0.1", "198.51.100.77", "b/", "example", "sqlite:", "postgres:"} {
			if strings.Contains(text, word) {
				t.Errorf("the log holds %q", word)
			}
		}
	})
}

func revealed(t wire.Token) []byte { b := t.Reveal(); return b[:] }

func hashOf(t wire.Token) []byte { b := t.Hash(); return b[:] }

// checkAbsent looks for b in the forms in which bytes are written.
func checkAbsent(t *testing.T, text string, b []byte) {
	t.Helper()
	for _, form := range []string{
		string(b), hex.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b), base64.RawStdEncoding.EncodeToString(b),
	} {
		if strings.Contains(text, form) || strings.Contains(text, form[:12]) {
			t.Errorf("the log holds %q", form)
		}
	}
}
