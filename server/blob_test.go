package server_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestBlobGoesInAndComesOut(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		b := h.begin(700<<10, time.Hour)
		if b.parts() < 3 {
			t.Fatalf("the blob has %d parts, want some", b.parts())
		}
		h.refuse(b.commit(time.Now().Unix()+60), wire.CodeIncomplete)
		h.refuse(b.get(0), wire.CodeGone)
		for i := range b.parts() {
			h.must(b.put(i))
			h.must(b.put(i)) // the same again is fine
		}
		at := time.Now().Unix() + 600
		h.must(b.commit(at))
		h.must(b.commit(at)) // the same again is fine
		h.refuse(b.commit(at+1), wire.CodeConflict)
		checkFetch(t, h, b)

		h.must(request{method: "DELETE", path: wire.BlobPath(b.id), token: b.del})
		for _, q := range b.reads() {
			h.refuse(q, wire.CodeGone)
		}
	})
}

// reads are the requests that read a blob.
func (b *blob) reads() []request {
	return []request{
		{method: "GET", path: wire.BlobPath(b.id), token: b.read},
		{method: "GET", path: wire.PartsPath(b.id), token: b.read},
		{method: "POST", path: wire.SharePath(b.id), token: b.read},
		b.get(0),
	}
}

func checkFetch(t *testing.T, h *house, b *blob) {
	t.Helper()
	info := h.must(request{method: "GET", path: wire.BlobPath(b.id), token: b.read})
	if !bytes.Contains(info.body, []byte(`"part":262144`)) {
		t.Errorf("the blob is described as %s", info.body)
	}
	var digests []byte
	for i := range b.parts() {
		a := h.must(b.get(i))
		if !bytes.Equal(a.body, b.part(i)) {
			t.Errorf("part %d came back changed", i)
		}
		if a.header.Get("Content-Disposition") != "attachment" || a.header.Get("Content-Type") != wire.TypeBytes {
			t.Errorf("part %d could be shown as a page: %v", i, a.header)
		}
		digests = wire.AppendRows(digests, wire.Sum(b.part(i)))
	}
	if a := h.must(request{method: "GET", path: wire.PartsPath(b.id), token: b.read}); !bytes.Equal(a.body, digests) {
		t.Error("the digests are not those of the parts")
	}
	share := h.must(request{method: "POST", path: wire.SharePath(b.id), token: b.read})
	if !bytes.Equal(share.body, b.share[:]) || share.header.Get("Cache-Control") != "no-store" {
		t.Error("another share came back than the creation told, or it may be stored on the way")
	}
}

func TestCreateIsRepeatable(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		b := h.begin(1, time.Hour)
		first, _ := wire.ParseCreated(h.must(b.create()).body)
		if first.ID != b.id || first.Share.Reveal() != b.share {
			t.Error("the same request gave another blob")
		}
		b.TTL++
		h.refuse(b.create(), wire.CodeConflict)
	})
}

func TestCreateRefuses(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		key := h.enrolled()
		for _, row := range []struct {
			name string
			edit func(*blob, *request)
			want wire.Code
		}{
			{"a blob larger than the server takes", func(b *blob, q *request) {
				b.Size, b.PartSize = wire.BlobSize(20<<30), wire.MaxPartSize
				*q = b.create()
			}, wire.CodeTooLarge},
			{"a size that no file gives", func(b *blob, q *request) { b.Size = 16473; *q = b.create() }, wire.CodeBadRequest},
			{"parts of no power of two", func(b *blob, q *request) { b.PartSize = 262145; *q = b.create() }, wire.CodeBadRequest},
			{"parts larger than an int", func(b *blob, q *request) { b.PartSize = 1 << 62; *q = b.create() }, wire.CodeBadRequest},
			{"no time to live", func(b *blob, q *request) { b.TTL = 0; *q = b.create() }, wire.CodeBadRequest},
			{"too long a life", func(b *blob, q *request) { b.TTL = 31 * 86400; *q = b.create() }, wire.CodeTooLarge},
			{"a number with a zero before it", func(b *blob, q *request) { q.path = strings.Replace(q.path, "ttl=", "ttl=0", 1) }, wire.CodeBadRequest},
			{"a signed number", func(b *blob, q *request) { q.path = strings.Replace(q.path, "ttl=", "ttl=+", 1) }, wire.CodeBadRequest},
			{"a parameter twice", func(b *blob, q *request) { q.path += "&ttl=3600" }, wire.CodeBadRequest},
			{"an unknown parameter", func(b *blob, q *request) { q.path += "&x=1" }, wire.CodeBadRequest},
			{"no query", func(b *blob, q *request) { q.path = wire.PathBlobs }, wire.CodeBadRequest},
			{"no tickets", func(b *blob, q *request) { q.body = q.body[:3*32] }, wire.CodeLength},
			{"half a ticket", func(b *blob, q *request) { q.body = q.body[:len(q.body)-16] }, wire.CodeLength},
			{"too many tickets", func(b *blob, q *request) { q.body = random(68 * 32) }, wire.CodeTooLarge},
			{"a ticket that nobody issued", func(b *blob, q *request) { b.tickets[0] = wire.Row{}; *q = b.create() }, wire.CodeTicket},
			{"a blob for which the tickets do not suffice", func(b *blob, q *request) {
				b.Size = wire.BlobSize(wire.PaddedSize(17 << 20))
				*q = b.create()
			}, wire.CodeTicket},
			{"no Content-Length", func(b *blob, q *request) {
				q.edit = func(r *http.Request) { r.ContentLength = -1 }
			}, wire.CodeLength},
		} {
			t.Run(row.name, func(t *testing.T) {
				b := newBlob(1, time.Hour, h.tickets(key, wire.TicketBlob16M, 1))
				q := b.create()
				row.edit(b, &q)
				h.refuse(q, row.want)
			})
		}
	})
}

