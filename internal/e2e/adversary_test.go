package e2e

import (
	"bytes"
	"crypto/ed25519"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// rows returns what a query finds in the database of a small world, a line each, with bytes in hex.
func (w *world) rows(query string) (lines []string) {
	w.t.Helper()
	db, err := sql.Open("sqlite", strings.TrimPrefix(w.dsn, "sqlite:"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	found, err := db.QueryContext(w.t.Context(), query)
	if err != nil {
		w.t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	values := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for found.Next() {
		if err := found.Scan(into...); err != nil {
			w.t.Fatal(err)
		}
		line := ""
		for _, v := range values {
			if b, ok := v.([]byte); ok {
				v = fmt.Sprintf("%x", b)
			}
			line += fmt.Sprint(v, " ")
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	if err := found.Err(); err != nil {
		w.t.Fatal(err)
	}
	return lines
}

// identity returns what p is made of.
func (p *person) identity() *chat.Identity {
	p.t.Helper()
	value, ok := p.Ring.Get("identity", "self")
	if !ok {
		p.t.Fatal("no identity in the ring")
	}
	id, err := chat.ParseIdentity(value)
	if err != nil {
		p.t.Fatal(err)
	}
	return id
}

func (p *person) manifest() *chat.Manifest {
	p.t.Helper()
	value, ok := p.Ring.Get("manifest", "self")
	if !ok {
		p.t.Fatal("no manifest in the ring")
	}
	m, err := chat.ParseManifest(value)
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

func (p *person) say(to, words string) error {
	_, err := p.Send(p.t.Context(), client.Outgoing{To: []string{to}, Text: words, TTL: time.Hour}, nil)
	return err
}

// TestSizesAtTheServerArePadded sends files and words of different lengths. What the server keeps of them has the same.
func TestSizesAtTheServerArePadded(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	for _, n := range []int{1_000_000, 1_048_576, 990_001} {
		_, err := alice.Send(t.Context(), client.Outgoing{
			To: []string{"bob"}, Text: strings.Repeat("x", n/1000), Files: []client.File{file("x", randomBytes(n))}, AsIs: true,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, query := range []string{
		"SELECT size, part_size FROM blob", "SELECT count(*), sum(size), max(size) FROM part GROUP BY blob", "SELECT size FROM envelope",
	} {
		lines := w.rows(query)
		if len(lines) != 3 || lines[0] != lines[1] || lines[1] != lines[2] {
			t.Errorf("%s tells them apart: %q", query, lines)
		}
	}
	sizes := make(map[int]int)
	for _, object := range w.objects() {
		_, content, _ := bytes.Cut(object, []byte("\n"))
		sizes[len(content)]++
	}
	for size, n := range sizes {
		if n%3 != 0 && size > 1024 { // the marker is there once
			t.Errorf("%d objects have %d bytes", n, size)
		}
	}
}

// TestTicketsNameNobody stops an upload between the issue of its ticket and the use of it, and reads the database: no
// row ties the ticket to the key that it was counted to.
func TestTicketsNameNobody(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob := w.person(), w.person()
	alice.Retry = -1
	alice.Transport = &meddler{w.transport(), func(req *client.Request) (*client.Response, error) {
		if req.Method == "POST" && strings.Contains(req.URL, "/v1/blobs") {
			return nil, errors.New("cut")
		}
		return nil, nil
	}}
	if _, err := alice.Upload(t.Context(), file("x", randomBytes(1000)), &client.UploadOptions{AsIs: true}); err == nil {
		t.Fatal("the upload was to break off")
	}
	lines := w.rows("SELECT * FROM ticket")
	if len(lines) != 1 || !regexp.MustCompile(`^[0-9a-f]{64} blob16m \d+00$`).MatchString(lines[0]) {
		t.Errorf("a ticket is %q, not a hash, a kind and an hour", lines)
	}
	// Where each of the keys stands: nowhere together with anything that is stored.
	for _, p := range []*person{alice, bob} {
		quota, owner, locator := p.identity().QuotaKey(), p.identity().MailboxOwner(), p.identity().LocatorKey()
		for what, row := range map[string]struct {
			key    wire.PublicKey
			tables []string
		}{
			"the quota key":     {quota.Public(), []string{"quota_key", "usage"}},
			"the mailbox's key": {owner.Public(), []string{"mailbox"}},
			"the locator's key": {locator.Public(), []string{"locator"}},
		} {
			var found []string
			for _, table := range w.rows("SELECT name FROM sqlite_schema WHERE type = 'table'") {
				if strings.Contains(strings.Join(w.rows("SELECT * FROM "+table), "\n"), fmt.Sprintf("%x", row.key[:])) {
					found = append(found, table)
				}
			}
			slices.Sort(found)
			if !slices.Equal(found, row.tables) {
				t.Errorf("%s stands in %q, not in %q alone", what, found, row.tables)
			}
		}
	}
}

// TestKeysOfRequestsDiffer reads the key ids off the signed requests of two people: each kind of request has a key of
// its own, so that no key tells whose mailbox, locator and quota belong together.
func TestKeysOfRequestsDiffer(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	if err := alice.say("bob", "hello"); err != nil {
		t.Fatal(err)
	}
	bob.receive()
	kinds := make(map[string]string) // by key
	request, keyid := regexp.MustCompile(`(?:GET|POST|PUT|DELETE) /v1/(\w+)\S*\n$`), regexp.MustCompile(`^Signature-Input: .*keyid="([^"]+)"`)
	kind := ""
	for line := range bytes.Lines(w.tape.bytes()) {
		if m := request.FindSubmatch(line); m != nil {
			kind = map[string]string{"enrol": "quota", "tickets": "quota", "mailboxes": "mailbox", "locators": "locator"}[string(m[1])]
		}
		m := keyid.FindSubmatch(line)
		if m == nil {
			continue
		}
		if was, ok := kinds[string(m[1])]; ok && was != kind || kind == "" {
			t.Errorf("one key signs for %q and for %q", was, kind)
		}
		kinds[string(m[1])] = kind
	}
	if len(kinds) != 6 {
		t.Errorf("two people showed %d keys, of 3 kinds each", len(kinds))
	}
}

// TestServerCannotTurnBackTime serves what a contact had stored before: manifest and mailbox key.
func TestServerCannotTurnBackTime(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	now := time.Now().Unix()
	id, first := bob.identity(), bob.manifest()
	second, fork := id.NewManifest(first, now), id.NewManifest(first, now+1)
	device := first.Device(second.Devices[0].ID)
	if device == nil {
		t.Fatal("bob's manifest does not list his device")
	}
	newer := id.NewMailboxKey(7, now).Sign(id)
	var manifest, key []byte // nil: as the server has it
	alice.Retry = -1
	alice.Transport = &meddler{w.transport(), func(req *client.Request) (*client.Response, error) {
		switch {
		case req.Method == "GET" && strings.Contains(req.URL, "/v1/locators/") && manifest != nil:
			return &client.Response{Status: 200, Body: manifest}, nil
		case req.Method == "GET" && strings.HasSuffix(req.URL, "/key") && key != nil:
			return &client.Response{Status: 200, Body: key}, nil
		}
		return nil, nil
	}}
	manifest = second.Seal(id.Profile)
	if err := alice.say("bob", "one"); err != nil {
		t.Fatalf("the next manifest: %v", err)
	}
	manifest = nil
	if err := alice.say("bob", "two"); !errors.Is(err, chat.ErrRollback) {
		t.Errorf("the manifest before is answered by %v", err)
	}
	manifest = fork.Seal(id.Profile)
	if err := alice.say("bob", "three"); !errors.Is(err, chat.ErrEquivocation) {
		t.Errorf("another history is answered by %v", err)
	}
	manifest, key = second.Seal(id.Profile), newer
	if err := alice.say("bob", "four"); err != nil {
		t.Fatalf("a newer mailbox key: %v", err)
	}
	key = nil
	if err := alice.say("bob", "five"); err == nil {
		t.Error("an older mailbox key is taken")
	}
	key = slices.Clone(newer)
	key[100] ^= 1
	if err := alice.say("bob", "six"); err == nil {
		t.Error("a mailbox key of the server's making is taken")
	}
	if n := len(w.rows("SELECT n FROM envelope")); n != 2 {
		t.Errorf("%d messages went out, not the 2 that were right", n)
	}
}

// TestServerThatIsAnotherIsRefused leads a client that knows one server to another, which signs with its own key, and
// to one that repeats what the right one once said.
func TestServerThatIsAnotherIsRefused(t *testing.T) {
	w, other := smallWorld(t, server.Config{}), smallWorld(t, server.Config{})
	alice := w.person()
	var old *client.Response
	ctx := t.Context()
	right := w.transport()
	again := func(p *person) *client.Client { return &client.Client{Ring: p.Ring, Retry: -1} }
	for name, transport := range map[string]client.Transport{
		"another server": &meddler{right, func(req *client.Request) (*client.Response, error) {
			moved := *req
			moved.URL = other.url + strings.TrimPrefix(req.URL, w.url)
			return right.Do(ctx, &moved)
		}},
		"an answer from before": &meddler{right, func(req *client.Request) (*client.Response, error) {
			if old == nil {
				var err error
				if old, err = right.Do(ctx, req); err != nil {
					return nil, err
				}
			}
			return old, nil
		}},
		"an answer without a signature": &meddler{right, func(req *client.Request) (*client.Response, error) {
			resp, err := right.Do(ctx, req)
			if err == nil {
				delete(resp.Header, strings.ToLower(wire.HeaderSignature))
			}
			return resp, err
		}},
		"a limit that was changed on the way": &meddler{right, func(req *client.Request) (*client.Response, error) {
			resp, err := right.Do(ctx, req)
			if err == nil {
				resp.Body = bytes.Replace(resp.Body, []byte("604800"), []byte("999999"), 1)
			}
			return resp, err
		}},
	} {
		c := again(alice)
		c.Transport = transport
		if name == "an answer from before" { // the first time it is right
			if _, err := c.Receive(ctx, 0); err != nil && errors.Is(err, client.ErrServerKey) {
				t.Errorf("%s, the first time: %v", name, err)
			}
			c = again(alice)
			c.Transport = transport
		}
		if _, err := c.Receive(ctx, 0); !errors.Is(err, client.ErrServerKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEnvelopeIsTakenOnce has a server deliver every envelope twice, under numbers of its choice.
func TestEnvelopeIsTakenOnce(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	if err := alice.say("bob", "hello"); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	transport := w.transport()
	doubled := 0
	bob.Transport = &meddler{transport, func(req *client.Request) (*client.Response, error) {
		if !strings.Contains(req.URL, "/envelopes") {
			return nil, nil
		}
		if req.Method == "DELETE" {
			return &client.Response{Status: 204}, nil // says so, and does not do it
		}
		resp, err := transport.Do(ctx, req)
		if err != nil || len(resp.Body) == 0 {
			return resp, err
		}
		item, _, err := wire.ParseItem(resp.Body)
		if err != nil {
			return nil, err
		}
		item.Seq += 100
		resp.Body = item.Append(resp.Body)
		doubled++
		return resp, nil
	}}
	if got := bob.receive(); len(got) != 1 || doubled == 0 {
		t.Fatalf("%d messages arrived, of an envelope that came %d times twice", len(got), doubled)
	}
	if err := bob.Shown(bob.receive()[0]); err != nil {
		t.Fatal(err)
	}
	if got := bob.receive(); len(got) != 0 {
		t.Errorf("after it was shown the same message is there again")
	}
}

// TestServerThatLiesAboutTheTimeDestroysNothing has our own server be ten years ahead: nothing is shown any more, and
// nothing is lost once it tells the truth again to a client that did not wait a day.
func TestServerThatLiesAboutTheTimeDestroysNothing(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	if err := alice.say("bob", "hello"); err != nil {
		t.Fatal(err)
	}
	m := bob.receive()[0]
	key, err := w.db.ServerKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, transport := t.Context(), w.transport()
	liar := &client.Client{Ring: bob.Ring, Retry: -1, Transport: &meddler{transport, func(req *client.Request) (*client.Response, error) {
		if !strings.Contains(req.URL, wire.PathServer+"?") {
			return nil, errors.New("no answer") // that would be of the right time
		}
		resp, err := transport.Do(ctx, req)
		if err == nil {
			lie(t, key, resp)
		}
		return resp, err
	}}}
	if _, err := liar.Receive(ctx, 0); err == nil {
		t.Error("there was an answer")
	}
	if _, ok := bob.Ring.Get("message", m.ID); ok {
		t.Error("the test is none: the lie was not believed, not even for what is shown")
	}
	if _, err := bob.Forget(); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := bob.Ring.At("identity", "self"); !ok {
		t.Error("the identity is gone")
	}
	files := len(readDir(t, bob.home))
	if err := bob.Ring.Close(); err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Open(bob.home, bob.roots)
	if err != nil {
		t.Fatalf("the home does not open any more: %v", err)
	}
	bob.Client = &client.Client{Ring: ring, Transport: transport, Notice: bob.notice}
	if _, err := bob.Forget(); err != nil {
		t.Fatal(err)
	}
	bob.receive() // from a server that tells the truth again
	if _, ok := bob.Ring.Get("message", m.ID); !ok {
		t.Error("the message is gone, on a server's word")
	}
	if left := len(readDir(t, bob.home)); left < files {
		t.Errorf("of %d files in the home %d are left: keys were destroyed on a server's word", files, left)
	}
}

// lie has a hello say that it is ten years later, signed as only the server can.
func lie(t *testing.T, key ed25519.PrivateKey, resp *client.Response) {
	t.Helper()
	info := make(map[string]any)
	if err := json.Unmarshal(resp.Body, &info); err != nil {
		t.Fatal(err)
	}
	info["time"] = time.Now().Add(10 * 365 * 24 * time.Hour).Unix()
	var err error
	if resp.Body, err = json.Marshal(info); err != nil {
		t.Fatal(err)
	}
	sig := ed25519.Sign(key, wire.InfoBase(resp.Body))
	resp.Header[strings.ToLower(wire.HeaderSignature)] = base64.RawURLEncoding.EncodeToString(sig)
}

func readDir(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// TestOtherServersLearnNoKeyAndMoveNoClock has bob fetch what alice keeps at a server of hers.
func TestOtherServersLearnNoKeyAndMoveNoClock(t *testing.T) {
	hers, his := smallWorld(t, server.Config{}), smallWorld(t, server.Config{})
	alice, bob := hers.person(), his.person()
	meet(t, alice, bob)
	content := randomBytes(1000)
	_, err := alice.Send(t.Context(), client.Outgoing{
		To: []string{"bob"}, Files: []client.File{file("x", content)}, AsIs: true, TTL: time.Hour,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := hers.db.ServerKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, transport := t.Context(), his.transport()
	asked := 0
	bob.Transport = &meddler{transport, func(req *client.Request) (*client.Response, error) {
		if !strings.HasPrefix(req.URL, hers.url) {
			return nil, nil
		}
		asked++
		if req.Signed || req.Header["Signature"] != "" {
			t.Errorf("%s %s shows her server a key of his", req.Method, req.URL)
		}
		resp, err := transport.Do(ctx, req)
		if err == nil && strings.Contains(req.URL, wire.PathServer+"?") {
			lie(t, key, resp)
		}
		return resp, err
	}}
	before := bob.Ring.Now()
	if !bytes.Equal(bob.fetched(bob.receive()[0].Attachments[0]), content) {
		t.Error("another file arrived")
	}
	if asked == 0 {
		t.Error("her server was not asked: the test sees nothing")
	}
	if bob.Ring.Now() > before+3600 {
		t.Error("her server moved his clock")
	}
}

// TestAttachmentElsewhereIsNotFetchedInTheClear has a contact send an attachment that lies at an address without TLS,
// as somebody would who wants to be told in the clear when it is opened, or to have a machine in the recipient's network
// asked for something.
func TestAttachmentElsewhereIsNotFetchedInTheClear(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	if _, err := alice.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Files: []client.File{file("", photo(t))}}, nil); err != nil {
		t.Fatal(err)
	}
	a := *bob.receive()[0].Attachments[0]
	bob.Transport = &meddler{bob.Transport, func(req *client.Request) (*client.Response, error) {
		t.Errorf("it asked %s", req.URL)
		return nil, errors.New("cut")
	}}
	for _, url := range []string{"http://192.168.1.1", "http://router.example", "http://169.254.169.254"} {
		a.Server = chat.Server{URL: url, ID: w.id}
		if err := bob.Fetch(t.Context(), &a, nil, nil); !errors.Is(err, client.ErrInsecure) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestReceiverLooksForItself has a sender claim that a photo was stripped which was not.
func TestReceiverLooksForItself(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	for _, row := range []struct {
		name    string
		content []byte
		asIs    bool
		warned  bool
	}{
		{"a photo that was stripped", withExif(photo(t), "Canary"), false, false},
		{"one that was sent as it is", withExif(photo(t), "Canary"), true, true},
	} {
		_, err := alice.Send(t.Context(), client.Outgoing{
			To: []string{"bob"}, Files: []client.File{file("", row.content)}, AsIs: row.asIs,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		m := bob.receive()[0]
		for _, lie := range []bool{false, true} {
			m.Attachments[0].AsIs = row.asIs && !lie
			saved, err := bob.Save(t.Context(), m, 0, t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if (saved.Warning != nil) != row.warned {
				t.Errorf("%s, lied about %t: the recipient is told %v", row.name, lie, saved.Warning)
			}
		}
		if err := bob.Shown(m); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStolenCopyAndTodaysKeyFileOpenNothing copies a home while a message is in it. When the message's time was up, the
// key file of today opens nothing of the copy, and the home itself has nothing of the message.
func TestStolenCopyAndTodaysKeyFileOpenNothing(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob := w.person(), w.person()
	meet(t, alice, bob)
	if _, err := alice.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Text: "canary-text", TTL: 3 * time.Second}, nil); err != nil {
		t.Fatal(err)
	}
	m := bob.receive()[0]
	stolen := filepath.Join(t.TempDir(), "stolen")
	if err := os.CopyFS(stolen, os.DirFS(bob.home)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(time.Unix(m.At, 0)) + time.Second)
	if n, err := bob.Forget(); err != nil || n == 0 {
		t.Fatalf("%d buckets were forgotten: %v", n, err)
	}
	if ring, err := keyring.Open(stolen, bob.roots); err == nil {
		_, had := ring.Get("message", m.ID)
		t.Errorf("today's key file opens the copy; the message is in it: %t", had)
		ring.Close()
	}
	for what, dir := range map[string]string{"the copy": stolen, "the home": bob.home} {
		all := readFolder(t, dir, func(string) bool { return true })
		if bytes.Contains(all, []byte("canary-text")) || len(all) == 0 {
			t.Errorf("%s has the message in the clear, or is empty", what)
		}
	}
}

// TestCiphertextAndMessageOpenNothingWithoutTheShare keeps all that a bucket had, and all that the message says, beyond
// the expiry: what a bucket's old versions, replicas and backups keep, in the hands of a recipient.
func TestCiphertextAndMessageOpenNothingWithoutTheShare(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice := w.person()
	content := randomBytes(1000)
	a, err := alice.Upload(t.Context(), file("x", content), &client.UploadOptions{AsIs: true, TTL: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	kept := make(map[string]*client.Response) // all that the server answers before
	ctx, transport := t.Context(), w.transport()
	alice.Transport = &meddler{transport, func(req *client.Request) (*client.Response, error) {
		resp, err := transport.Do(ctx, req)
		if err == nil {
			kept[req.Method+strings.TrimPrefix(req.URL, w.url)] = resp
		}
		return resp, err
	}}
	if !bytes.Equal(alice.fetched(a), content) {
		t.Fatal("another file arrived")
	}
	w.awaitReaped(time.Now().Unix()+2, nil)
	asked := false
	bucket := &meddler{transport, func(req *client.Request) (*client.Response, error) {
		path := req.Method + strings.TrimPrefix(req.URL, w.url)
		if strings.HasSuffix(path, "/share") {
			asked = true
			return nil, nil // only the server could give that
		}
		if resp := kept[path]; resp != nil {
			return resp, nil
		}
		return nil, nil
	}}
	alice.Transport = bucket
	out := make(writerAt, a.Length)
	if err := alice.Fetch(ctx, a, out, nil); !errors.Is(err, client.ErrGone) || !asked {
		t.Errorf("without the share: %v", err)
	}
	guess := &meddler{bucket, func(req *client.Request) (*client.Response, error) {
		if strings.HasSuffix(req.URL, "/share") {
			return &client.Response{Status: 200, Body: randomBytes(32)}, nil
		}
		return nil, nil
	}}
	alice.Transport = guess
	if err := alice.Fetch(ctx, a, out, nil); !errors.Is(err, client.ErrTampered) {
		t.Errorf("with another share: %v", err)
	}
	if !bytes.Equal(out, make([]byte, len(out))) {
		t.Error("something was written")
	}
}

// TestStrangersGetNoReceipt has a stranger ask to be told when the message was forgotten.
func TestStrangersGetNoReceipt(t *testing.T) {
	w := smallWorld(t, server.Config{})
	stranger, bob := w.person(), w.person()
	stranger.add("bob", bob)
	if _, err := stranger.Send(t.Context(), client.Outgoing{
		To: []string{"bob"}, Text: "hello", TTL: time.Hour, After: time.Second,
	}, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		bob.receive()
		if requests, err := bob.Requests(); err != nil || len(requests) != 1 {
			t.Fatalf("%d requests: %v", len(requests), err)
		}
		time.Sleep(1100 * time.Millisecond)
		if _, err := bob.Forget(); err != nil {
			t.Fatal(err)
		}
	}
	if waiting := w.rows("SELECT n FROM envelope"); len(waiting) != 0 {
		t.Errorf("%d envelopes went back", len(waiting))
	}
}

// TestIdsCountForOneSender has mallory, who got the same message as bob, write to bob under its id before it arrives.
func TestIdsCountForOneSender(t *testing.T) {
	w := smallWorld(t, server.Config{})
	alice, bob, mallory := w.person(), w.person(), w.person()
	befriend(t, alice, bob, "bob", "alice")
	befriend(t, mallory, bob, "bob", "mallory")
	begin := func(p *person, until string) {
		t.Helper()
		p.Retry = -1
		transport := p.Transport
		p.Transport = &meddler{transport, func(req *client.Request) (*client.Response, error) {
			if strings.Contains(req.URL, until) {
				return nil, errors.New("cut")
			}
			return nil, nil
		}}
		_, err := p.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Text: "hello"}, &client.SendOptions{Resume: "one"})
		if err == nil {
			t.Fatal("it was to break off")
		}
		p.Transport = transport
	}
	end := func(p *person) {
		t.Helper()
		if _, err := p.Send(t.Context(), client.Outgoing{To: []string{"bob"}, Text: "hello"}, &client.SendOptions{Resume: "one"}); err != nil {
			t.Fatal(err)
		}
	}
	record := func(p *person) map[string]any {
		t.Helper()
		value, ok := p.Ring.Get("outgoing", "one")
		rec := make(map[string]any)
		if !ok || json.Unmarshal(value[1:], &rec) != nil {
			t.Fatal("no message is under way")
		}
		return rec
	}
	begin(alice, "/envelopes")      // all but posted
	begin(mallory, "/v1/locators/") // with an id, and nothing sealed yet
	hers, his := record(alice), record(mallory)
	his["ID"] = hers["ID"]
	text, err := json.Marshal(his)
	if err != nil {
		t.Fatal(err)
	}
	bucket, _, _ := mallory.Ring.At("outgoing", "one")
	if err := mallory.Ring.Put(bucket, "outgoing", "one", append([]byte{1}, text...)); err != nil {
		t.Fatal(err)
	}
	end(mallory)
	if got := bob.receive(); len(got) != 1 || got[0].From.Name != "mallory" {
		t.Fatalf("from mallory %d messages arrived", len(got))
	}
	end(alice)
	got := bob.receive()
	if len(got) != 2 {
		t.Fatalf("%d messages arrived of two senders", len(got))
	}
	_, first, _ := strings.Cut(got[0].ID, "/")
	_, second, _ := strings.Cut(got[1].ID, "/")
	if first != second {
		t.Error("the test is none: the ids differ")
	}
}

// TestServerCannotHaveUsSignAFork answers that there is a conflict, and serves an old manifest of ours as that which is
// there.
func TestServerCannotHaveUsSignAFork(t *testing.T) {
	w := smallWorld(t, server.Config{})
	bob := w.person()
	id, first := bob.identity(), bob.manifest()
	second := id.NewManifest(first, time.Now().Unix())
	third := id.NewManifest(second, time.Now().Unix())
	if err := bob.Ring.Put(keyring.Never, "manifest", "self", third.Encode()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(bob.Ring.Delete("published", "manifest"), bob.Ring.Delete("sealed", "self")); err != nil {
		t.Fatal(err)
	}
	bob.Retry = -1
	bob.Transport = &meddler{bob.Transport, func(req *client.Request) (*client.Response, error) {
		if req.Method == "PUT" && strings.Contains(req.URL, "/v1/locators/") {
			return &client.Response{Status: 409, Body: []byte(`{"code":"conflict","status":409}`)}, nil
		}
		return nil, nil // a GET gives the first
	}}
	if _, err := bob.Receive(t.Context(), 0); err == nil {
		t.Error("no error")
	}
	if m := bob.manifest(); m.Seq != 3 || m.Hash() != third.Hash() {
		t.Errorf("the server had us sign another manifest %d, beside the one that there was", m.Seq)
	}
}
