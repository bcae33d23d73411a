package server_test

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestEnrolment(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		code, key := random(wire.InviteCodeSize), newKey()
		if err := h.db.AddInvite(t.Context(), wire.Sum(code), time.Hour); err != nil {
			t.Fatal(err)
		}
		enrol := func(key ed25519.PrivateKey, body string) request {
			return request{method: "POST", path: wire.PathEnrol, body: []byte(body), key: key}
		}
		for _, row := range []struct {
			name, body string
			want       wire.Code
		}{
			{"no invite", `{"invite":""}`, wire.CodeInvite},
			{"no member", `{}`, wire.CodeInvite},
			{"an invite that never was", string(inviteBody(random(16))), wire.CodeInvite},
			{"a short invite", `{"invite":"AAAA"}`, wire.CodeInvite},
			{"an unknown member", `{"invite":"","x":""}`, wire.CodeBadRequest},
			{"a member twice", `{"invite":"","invite":""}`, wire.CodeBadRequest},
			{"a member in capitals", `{"Invite":""}`, wire.CodeBadRequest},
			{"a number", `{"invite":1}`, wire.CodeBadRequest},
			{"no object", `[]`, wire.CodeBadRequest},
			{"an open object", `{"invite":""`, wire.CodeBadRequest},
			{"two objects", `{"invite":""}{}`, wire.CodeBadRequest},
			{"nothing", ``, wire.CodeBadRequest},
			{"too much", strings.Repeat(" ", wire.MaxJSON+1), wire.CodeTooLarge},
		} {
			t.Run(row.name, func(t *testing.T) { h.refuse(enrol(newKey(), row.body), row.want) })
		}
		h.must(enrol(key, string(inviteBody(code))))
		h.must(enrol(key, string(inviteBody(code)))) // the same again is fine
		h.refuse(enrol(newKey(), string(inviteBody(code))), wire.CodeInvite)
	})
}

func TestEnrolmentModes(t *testing.T) {
	dir := t.TempDir()
	enrol := request{method: "POST", path: wire.PathEnrol, body: []byte(`{"invite":""}`), key: newKey()}
	open(t, "sqlite:"+dir+"/o.db", newStore(), server.Config{Enrol: server.EnrolOpen}).must(enrol)
	open(t, "sqlite:"+dir+"/c.db", newStore(), server.Config{Enrol: server.EnrolClosed}).refuse(enrol, wire.CodeInvite)
}

func TestTicketsCountAgainstTheQuota(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := open(t, dsn, newStore(), smallConfig())
		key := h.enrolled()
		ask := func(kind wire.TicketKind, body []byte) request {
			return request{method: "POST", path: wire.TicketsPath(kind), body: body, key: key}
		}
		h.refuse(ask("blob1t", random(32)), wire.CodeBadRequest)
		h.refuse(ask(wire.TicketBlob16M, nil), wire.CodeLength)
		h.refuse(ask(wire.TicketBlob16M, random(33)), wire.CodeLength)
		h.refuse(ask(wire.TicketBlob16M, random(65*32)), wire.CodeTooLarge)
		h.refuse(ask(wire.TicketBlob256M, random(32)), wire.CodeQuota)
		body := random(2 * 32)
		h.must(ask(wire.TicketBlob16M, body))
		h.must(ask(wire.TicketBlob16M, body)) // the same again is free
		h.refuse(ask(wire.TicketBlob16M, random(32)), wire.CodeQuota)

		var quota wire.Quota
		a := h.must(request{method: "GET", path: wire.PathQuota, key: key})
		if err := json.Unmarshal(a.body, &quota); err != nil {
			t.Fatal(err)
		}
		if quota.Bytes != 0 || quota.Mailboxes != 3 || quota.Reset < time.Now().Unix() {
			t.Errorf("the quota is %+v", quota)
		}
	})
}

func TestServerHasRoomForSoMuch(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := open(t, dsn, newStore(), smallConfig())
		tickets := h.tickets(h.enrolled(), wire.TicketBlob16M, 2)
		h.must(newBlob(12<<20, time.Hour, tickets[:1]).create())
		h.refuse(newBlob(12<<20, time.Hour, tickets[1:]).create(), wire.CodeStorageFull)
	})
}

func TestServerDescribesItselfSigned(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := open(t, dsn, newStore(), server.Config{PublicURL: "https://share.example.org", Names: []string{"http://x.onion"}})
		n := nonce()
		a := h.must(request{method: "GET", path: wire.ServerPath(n)})
		var info wire.Info
		if err := json.Unmarshal(a.body, &info); err != nil {
			t.Fatal(err)
		}
		if info.Nonce != n || info.ID != h.s.ID() || len(info.Names) != 2 || info.Enrol != "invite" {
			t.Errorf("the server says %+v", info)
		}
		if info.Limits.MaxTTL != 30*86400 || info.Limits.DefaultTTL != 7*86400 || info.Features == nil {
			t.Errorf("the limits are %+v", info.Limits)
		}
		signature, err := base64URL(a.header.Get(wire.HeaderSignature))
		if err != nil || !ed25519.Verify(info.ID[:], wire.InfoBase(a.body), signature) {
			t.Error("the signature does not fit")
		}
		if a.header.Get("Strict-Transport-Security") == "" {
			t.Error("an https server does not insist on it")
		}
		h.refuse(request{method: "GET", path: wire.PathServer}, wire.CodeBadRequest)
		h.refuse(request{method: "GET", path: wire.ServerPath("AAAA")}, wire.CodeBadRequest)
		h.refuse(request{method: "GET", path: wire.ServerPath(n) + "&x=1"}, wire.CodeBadRequest)
	})
}

func TestEverythingElse(t *testing.T) {
	h := fresh(t, "sqlite:"+t.TempDir()+"/s.db")
	for path, want := range map[string]string{"/": "Mayfly", "/robots.txt": "Disallow: /", "/healthz": "ok", "/readyz": "ready"} {
		a := h.must(request{method: "GET", path: path})
		if !strings.Contains(string(a.body), want) || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s answers %q", path, a.body)
		}
		if a := h.must(request{method: "HEAD", path: path}); len(a.body) != 0 {
			t.Errorf("HEAD %s has a body", path)
		}
	}
	h.refuse(request{method: "GET", path: "/nothing"}, wire.CodeNoPath)
	h.refuse(request{method: "GET", path: "/metrics"}, wire.CodeNoPath)
	h.refuse(request{method: "GET", path: "/v1/%71uota"}, wire.CodeNoPath)
	a := h.refuse(request{method: "PATCH", path: wire.PathBlobs}, wire.CodeMethod)
	if !strings.Contains(a.header.Get("Allow"), "POST") {
		t.Errorf("Allow is %q", a.header.Get("Allow"))
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") || a.header.Get(wire.HeaderTime) == "" {
		t.Errorf("the header is %v", a.header)
	}
	if a := h.do(request{method: "OPTIONS", path: wire.PathBlobs}); a.status != http.StatusNoContent {
		t.Errorf("OPTIONS: status %d", a.status)
	}
}
