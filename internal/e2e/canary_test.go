package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/seal"
)

// A canary is something that must be nowhere, under the name of what it is.
type canary struct {
	what string
	b    []byte
}

// TestCanary is the promise of the whole project. Unmistakable strings stand in the content of a file, in its name, its
// Exif, in a message and in the name of a contact; and there are the keys. No byte that a server ever had, on the
// network, in its log, its state or its store, has any of them, raw, in hex or in base64. After expiry there is no
// trace even of what it did have.
func TestCanary(t *testing.T) {
	worlds(t, func(t *testing.T, w *world) {
		alice, bob := w.person(), w.person()
		befriend(t, alice, bob, "canary-name-bob", "canary-name-alice")
		picture := withExif(photo(t), "canary-exif-artist")
		secretFile := append(bytes.Repeat([]byte("canary-content "), 3000), randomBytes(300<<10)...)

		sent, err := alice.Send(t.Context(), client.Outgoing{
			To: []string{"canary-name-bob"}, Text: "canary-message-text", TTL: 6 * time.Second, After: time.Minute,
			Files: []client.File{file("canary-file-name.jpg", picture)},
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = alice.Send(t.Context(), client.Outgoing{
			To: []string{"canary-name-bob"}, Files: []client.File{file("canary-other-name", secretFile)}, AsIs: true,
			TTL: 6 * time.Second,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		messages := bob.receive()
		if len(messages) != 2 {
			t.Fatalf("bob received %d messages", len(messages))
		}
		canaries := append(text(
			"canary-content", "canary-message-text", "canary-file-name", "canary-other-name", "canary-exif", "canary-name"),
			canary{"the picture's own bytes", picture[len(picture)/2:][:48]},
			canary{"the file's own bytes", secretFile[len(secretFile)-48:]})
		canaries = append(canaries, secretsOf(t, alice)...)
		canaries = append(canaries, secretsOf(t, bob)...)
		for _, m := range messages {
			for i, a := range m.Attachments {
				if _, err := bob.Save(t.Context(), m, i, t.TempDir(), nil); err != nil {
					t.Fatal(err)
				}
				canaries = append(canaries, secretOf(a), w.blobKey(a))
			}
			if err := bob.Shown(m); err != nil {
				t.Fatal(err)
			}
		}
		before := w.everything()
		if read := messages[0].Attachments[0].Secret.ReadToken().Encode(); !bytes.Contains(before["network"], []byte(read)) {
			t.Fatal("not even a read token is found on the network: that nothing else is would prove nothing")
		}
		search(t, before, canaries)
		if n := len(before["store"]); n < len(secretFile) {
			t.Fatalf("the store was searched when it held %d bytes: that proves nothing", n)
		}

		traces := w.traces(messages)
		found := 0
		for _, c := range traces {
			if bytes.Contains(before["state"], c.b) || bytes.Contains(before["store"], c.b) {
				found++
			}
		}
		if found == 0 {
			t.Fatal("no trace was there before expiry: their absence after it would prove nothing")
		}
		w.awaitReaped(sent.At, traces)
		after := w.everything()
		delete(after, "network") // what went over it went over it
		search(t, after, append(canaries, traces...))
		for _, object := range w.objects() {
			if len(object) > 1024 { // the marker and the heartbeat, which stay, have some dozen bytes
				t.Errorf("after expiry the store holds an object of %d bytes", len(object))
			}
		}
		for _, p := range []*person{alice, bob} {
			p.searchHome(canaries[:8])
		}
	})
}

func text(words ...string) (list []canary) {
	for _, word := range words {
		list = append(list, canary{word, []byte(word)})
	}
	return list
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// secretsOf returns every run of 32 bytes in what p remembers of its identity and of its mailbox keys, but for what the
// server is meant to see: the address of the mailbox, the server's own id, and the delivery key, which opens the mailbox
// and nothing else. The account's id is added: the server is not to know who anybody is.
func secretsOf(t *testing.T, p *person) (list []canary) {
	t.Helper()
	value, ok := p.Ring.Get("identity", "self")
	if !ok {
		t.Fatal("no identity in the ring")
	}
	id, err := chat.ParseIdentity(value)
	if err != nil {
		t.Fatal(err)
	}
	delivery := id.Delivery.Reveal()
	public := [][]byte{id.Mailbox[:], id.Server.ID[:], delivery[:]}
	list = windows("an identity", value, public)
	for _, key := range p.Ring.All("mailbox-key") {
		list = append(list, windows("a mailbox key", key, public)...)
	}
	account := id.Account()
	intro := id.Intro.Reveal()
	return append(list, canary{"an account id", account[:]}, canary{"an account id", []byte(account.String())},
		canary{"an intro key", intro[:]})
}

// windows returns every run of 32 bytes of b, once what is public is cut out.
func windows(what string, b []byte, public [][]byte) (list []canary) {
	runs := [][]byte{b}
	for _, p := range public {
		var cut [][]byte
		for _, run := range runs {
			cut = append(cut, bytes.Split(run, p)...)
		}
		runs = cut
	}
	for _, run := range runs {
		for i := 0; i+32 <= len(run); i++ {
			list = append(list, canary{fmt.Sprintf("bytes %d to %d of a piece of %s", i, i+32, what), run[i : i+32]})
		}
	}
	return list
}

func secretOf(a *chat.Attachment) canary {
	b := a.Secret.Reveal()
	return canary{"the secret of a blob", b[:]}
}

// blobKey returns the key of a blob, which takes the message's half and the server's.
func (w *world) blobKey(a *chat.Attachment) canary {
	w.t.Helper()
	share, err := w.db.ReleaseShare(w.t.Context(), a.Blob, a.Secret.ReadToken().Hash())
	if err != nil {
		w.t.Fatal(err)
	}
	key := seal.Derive(a.Secret, share, a.Blob).Reveal()
	return canary{"the key of a blob", key[:]}
}

// traces returns what the server had of messages and must have forgotten: shares, ids, envelopes, ciphertext.
func (w *world) traces(messages []*client.Received) (list []canary) {
	w.t.Helper()
	for _, m := range messages {
		for _, a := range m.Attachments {
			read := a.Secret.ReadToken().Hash()
			share, err := w.db.ReleaseShare(w.t.Context(), a.Blob, read)
			if err != nil {
				w.t.Fatal(err)
			}
			b := share.Reveal()
			list = append(list, canary{"a share", b[:]}, canary{"a blob's id", a.Blob[:]}, canary{"a read token's hash", read[:]})
		}
	}
	for _, b := range w.objects() {
		if len(b) > 1024 {
			list = append(list, canary{"ciphertext", b[len(b)/2:][:48]})
		}
	}
	return list
}

// objects returns what the store holds.
func (w *world) objects() (all [][]byte) {
	w.t.Helper()
	for object, err := range w.store.List(w.t.Context(), "") {
		if err != nil {
			w.t.Fatal(err)
		}
		r, _, err := w.store.Get(w.t.Context(), object.Key, 0, -1)
		if err != nil {
			w.t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, append([]byte(object.Key+"\n"), b...))
	}
	return all
}

// everything returns all bytes that the server has, or had, by where they are.
func (w *world) everything() map[string][]byte {
	w.t.Helper()
	return map[string][]byte{
		"network": w.tape.bytes(), "log": w.log.bytes(), "state": w.state(), "store": bytes.Join(w.objects(), nil),
	}
}

// state returns the bytes of the database: of the files of SQLite, and of the rows of PostgreSQL.
func (w *world) state() []byte {
	w.t.Helper()
	if strings.HasPrefix(w.dsn, "sqlite:") {
		return readFolder(w.t, w.folder, func(name string) bool { return strings.HasPrefix(name, "state.db") })
	}
	conn, err := pgx.Connect(w.t.Context(), w.dsn)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(w.t.Context(), `SELECT query_to_xml(format('SELECT * FROM %I.%I', schemaname, tablename),
		true, false, '')::text FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		w.t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	return decodeXML(strings.Join(tables, "\n"))
}

// decodeXML adds to the text of a table what its base64 values stand for: XML has binary columns that way.
func decodeXML(text string) []byte {
	all := []byte(text)
	for _, field := range strings.FieldsFunc(text, func(r rune) bool { return r == '<' || r == '>' }) {
		if b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(field, "\n", "")); err == nil {
			all = append(append(all, '\n'), b...)
		}
	}
	return all
}

func readFolder(t *testing.T, folder string, keep func(name string) bool) (all []byte) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !keep(d.Name()) {
			return err
		}
		b, err := os.ReadFile(path)
		all = append(append(all, path...), b...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// search looks for canaries everywhere.
func search(t *testing.T, places map[string][]byte, canaries []canary) {
	t.Helper()
	for place, all := range places {
		if place != "store" && len(all) == 0 {
			t.Errorf("there is nothing to search in the %s", place)
		}
		for _, c := range canaries {
			for spelling, b := range spellings(c.b) {
				if bytes.Contains(all, b) {
					t.Errorf("in the %s: %s, %s", place, c.what, spelling)
				}
			}
		}
	}
}

// spellings returns how b looks in a place that does not hold it raw. In base64 there are three ways to stand in a longer
// text; the characters at the edges, which b shares with its neighbours, are left out.
func spellings(b []byte) map[string][]byte {
	s := map[string][]byte{
		"raw": b, "in hex": []byte(hex.EncodeToString(b)), "in upper-case hex": []byte(strings.ToUpper(hex.EncodeToString(b))),
	}
	for shift := range 3 {
		shifted := append(make([]byte, shift), b...)
		std, url := base64.StdEncoding.EncodeToString(shifted), base64.URLEncoding.EncodeToString(shifted)
		from, to := (shift*8+5)/6, len(shifted)*8/6
		s[fmt.Sprintf("in base64, shifted by %d", shift)] = []byte(std[from:to])
		s[fmt.Sprintf("in base64url, shifted by %d", shift)] = []byte(url[from:to])
	}
	return s
}

// awaitReaped waits until at has come and the server has done what it does then, which takes it 15 seconds at most: what
// is left after that is for the caller to find.
func (w *world) awaitReaped(at int64, traces []canary) {
	w.t.Helper()
	time.Sleep(time.Until(time.Unix(at, 0)))
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		stats, err := w.db.Stats(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if stats.Blobs == 0 && stats.Envelopes == 0 && stats.Outbox == 0 && !containsAny(w.state(), traces) {
			return
		}
	}
	w.t.Error("15 seconds after their time things are still there")
}

func containsAny(b []byte, canaries []canary) bool {
	return slices.ContainsFunc(canaries, func(c canary) bool { return bytes.Contains(b, c.b) })
}

// searchHome looks for canaries in the files of a home, and has the home forget first.
func (p *person) searchHome(canaries []canary) {
	p.t.Helper()
	if _, err := p.Forget(); err != nil {
		p.t.Fatal(err)
	}
	for _, kind := range []string{"message", "upload", "digest", "outgoing", "envelope", "blob", "sent", "download", "unfinished"} {
		for name := range p.Ring.All(kind) {
			p.t.Errorf("after expiry a home remembers %s %s", kind, name)
		}
	}
	search(p.t, map[string][]byte{"home": readFolder(p.t, p.home, func(string) bool { return true })}, canaries)
}
