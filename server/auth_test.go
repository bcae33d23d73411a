package server_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// The builder of signature bases is general enough for an example that is not ours: RFC 9421, appendix B.2.6.
func TestSignatureBaseOfRFC9421(t *testing.T) {
	const (
		public    = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="
		signature = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
		params    = `("date" "@method" "@path" "@authority" "content-type" "content-length")` +
			`;created=1618884473;keyid="test-key-ed25519"`
	)
	base := wire.SignatureBase([]wire.Component{
		{Name: "date", Value: "Tue, 20 Apr 2021 02:07:55 GMT"},
		{Name: "@method", Value: "POST"},
		{Name: "@path", Value: "/foo"},
		{Name: "@authority", Value: "example.com"},
		{Name: "content-type", Value: "application/json"},
		{Name: "content-length", Value: "18"},
	}, params)
	der, err := base64.StdEncoding.DecodeString(public)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	if !ed25519.Verify(key.(ed25519.PublicKey), base, sig) {
		t.Errorf("the signature of the RFC does not fit our base:\n%s", base)
	}
}

// mutations change one thing each of a signed request that was right.
var mutations = []struct {
	name string
	edit func(*http.Request)
	want wire.Code
}{
	{"another query", func(r *http.Request) { r.URL.RawQuery = "kind=blob4g" }, wire.CodeSignature},
	{"another body", func(r *http.Request) { setBody(r, random(32)) }, wire.CodeDigest},
	{"another body with its digest", func(r *http.Request) {
		b := random(32)
		setBody(r, b)
		r.Header.Set("Content-Digest", wire.ContentDigest(b))
	}, wire.CodeSignature},
	{"no digest", func(r *http.Request) { r.Header.Del("Content-Digest") }, wire.CodeSignature},
	{"two digests", func(r *http.Request) { twice(r, "Content-Digest") }, wire.CodeSignature},
	{"another time", param("created=1", "created=2"), wire.CodeSignature},
	{"another nonce", func(r *http.Request) { setParam(r, "nonce", nonce()) }, wire.CodeSignature},
	{"a short nonce", func(r *http.Request) { setParam(r, "nonce", "AAAA") }, wire.CodeSignature},
	{"another key", func(r *http.Request) { setParam(r, "keyid", wire.EncodeText(random(32))) }, wire.CodeSignature},
	{"a key that is none", func(r *http.Request) { setParam(r, "keyid", "x") }, wire.CodeSignature},
	{"another algorithm", func(r *http.Request) { setParam(r, "alg", "hmac-sha256") }, wire.CodeSignature},
	{"another server", func(r *http.Request) { setParam(r, "tag", wire.EncodeText(random(32))) }, wire.CodeSignature},
	{"no signature", func(r *http.Request) { r.Header.Del("Signature") }, wire.CodeSignature},
	{"no parameters", func(r *http.Request) { r.Header.Del("Signature-Input") }, wire.CodeSignature},
	{"another signature", func(r *http.Request) {
		r.Header.Set("Signature", wire.SignatureLabel+"="+byteSequence(random(64)))
	}, wire.CodeSignature},
	{"a short signature", func(r *http.Request) {
		r.Header.Set("Signature", wire.SignatureLabel+"="+byteSequence(random(63)))
	}, wire.CodeSignature},
	{"a signature that is a string", func(r *http.Request) {
		r.Header.Set("Signature", wire.SignatureLabel+`="AAAA"`)
	}, wire.CodeSignature},
	{"a signature with a parameter", func(r *http.Request) { add(r, "Signature", ";x=1") }, wire.CodeSignature},
	{"a component more", param(`"content-digest")`, `"content-digest" "date")`), wire.CodeSignature},
	{"a component less", param(` "content-digest")`, `)`), wire.CodeSignature},
	{"two components swapped", param(`"@method" "@path"`, `"@path" "@method"`), wire.CodeSignature},
	{"a component with a parameter", param(`"@path"`, `"@path";req`), wire.CodeSignature},
	{"a component that is a token", param(`"@path"`, `path`), wire.CodeSignature},
	{"a parameter more", func(r *http.Request) { add(r, "Signature-Input", ";expires=9999999999") }, wire.CodeSignature},
	{"a parameter twice", func(r *http.Request) { add(r, "Signature-Input", `;alg="ed25519"`) }, wire.CodeSignature},
	{"a parameter less", param(`;alg="ed25519"`, ""), wire.CodeSignature},
	{"a time with a fraction", param(";nonce", ".0;nonce"), wire.CodeSignature},
	{"a space too many", param(`("@method"`, `( "@method"`), wire.CodeSignature},
	{"another label", func(r *http.Request) {
		relabel(r, "Signature", "sig1")
		relabel(r, "Signature-Input", "sig1")
	}, wire.CodeSignature},
	{"two signatures", func(r *http.Request) {
		add(r, "Signature", ", b="+byteSequence(random(64)))
		add(r, "Signature-Input", `, b=("@method");created=1`)
	}, wire.CodeSignature},
	{"the same label twice", func(r *http.Request) {
		r.Header.Set("Signature", "mayfly="+byteSequence(random(64))+", "+r.Header.Get("Signature"))
	}, wire.CodeSignature},
	{"two signature fields", func(r *http.Request) { twice(r, "Signature") }, wire.CodeSignature},
	{"two parameter fields", func(r *http.Request) { twice(r, "Signature-Input") }, wire.CodeSignature},
	{"no dictionary", func(r *http.Request) { r.Header.Set("Signature-Input", "(((") }, wire.CodeSignature},
	{"nothing at all", func(r *http.Request) { r.Header.Set("Signature-Input", "") }, wire.CodeSignature},
}

func TestChangedSignedRequestIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		key := h.enrolled()
		q := request{method: "POST", path: wire.TicketsPath(wire.TicketBlob16M), key: key}
		for _, row := range mutations {
			q.body, q.edit = random(32), row.edit
			h.refuse(q, row.want)
		}
		q.edit = nil
		h.must(q) // and unchanged it passes
	})
}

// A signature that is right in itself is refused too, unless it has the one form that there is.
func TestSignatureHasOneForm(t *testing.T) {
	h := fresh(t, "sqlite:"+t.TempDir()+"/s.db")
	key := h.enrolled()
	swap := func(was, is string) func(string) string {
		return func(params string) string { return strings.Replace(params, was, is, 1) }
	}
	for _, row := range []struct {
		name  string
		label string
		edit  func(params string) string
		cover []int // which of the components are signed, in which order
		fine  bool
	}{
		{"as it should be", "mayfly", swap("", ""), []int{0, 1, 2, 3}, true},
		{"with its parameters in another order", "mayfly", func(p string) string {
			return strings.Replace(p, `;alg="ed25519"`, "", 1) + `;alg="ed25519"`
		}, []int{0, 1, 2, 3}, true},
		{"for another server", "mayfly", swap(wire.EncodeText(idOf(h)), wire.EncodeText(random(32))), []int{0, 1, 2, 3}, false},
		{"with a parameter more", "mayfly", swap(";alg", ";expires=9999999999;alg"), []int{0, 1, 2, 3}, false},
		{"without its algorithm", "mayfly", swap(`;alg="ed25519"`, ""), []int{0, 1, 2, 3}, false},
		{"with another algorithm", "mayfly", swap(`alg="ed25519"`, `alg="rsa-v1_5-sha256"`), []int{0, 1, 2, 3}, false},
		{"with a short nonce", "mayfly", swap(`nonce="`, `nonce="AAAA`), []int{0, 1, 2, 3}, false},
		{"without the method", "mayfly", swap(`"@method" `, ""), []int{1, 2, 3}, false},
		{"without the digest", "mayfly", swap(` "content-digest"`, ""), []int{0, 1, 2}, false},
		{"with path and method swapped", "mayfly", swap(`"@method" "@path"`, `"@path" "@method"`), []int{1, 0, 2, 3}, false},
		{"with another label", "sig1", swap("", ""), []int{0, 1, 2, 3}, false},
	} {
		q := request{method: "GET", path: wire.PathQuota, edit: func(r *http.Request) {
			digest := wire.ContentDigest(nil)
			all := wire.Covered("GET", wire.PathQuota, "", digest)
			var covered []wire.Component
			for _, i := range row.cover {
				covered = append(covered, all[i])
			}
			params := row.edit(wire.SignatureParams{
				Created: time.Now().Unix(), Nonce: nonce(), KeyID: wire.PublicKey(key[32:]), Tag: h.s.ID(),
			}.String())
			r.Header.Set("Content-Digest", digest)
			setSignature(r, params, ed25519.Sign(key, wire.SignatureBase(covered, params)))
			relabel(r, "Signature", row.label)
			relabel(r, "Signature-Input", row.label)
		}}
		if a := h.do(q); (a.status == http.StatusOK) != row.fine || !row.fine && a.code() != wire.CodeSignature {
			t.Errorf("%s: status %d: %s", row.name, a.status, a.body)
		}
	}
}