func TestPartRefuses(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		b := h.begin(700<<10, time.Hour)
		h.must(b.put(1))
		digest := func(q *request, body []byte) { q.header.Set("Content-Digest", wire.ContentDigest(body)) }
		for _, row := range []struct {
			name string
			edit func(*request)
			want wire.Code
		}{
			{"a body with another digest", func(q *request) { digest(q, []byte("x")) }, wire.CodeDigest},
			{"a short body", func(q *request) { q.body = q.body[1:]; digest(q, q.body) }, wire.CodeLength},
			{"a long body", func(q *request) { q.body = random(len(q.body) + 1); digest(q, q.body) }, wire.CodeLength},
			{"a body without a length", func(q *request) { q.edit = func(r *http.Request) { r.ContentLength = -1 } }, wire.CodeLength},
			{"no digest", func(q *request) { q.header = nil }, wire.CodeBadRequest},
			{"another algorithm", func(q *request) { q.header.Set("Content-Digest", "sha-512=:AAAA:") }, wire.CodeBadRequest},
			{"two digests", func(q *request) { q.header.Add("Content-Digest", q.header.Get("Content-Digest")) }, wire.CodeBadRequest},
			{"a part that is no part", func(q *request) { q.path = wire.PartPath(b.id, b.parts()) }, wire.CodeGone},
			{"a part with a zero before it", func(q *request) { q.path = wire.PartsPath(b.id) + "/00" }, wire.CodeGone},
			{"another body where one stands", func(q *request) {
				q.path, q.body = wire.PartPath(b.id, 1), random(len(b.part(1)))
				digest(q, q.body)
			}, wire.CodeConflict},
			{"a query", func(q *request) { q.path += "?x=1" }, wire.CodeBadRequest},
			{"an encoding", func(q *request) { q.header.Set("Content-Encoding", "gzip") }, wire.CodeLength},
			{"another token", func(q *request) { q.token = b.read }, wire.CodeGone},
			{"no token", func(q *request) { q.token = wire.Token{} }, wire.CodeGone},
		} {
			t.Run(row.name, func(t *testing.T) {
				q := b.put(0)
				row.edit(&q)
				h.refuse(q, row.want)
			})
		}
		a := h.must(request{method: "GET", path: wire.PartsPath(b.id), token: b.upload})
		if !bytes.Equal(a.body[:32], make([]byte, 32)) {
			t.Error("a refused part is there")
		}
	})
}

// A client that goes away in the middle leaves nothing but an object to delete.
func TestPartThatBreaksOffLeavesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		b := h.begin(1, time.Hour)
		body, feed := io.Pipe()
		r := h.build(b.put(0))
		r.Body = body
		ended := make(chan error, 1)
		go func() {
			_, err := h.hc.Do(r)
			ended <- err
		}()
		feed.Write(b.part(0)[:8000])
		feed.CloseWithError(io.ErrUnexpectedEOF)
		if err := <-ended; err == nil {
			t.Fatal("the request did not break off")
		}
		eventually(t, 10*time.Second, "the intent is dropped", func() bool {
			st, err := h.db.Stats(t.Context())
			return err == nil && st.Intents == 0 && st.Outbox == 1 && st.Parts == 0
		})
		h.must(b.put(0))
	})
}

