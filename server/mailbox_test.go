package server_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/mem"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func newStore() storage.Store { return mem.New() }

// smallConfig has limits that a test reaches.
func smallConfig() server.Config {
	return server.Config{
		MailboxEnvelopes: 3, IntroPerDay: 2, RefusalsPerMinute: 5, DayBytes: 32 << 20, DayMailboxes: 3, MaxWaiters: 2,
		MaxSize: wire.BlobSize(16 << 20), MaxBytes: 20 << 20,
	}
}

func TestEnvelopeWaitsAndIsAcknowledged(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		m := h.box()
		first, second := envelope(), envelope()
		h.must(m.post(first, time.Hour))
		h.must(m.post(first, time.Hour)) // dropped silently
		q := m.post(second, time.Hour)
		q.token = m.intro
		h.must(q)

		got := items(t, h.must(m.inbox(0, 0)).body)
		if len(got) != 2 || !bytes.Equal(got[0].Envelope, first) || !bytes.Equal(got[1].Envelope, second) {
			t.Fatalf("%d items came back", len(got))
		}
		if got[0].Seq != 1 || got[1].Seq != 2 || got[0].Via != wire.ViaDelivery || got[1].Via != wire.ViaIntro {
			t.Errorf("the items are %v %v", got[0].Seq, got[1].Via)
		}
		if rest := items(t, h.must(m.inbox(1, 0)).body); len(rest) != 1 {
			t.Errorf("%d items behind the cursor", len(rest))
		}
		h.must(request{method: "DELETE", path: wire.AckPath(m.id, 1), key: m.key})
		if rest := items(t, h.must(m.inbox(0, 0)).body); len(rest) != 1 || rest[0].Seq != 2 {
			t.Errorf("%d items after the first was acknowledged", len(rest))
		}
	})
}

func TestPostRefuses(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := open(t, dsn, newStore(), smallConfig())
		m := h.box()
		for _, row := range []struct {
			name string
			edit func(*request)
			want wire.Code
		}{
			{"another length", func(q *request) { q.body = q.body[1:] }, wire.CodeLength},
			{"nothing", func(q *request) { q.body = nil }, wire.CodeLength},
			{"too much", func(q *request) { q.body = random(wire.MaxEnvelope + 1) }, wire.CodeTooLarge},
			{"no token", func(q *request) { q.token = wire.Token{} }, wire.CodeGone},
			{"another token", func(q *request) { q.token = wire.NewToken() }, wire.CodeGone},
			{"another mailbox", func(q *request) { q.path = wire.PostPath(wire.MailboxID{}, time.Now().Unix()+60) }, wire.CodeGone},
			{"an address that is none", func(q *request) { q.path = strings.Replace(q.path, "/envelopes", "A/envelopes", 1) }, wire.CodeGone},
			{"what has expired", func(q *request) { q.path = wire.PostPath(m.id, time.Now().Unix()-1) }, wire.CodeBadRequest},
			{"what waits for ever", func(q *request) { q.path = wire.PostPath(m.id, 1<<62) }, wire.CodeTooLarge},
			{"no time", func(q *request) { q.path = wire.EnvelopesPath(m.id) }, wire.CodeBadRequest},
		} {
			t.Run(row.name, func(t *testing.T) {
				q := m.post(envelope(), time.Hour)
				row.edit(&q)
				h.refuse(q, row.want)
			})
		}
		intro := func() request {
			q := m.post(envelope(), time.Hour)
			q.token = m.intro
			return q
		}
		h.must(intro())
		h.must(intro())
		h.refuse(intro(), wire.CodeMailboxFull) // the intro key had its share
		h.must(m.post(envelope(), time.Hour))
		h.refuse(m.post(envelope(), time.Hour), wire.CodeMailboxFull) // no room
	})
}

func TestMailboxBelongsToItsKey(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		m := h.box()
		quota := h.enrolled()
		ticket := h.tickets(quota, wire.TicketMailbox, 1)[0]
		other := *m
		other.key = newKey()
		h.refuse(other.create(ticket), wire.CodeConflict)

		key := func(epoch uint32, body []byte) request {
			return request{method: "PUT", path: wire.PutMailboxKeyPath(m.id, epoch), body: body, key: m.key}
		}
		read := request{method: "GET", path: wire.MailboxKeyPath(m.id), token: m.intro}
		h.refuse(read, wire.CodeGone)
		h.must(key(7, []byte("seven")))
		h.must(key(7, []byte("seven")))
		h.refuse(key(7, []byte("other")), wire.CodeConflict)
		h.refuse(key(6, []byte("six")), wire.CodeConflict)
		h.refuse(key(8, nil), wire.CodeLength)
		h.refuse(key(8, random(wire.MaxMailboxKey+1)), wire.CodeTooLarge)
		if a := h.must(read); string(a.body) != "seven" {
			t.Errorf("the key is %q", a.body)
		}

		access := wire.AppendRows(nil, wire.NewToken().Hash(), m.intro.Hash())
		h.must(request{method: "PUT", path: wire.AccessPath(m.id), body: access, key: m.key})
		h.refuse(m.post(envelope(), time.Hour), wire.CodeGone) // the delivery key is no more
		h.must(read)
		h.must(request{method: "DELETE", path: wire.MailboxPath(m.id), key: m.key})
		h.refuse(read, wire.CodeGone)
		h.refuse(m.inbox(0, 0), wire.CodeGone)
	})
}