func idOf(h *house) []byte { id := h.s.ID(); return id[:] }

func TestSignatureCoversMethodAndPath(t *testing.T) {
	h := fresh(t, "sqlite:"+t.TempDir()+"/s.db")
	m := h.box()
	other := wire.MailboxPath(wire.MailboxID(row()))
	h.refuse(request{method: "DELETE", path: wire.MailboxPath(m.id), key: m.key, edit: func(r *http.Request) {
		r.URL.Path = other
	}}, wire.CodeSignature)
	quota := request{method: "GET", path: wire.PathQuota, key: h.enrolled()}
	h.must(quota)
	quota.edit = func(r *http.Request) { r.Method = "HEAD" }
	if a := h.do(quota); a.status != http.StatusUnauthorized {
		t.Errorf("a GET passes as HEAD: status %d", a.status)
	}
}

func TestEverySignedRequestNeedsItsKey(t *testing.T) {
	h := fresh(t, "sqlite:"+t.TempDir()+"/s.db")
	m := h.box()
	id, loc := m.id, wire.LocatorID(row())
	for _, q := range []request{
		{method: "GET", path: wire.InboxPath(id, 0, 0)},
		{method: "DELETE", path: wire.AckPath(id, 1)},
		{method: "DELETE", path: wire.MailboxPath(id)},
		{method: "PUT", path: wire.AccessPath(id), body: random(64)},
		{method: "PUT", path: wire.PutMailboxKeyPath(id, 1), body: random(64)},
		{method: "PUT", path: wire.PutLocatorPath(loc, 1), body: random(64)},
		{method: "DELETE", path: wire.LocatorPath(loc)},
	} {
		h.refuse(q, wire.CodeSignature)
		q.key = newKey()
		h.refuse(q, wire.CodeGone)
	}
	for _, q := range []request{
		{method: "GET", path: wire.PathQuota},
		{method: "POST", path: wire.TicketsPath(wire.TicketBlob4G), body: random(32)},
	} {
		h.refuse(q, wire.CodeSignature)
		q.key = newKey() // enrolled nowhere
		h.refuse(q, wire.CodeSignature)
	}
}

func TestWriteIsNotReplayed(t *testing.T) {
	onEach(t, func(t *testing.T, dsn string) {
		h := fresh(t, dsn)
		m := h.box()
		captured := h.build(request{method: "PUT", path: wire.AccessPath(m.id), body: random(64), key: m.key})
		again := captured.Clone(t.Context())
		again.Body, _ = captured.GetBody()
		if a := h.roundTrip(captured); a.status != http.StatusNoContent {
			t.Fatalf("status %d: %s", a.status, a.body)
		}
		if a := h.roundTrip(again); a.code() != wire.CodeReplay {
			t.Errorf("status %d: %s", a.status, a.body)
		}
	})
}