func TestTooManyUploadsAreToldToComeBack(t *testing.T) {
	t.Parallel()
	h := open(t, "sqlite:"+t.TempDir()+"/s.db", newStore(), server.Config{MaxUploads: 1})
	first, second := h.begin(1, time.Hour), h.begin(1, time.Hour)
	body, feed := io.Pipe()
	slow := make(chan answer, 1)
	go func() {
		r := h.build(first.put(0))
		r.Body = body
		slow <- h.roundTrip(r)
	}()
	feed.Write(first.part(0)[:8000])
	eventually(t, 5*time.Second, "the first is under way", func() bool {
		return strings.Contains(h.metrics(), "mayfly_uploads 1")
	})
	h.refuse(second.put(0), wire.CodeRateLimit)
	feed.Write(first.part(0)[8000:])
	feed.Close()
	if a := <-slow; a.status != http.StatusNoContent {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	h.must(second.put(0))
}

func TestCommitRefuses(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		b := h.begin(1, time.Hour)
		h.must(b.put(0))
		now := time.Now().Unix()
		h.refuse(b.commit(now-1), wire.CodeBadRequest)
		h.refuse(b.commit(now+3600+3600+60), wire.CodeBadRequest)
		h.refuse(b.commit(1<<63-1), wire.CodeBadRequest)
		q := b.commit(now + 60)
		q.token = b.del
		h.refuse(q, wire.CodeGone)
		q = b.commit(now + 60)
		q.body = []byte("x")
		h.refuse(q, wire.CodeBadRequest)
	})
}

func TestRangeResumesAPart(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		b := h.uploaded(1, time.Hour)
		for _, row := range []struct {
			field string
			off   int // -1 if it is refused
		}{
			{"bytes=0-", 0},
			{"bytes=100-", 100},
			{"bytes=16471-", 16471},
			{"bytes=16472-", -1},
			{"bytes=0-99", -1},
			{"bytes=-5", -1},
			{"bytes=0-,5-", -1},
			{"bytes=00-", -1},
			{"bytes=99999999999999999999-", -1},
			{"lines=1-", -1},
		} {
			q := b.get(0)
			q.header = http.Header{"Range": {row.field}}
			if row.off < 0 {
				h.refuse(q, wire.CodeBadRequest)
				continue
			}
			a := h.must(q)
			if a.status != http.StatusPartialContent || !bytes.Equal(a.body, b.part(0)[row.off:]) {
				t.Errorf("%s: status %d and %d bytes", row.field, a.status, len(a.body))
			}
			if got := a.header.Get("Content-Range"); !strings.HasSuffix(got, "-16471/16472") {
				t.Errorf("%s: Content-Range %q", row.field, got)
			}
		}
	})
}

func TestHeadAnswersAsGetWithoutABody(t *testing.T) {
	h := fresh(t, "sqlite:"+t.TempDir()+"/s.db")
	b := h.uploaded(1, time.Hour)
	q := b.get(0)
	q.method = "HEAD"
	a := h.must(q)
	if len(a.body) != 0 || a.header.Get("Content-Length") != "16472" {
		t.Errorf("HEAD of a part: %d bytes, Content-Length %s", len(a.body), a.header.Get("Content-Length"))
	}
	q.token = b.del
	if a := h.do(q); a.status != http.StatusNotFound || len(a.body) != 0 {
		t.Errorf("HEAD with another token: status %d, %d bytes", a.status, len(a.body))
	}
}

// What is absent, expired, removed or forbidden must not be told apart.
func TestGoneIsOneAnswer(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		removed, standing, expired := h.uploaded(1, time.Hour), h.uploaded(1, time.Hour), h.uploaded(1, time.Second)
		open := h.begin(1, time.Hour)
		h.must(request{method: "DELETE", path: wire.BlobPath(removed.id), token: removed.del})
		time.Sleep(1100 * time.Millisecond)
		absent := *standing
		absent.id = wire.BlobID(random(16))
		forbidden := *standing
		forbidden.read = wire.NewToken()
		nameless := *standing
		nameless.read = wire.Token{}

		want := h.do(absent.reads()[0])
		for name, b := range map[string]*blob{
			"absent": &absent, "expired": expired, "removed": removed, "forbidden": &forbidden, "open": open,
			"without a token": &nameless,
		} {
			for _, q := range b.reads() {
				got := h.refuse(q, wire.CodeGone)
				if !bytes.Equal(got.body, want.body) || got.status != want.status {
					t.Errorf("%s: %s %s is told apart: %s", name, q.method, q.path, got.body)
				}
				if g, w := comparable(got.header), comparable(want.header); g != w {
					t.Errorf("%s: the header tells it apart:\n%s\n%s", name, g, w)
				}
			}
		}
	})
}

// comparable returns a header as text, without the fields that hold the time.
func comparable(h http.Header) string {
	h = h.Clone()
	h.Del("Date")
	h.Del(wire.HeaderTime)
	var b strings.Builder
	h.Write(&b)
	return b.String()
}
