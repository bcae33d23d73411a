package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/mem"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A refusal that comes while the client still sends must reach it, and leave the connection in order.
func TestRefusalReachesWhoStillSends(t *testing.T) {
	h := fresh(t, "sqlite:"+t.TempDir()+"/s.db")
	b := h.begin(12<<20, time.Hour)
	big := random(8 << 20)
	for range 5 {
		h.refuse(request{method: "POST", path: "/nothing", body: big}, wire.CodeNoPath)
		h.refuse(request{method: "POST", path: wire.PathMailboxes, body: big, key: newKey()}, wire.CodeTooLarge)
		q := b.put(0)
		q.body, q.token = big, wire.NewToken()
		h.refuse(q, wire.CodeGone)
	}
}

// A body that never comes to its end costs the client its connection, whether or not anybody wants the body.
func TestSlowBodyIsCutOff(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	h := fresh(t, "sqlite:"+t.TempDir()+"/s.db")
	post := wire.PostPath(wire.MailboxID{}, time.Now().Unix()+60)
	for _, row := range []struct{ name, line, length string }{
		{"read by the handler", "POST " + post, "Content-Length: 4096"},
		{"not read", "GET /healthz", "Content-Length: 4096"},
		{"without a length", "POST " + post, "Transfer-Encoding: chunked"},
		{"for a path that is none", "POST /nothing", "Content-Length: 100000000"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(16 * time.Second))
			fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n\r\n1",
				row.line, wire.NewToken().Encode(), row.length)
			if _, err := io.Copy(io.Discard, conn); err != nil {
				t.Errorf("the connection stays: %v", err)
			}
		})
	}
}

// A panicking store is a fault of the program in the middle of a request.
type panicking struct{ storage.Store }

func (panicking) Get(_ context.Context, key string, _, _ int64) (io.ReadCloser, int64, error) {
	panic(key)
}

func TestPanicTellsNothing(t *testing.T) {
	var log bytes.Buffer
	dsn := "sqlite:" + t.TempDir() + "/s.db"
	store := mem.New()
	h := open(t, dsn, store, server.Config{})
	b := h.uploaded(1, time.Hour)
	sick := &switched{Store: store}
	s, err := server.New(server.Config{Log: transcript(&log)}, sick, h.db)
	if err != nil {
		t.Fatal(err)
	}
	sick.to = panicking{store}
	a := serve(t, s, h.db).refuse(b.get(0), wire.CodeInternal)
	key := objects(t, store, "b/")[0]
	if strings.Contains(log.String(), key) || bytes.Contains(a.body, []byte(key)) {
		t.Error("the value of the panic is told")
	}
	if !strings.Contains(log.String(), "server_test.panicking.Get") {
		t.Errorf("the log does not say where it was: %s", log.String())
	}
}

// A switched store becomes another one.
type switched struct {
	storage.Store
	to storage.Store
}

func (s *switched) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, int64, error) {
	if s.to != nil {
		return s.to.Get(ctx, key, off, n)
	}
	return s.Store.Get(ctx, key, off, n)
}

func TestShutdownEndsWhoWaitsAndFinishesWhoWorks(t *testing.T) {
	dsn := "sqlite:" + t.TempDir() + "/s.db"
	db, err := state.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := server.New(server.Config{}, mem.New(), db)
	if err != nil {
		t.Fatal(err)
	}
	hs := s.HTTPServer(s.Handler())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- hs.Serve(ln) }()
	h := &house{t: t, db: db, s: s, url: "http://" + ln.Addr().String(), hc: &http.Client{Transport: &http.Transport{}}}
	defer h.hc.CloseIdleConnections()

	m, b := h.box(), h.begin(1, time.Hour)
	waiting, working := make(chan answer, 1), make(chan answer, 1)
	go func() { waiting <- h.do(m.inbox(0, 25)) }()
	lines, _, end := h.stream(m)
	defer end()
	nextField(t, lines, "retry: ")
	body, feed := io.Pipe()
	go func() {
		q := b.put(0)
		r := h.build(q)
		r.Body = body
		working <- h.roundTrip(r)
	}()
	feed.Write(b.part(0)[:1000]) // under way
	time.Sleep(200 * time.Millisecond)

	start := time.Now()
	go func() {
		for range lines { // the stream ends at once
		}
		<-waiting // and so does the long-poll
		feed.Write(b.part(0)[1000:])
		feed.Close()
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := hs.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	if a := <-working; a.status != http.StatusNoContent {
		t.Errorf("the upload under way: status %d: %s", a.status, a.body)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("readyz after shutdown: status %d", w.Code)
	}
}