func TestClockSkewTellsTheTime(t *testing.T) {
	h := fresh(t, "sqlite:"+t.TempDir()+"/s.db")
	key := h.enrolled()
	for _, d := range []time.Duration{-6 * time.Minute, 6 * time.Minute, -1e6 * time.Hour, 1e6 * time.Hour} {
		a := h.refuse(request{
			method: "GET", path: wire.PathQuota, key: key, created: time.Now().Add(d).Unix(),
		}, wire.CodeClockSkew)
		if !strings.Contains(string(a.body), `"time":`+a.header.Get(wire.HeaderTime)[:8]) {
			t.Errorf("the answer does not tell the time: %s", a.body)
		}
	}
	for _, d := range []time.Duration{-4 * time.Minute, 4 * time.Minute} {
		h.must(request{method: "GET", path: wire.PathQuota, key: key, created: time.Now().Add(d).Unix()})
	}
}

func TestStrangersCannotFillTheNonces(t *testing.T) {
	h := open(t, "sqlite:"+t.TempDir()+"/s.db", newStore(), smallConfig())
	m := h.box()
	ack := request{method: "DELETE", path: wire.AckPath(m.id, 1), key: m.key}
	h.must(ack)
	stranger := ack
	stranger.key = newKey()
	for range smallConfig().RefusalsPerMinute {
		h.refuse(stranger, wire.CodeGone)
	}
	a := h.refuse(ack, wire.CodeRateLimit)
	if a.header.Get("Retry-After") == "" {
		t.Error("the answer does not say when to come back")
	}
}

func TestProxyIsBelievedOnlyIfTrusted(t *testing.T) {
	for _, row := range []struct {
		name    string
		trusted []netip.Prefix
		want    wire.Code // for a second client of a proxy whose first client is held off
	}{
		{"a trusted one", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, wire.CodeGone},
		{"any other", nil, wire.CodeRateLimit},
	} {
		cfg := smallConfig()
		cfg.TrustedProxies = row.trusted
		h := open(t, "sqlite:"+t.TempDir()+"/s.db", newStore(), cfg)
		q := request{method: "DELETE", path: wire.MailboxPath(wire.MailboxID{}), key: newKey()}
		from := func(addr string) request {
			q.header = http.Header{"X-Forwarded-For": {addr}}
			return q
		}
		for range cfg.RefusalsPerMinute {
			h.refuse(from("2001:db8:1:1::1"), wire.CodeGone)
		}
		h.refuse(from("2001:db8:1:1::2"), wire.CodeRateLimit) // the same network
		h.refuse(from("2001:db8:1:2::1"), row.want)
	}
}

func setBody(r *http.Request, b []byte) {
	fresh, _ := http.NewRequest(r.Method, r.URL.String(), strings.NewReader(string(b)))
	r.Body, r.ContentLength, r.GetBody = fresh.Body, fresh.ContentLength, fresh.GetBody
}

func twice(r *http.Request, name string) { r.Header.Add(name, r.Header.Get(name)) }

func add(r *http.Request, name, text string) { r.Header.Set(name, r.Header.Get(name)+text) }

func relabel(r *http.Request, name, label string) {
	r.Header.Set(name, strings.Replace(r.Header.Get(name), wire.SignatureLabel+"=", label+"=", 1))
}

// param returns an edit of the signature's parameters, which must have something to edit.
func param(was, is string) func(*http.Request) {
	return func(r *http.Request) {
		field := r.Header.Get("Signature-Input")
		if !strings.Contains(field, was) {
			panic("nothing to edit: " + was)
		}
		r.Header.Set("Signature-Input", strings.Replace(field, was, is, 1))
	}
}

func setParam(r *http.Request, name, value string) {
	field := r.Header.Get("Signature-Input")
	head, rest, _ := strings.Cut(field, ";"+name+`="`)
	_, tail, _ := strings.Cut(rest, `"`)
	r.Header.Set("Signature-Input", head+";"+name+`="`+value+`"`+tail)
}