func TestLocator(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		key, id := newKey(), wire.LocatorID(row())
		ticket := h.tickets(h.enrolled(), wire.TicketLocator, 1)[0]
		body := append(wire.AppendRows(nil, wire.Row(id), ticket), "one"...)
		create := request{method: "POST", path: wire.CreateLocatorPath(1), body: body, key: key}
		h.must(create)
		h.must(create)
		get := request{method: "GET", path: wire.LocatorPath(id)}
		put := func(seq uint64, text string) request {
			return request{method: "PUT", path: wire.PutLocatorPath(id, seq), body: []byte(text), key: key}
		}
		if a := h.must(get); string(a.body) != "one" {
			t.Errorf("the manifest is %q", a.body)
		}
		h.refuse(put(1, "two"), wire.CodeConflict)
		h.refuse(put(2, ""), wire.CodeLength)
		h.refuse(put(2, strings.Repeat("x", wire.MaxManifest+1)), wire.CodeTooLarge)
		h.must(put(2, "two"))
		if a := h.must(get); string(a.body) != "two" {
			t.Errorf("the manifest is %q", a.body)
		}
		create.body = create.body[:64]
		h.refuse(create, wire.CodeLength)
		h.must(request{method: "DELETE", path: wire.LocatorPath(id), key: key})
		h.refuse(get, wire.CodeGone)
	})
}

func TestLongPoll(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := open(t, dsn, newStore(), smallConfig())
		m := h.box()
		h.refuse(m.inbox(0, 26), wire.CodeBadRequest)
		start := time.Now()
		if a := h.must(m.inbox(0, 1)); len(a.body) != 0 || time.Since(start) < 900*time.Millisecond {
			t.Errorf("%d bytes after %v", len(a.body), time.Since(start))
		}
		time.AfterFunc(200*time.Millisecond, func() { h.must(m.post(envelope(), time.Hour)) })
		start = time.Now()
		if a := h.must(m.inbox(0, 20)); len(items(t, a.body)) != 1 || time.Since(start) > 5*time.Second {
			t.Errorf("%d bytes after %v", len(a.body), time.Since(start))
		}
	})
}

func TestTooManyReadersAreToldToComeBack(t *testing.T) {
	h := open(t, "sqlite:"+t.TempDir()+"/s.db", newStore(), smallConfig())
	m := h.box()
	waiting := make(chan answer)
	for range smallConfig().MaxWaiters {
		go func() { waiting <- h.do(m.inbox(0, 20)) }()
	}
	eventually(t, 5*time.Second, "a reader too many is refused", func() bool {
		return h.do(m.inbox(0, 0)).code() == wire.CodeRateLimit
	})
	h.must(m.post(envelope(), time.Hour))
	for range smallConfig().MaxWaiters {
		if a := <-waiting; len(items(t, a.body)) != 1 {
			t.Errorf("a reader got status %d and %d bytes", a.status, len(a.body))
		}
	}
	h.must(m.inbox(0, 0))
}

func TestStream(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		m := h.box()
		first, second := envelope(), envelope()
		h.must(m.post(first, time.Hour))
		lines, header, end := h.stream(m)
		defer end()
		if header.Get("X-Accel-Buffering") != "no" || header.Get("Content-Type") != wire.TypeStream {
			t.Errorf("the header of the stream: %v", header)
		}
		checkEvent(t, lines, 1, first)
		h.must(m.post(second, time.Hour))
		checkEvent(t, lines, 2, second)
		h.must(request{method: "DELETE", path: wire.MailboxPath(m.id), key: m.key})
		for range lines { // the stream ends
		}
	})
}

// stream reads the lines of a mailbox's event stream.
func (h *house) stream(m *box) (lines chan string, header http.Header, end func()) {
	h.t.Helper()
	q := m.inbox(0, 0)
	q.header = http.Header{"Accept": {wire.TypeStream}}
	resp, err := h.hc.Do(h.build(q))
	if err != nil {
		h.t.Fatal(err)
	}
	lines = make(chan string, 100)
	go func() {
		defer close(lines)
		sc := bufio.NewScanner(resp.Body)
		sc.Buffer(nil, 1<<20)
		for sc.Scan() {
			lines <- sc.Text()
		}
	}()
	return lines, resp.Header, func() { resp.Body.Close() }
}

func checkEvent(t *testing.T, lines chan string, seq uint64, envelope []byte) {
	t.Helper()
	id := nextField(t, lines, "id: ")
	if id != fmt.Sprint(seq) {
		t.Errorf("event %s, want %d", id, seq)
	}
	raw, err := base64.RawURLEncoding.DecodeString(nextField(t, lines, "data: "))
	if err != nil {
		t.Fatal(err)
	}
	if got := items(t, raw); len(got) != 1 || got[0].Seq != seq || !bytes.Equal(got[0].Envelope, envelope) {
		t.Errorf("event %d holds something else", seq)
	}
}

func nextField(t *testing.T, lines chan string, name string) string {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case line, ok := <-lines:
			if value, found := strings.CutPrefix(line, name); found {
				return value
			}
			if !ok {
				t.Fatalf("the stream ended before %q", name)
			}
		case <-timeout:
			t.Fatalf("no %q came", name)
		}
	}
}