// metrics returns what the server tells Prometheus.
func (h *house) metrics() string {
	w := httptest.NewRecorder()
	h.s.AdminHandler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func TestMetricsNameNobody(t *testing.T) {
	h := fresh(t, "sqlite:"+t.TempDir()+"/s.db")
	b := h.uploaded(1, time.Hour)
	h.must(b.get(0))
	h.do(request{method: "GET", path: "/nothing-" + b.id.String()})
	h.do(request{method: "BREW" + strings.ToUpper(b.id.String()[:4]), path: "/"})
	text := h.metrics()
	for _, want := range []string{
		`mayfly_requests_total{method="PUT",route="/v1/blobs/:id/parts/:n",status="204"} 1`,
		`mayfly_requests_total{method="GET",route="none",status="404"} 1`,
		`method="other"`, "mayfly_outbox_oldest_seconds 0", "mayfly_blobs 1", "mayfly_stored_bytes_total 16472",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(text, b.id.String()) || strings.Contains(text, "BREW") {
		t.Error("the metrics hold what a client said")
	}
}

func TestReadyzIsRedWithoutAStore(t *testing.T) {
	store := &switched{Store: mem.New()}
	h := open(t, "sqlite:"+t.TempDir()+"/s.db", store, server.Config{})
	store.to = mem.New() // without its marker
	h.refuse(request{method: "GET", path: "/readyz"}, wire.CodeUnavailable)
	h.must(request{method: "GET", path: "/healthz"})
}

func TestConfigIsChecked(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  server.Config
		want string // a part of the error; empty if there is none
	}{
		{"zero is fine", server.Config{}, ""},
		{"an address with a path", server.Config{PublicURL: "https://example.org/x"}, "public address"},
		{"an address without a scheme", server.Config{PublicURL: "example.org"}, "public address"},
		{"a name with a password", server.Config{Names: []string{"https://a:b@example.org"}}, "public address"},
		{"an address and a port", server.Config{PublicURL: "http://127.0.0.1:8080"}, ""},
		{"an enrolment that is none", server.Config{Enrol: "maybe"}, "enrolment"},
		{"a negative time", server.Config{MaxTTL: -1}, "at least a second"},
		{"half a second", server.Config{MaxTTL: 1500 * time.Millisecond}, "whole seconds"},
		{"a default longer than the longest", server.Config{DefaultTTL: 31 * 24 * time.Hour}, "longer than the longest"},
		{"a short longest", server.Config{MaxTTL: time.Minute}, ""},
		{"room for no blob", server.Config{MaxBytes: 1}, "the room for all blobs"},
		{"a negative limit", server.Config{MaxUploads: -1}, "the number of uploads"},
		{"a network that is none", server.Config{TrustedProxies: []netip.Prefix{{}}}, "trusted proxies"},
	} {
		err := row.cfg.Validate()
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// Deadlines work by another way over HTTP/2, where they must end neither a long wait nor a stream.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	h := fresh(t, "sqlite:"+t.TempDir()+"/s.db")
	ts := httptest.NewUnstartedServer(nil)
	ts.Config = h.s.HTTPServer(h.s.Handler())
	ts.EnableHTTP2 = true
	ts.StartTLS()
	t.Cleanup(ts.Close)
	h.url, h.hc = ts.URL, ts.Client()

	b, m := h.uploaded(9<<20, time.Hour), h.box()
	checkFetch(t, h, b)
	q := b.put(0)
	q.token = wire.NewToken()
	h.refuse(q, wire.CodeGone)
	lines, header, end := h.stream(m)
	defer end()
	if header.Get("Content-Type") != wire.TypeStream {
		t.Fatalf("the header of the stream: %v", header)
	}
	for seq := uint64(1); seq < 4; seq++ {
		e := envelope()
		h.must(m.post(e, time.Hour))
		checkEvent(t, lines, seq, e)
	}
	if resp, err := h.hc.Get(h.url); err != nil || resp.ProtoMajor != 2 {
		t.Errorf("the protocol is %v, error %v", resp.Proto, err)
	} else {
		resp.Body.Close()
	}
}
