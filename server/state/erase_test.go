package state_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A plant fills rows with bytes that can be found again: random, so that nothing else looks like them.
type plant struct {
	marks map[string][]byte
}

// bytes returns n bytes, the last of which are a mark.
func (p *plant) bytes(name string, n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	p.marks[name] = b[max(0, n-24):]
	return b
}

func (p *plant) row(name string) wire.Row { return wire.Row(p.bytes(name, wire.RowSize)) }

// found returns the marks that are in any file of a folder.
func (p *plant) found(t *testing.T, dir string) (names []string) {
	t.Helper()
	for _, f := range get[[]os.DirEntry](t)(os.ReadDir(dir)) {
		b := get[[]byte](t)(os.ReadFile(filepath.Join(dir, f.Name())))
		for name, mark := range p.marks {
			if bytes.Contains(b, mark) {
				names = append(names, name+" in "+f.Name())
			}
		}
	}
	return names
}

// sow puts marks into every table from which things go, n times.
func (p *plant) sow(t *testing.T, d *state.DB, n int) (removals []func() error) {
	ctx := t.Context()
	at := in(t, d, time.Hour)
	for i := range n {
		name := func(what string) string { return what + " " + string(rune('a'+i%26)) + strings.Repeat("'", i/26) }
		b := newBlob(t, d, small)
		b.Share, b.Read = wire.ShareOf(p.row(name("share"))), p.row(name("read hash"))
		b.Delete, b.Upload = p.row(name("delete hash")), p.row(name("upload hash"))
		get[wire.Created](t)(d.CreateBlob(ctx, b, 0))
		pt := state.Part{Key: rand.Text() + rand.Text(), Digest: p.row(name("digest"))}
		p.marks[name("object key")] = []byte(pt.Key)
		_, pt.Size = wire.PartRange(b.Size, b.PartSize, 0)
		must(t, d.AddIntent(ctx, pt.Key))
		must(t, d.AddPart(ctx, b.ID, b.Upload, pt))
		get[int64](t)(d.Commit(ctx, b.ID, b.Upload, at, 1<<20))

		m := box{p.row(name("owner")), p.row(name("address")), p.row(name("delivery hash")), p.row(name("intro hash"))}
		must(t, d.CreateMailbox(ctx, m.owner, m.id, m.delivery, m.intro, tickets(t, d, wire.TicketMailbox, 1)[0]))
		must(t, d.PutMailboxKey(ctx, m.owner, m.id, 1, p.bytes(name("old mailbox key"), 1300)))
		must(t, d.PutMailboxKey(ctx, m.owner, m.id, 2, p.bytes(name("mailbox key"), 1300)))
		for _, size := range wire.EnvelopeSizes {
			must(t, d.Post(ctx, m.id, m.delivery, at, p.bytes(name("envelope"), size), roomy))
		}
		owner, id := wire.PublicKey(p.row(name("locator owner"))), wire.LocatorID(p.row(name("locator id")))
		must(t, d.CreateLocator(ctx, owner, id, 1, tickets(t, d, wire.TicketLocator, 1)[0], p.bytes(name("old manifest"), 5000)))
		must(t, d.PutLocator(ctx, owner, id, 2, p.bytes(name("manifest"), 3000)))
		must(t, d.AddInvite(ctx, p.row(name("invite")), time.Hour))
		removals = append(removals,
			func() error { return d.DeleteBlob(ctx, b.ID, b.Delete) },
			func() error { return d.DeleteMailbox(ctx, m.owner, m.id) },
			func() error { return d.DeleteLocator(ctx, owner, id) },
		)
	}
	return removals
}

// TestNothingIsLeftInTheFiles is the promise of package state about SQLite: what was removed, by hand or by time, is in
// no file once there was a checkpoint.
func TestNothingIsLeftInTheFiles(t *testing.T) {
	dir := t.TempDir()
	d := open(t, "sqlite:"+filepath.Join(dir, "mayfly.db"))
	ctx := t.Context()
	stay := mailbox(t, d)
	stay.post(t, d, envelope())

	deleted, expired := &plant{map[string][]byte{}}, &plant{map[string][]byte{}}
	removals := deleted.sow(t, d, 20)
	expired.sow(t, d, 20)
	if n := len(deleted.found(t, dir)) + len(expired.found(t, dir)); n < 20*2*15 {
		t.Fatalf("only %d marks are there to begin with: the search finds nothing", n)
	}
	for _, remove := range removals {
		must(t, remove())
	}
	drain(t, d)
	must(t, d.Checkpoint(ctx))
	if names := deleted.found(t, dir); len(names) > 0 {
		// The invites have not been used; all else was deleted.
		for _, name := range names {
			if !strings.HasPrefix(name, "invite ") {
				t.Errorf("after it was deleted there is %s", name)
			}
		}
	}
	pass(t, d, state.LocatorLife+2*time.Hour)
	for get[state.Reaped](t)(d.Reap(ctx, 7)).More {
	}
	drain(t, d)
	must(t, d.Checkpoint(ctx))
	for _, name := range append(expired.found(t, dir), deleted.found(t, dir)...) {
		if !isMailbox(name) {
			t.Errorf("after its time there is %s", name)
		}
	}
	if s := get[state.Stats](t)(d.Stats(ctx)); s.Mailboxes != 21 {
		t.Errorf("%d mailboxes, want those 21 that nobody removed", s.Mailboxes)
	}
}

// isMailbox reports whether a mark belongs to a mailbox, which does not go by itself.
func isMailbox(name string) bool {
	for _, what := range []string{"owner ", "address ", "delivery hash ", "intro hash ", "mailbox key "} {
		if strings.HasPrefix(name, what) {
			return true
		}
	}
	return false
}

// drain forgets the outbox.
func drain(t *testing.T, d *state.DB) {
	t.Helper()
	for key := range outbox(t, d) {
		must(t, d.ForgetOutbox(t.Context(), []string{key}))
	}
}

// TestCheckpointWaitsForReaders: a reader keeps the log alive, and the checkpoint outlasts it.
func TestCheckpointWaitsForReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mayfly.db")
	d := open(t, "sqlite:"+path)
	db := look(t, "sqlite:"+path)
	reader, err := db.Begin()
	must(t, err)
	var n int
	must(t, reader.QueryRow(`SELECT count(*) FROM invite`).Scan(&n))
	must(t, d.AddInvite(t.Context(), row(), time.Hour))
	released := time.AfterFunc(300*time.Millisecond, func() { reader.Rollback() })
	defer released.Stop()
	must(t, d.Checkpoint(t.Context()))
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() != 0 {
		t.Errorf("the log: %v, %v; want it empty", info, err)
	}
}

// TestCheckpointVacuums is what can be promised about PostgreSQL: no dead row is left in the tables.
func TestCheckpointVacuums(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		d := open(t, dsn)
		if d.Kind() == state.SQLite {
			t.Skip("SQLite has no dead rows")
		}
		_, err := look(t, dsn).Exec(`CREATE SCHEMA inspect; CREATE EXTENSION pageinspect SCHEMA inspect`)
		if err != nil {
			t.Skip("the extension pageinspect cannot be had: ", err)
		}
		t.Cleanup(func() { look(t, dsn).Exec(`DROP SCHEMA inspect CASCADE`) })
		p := &plant{map[string][]byte{}}
		removals := p.sow(t, d, 5)
		for _, remove := range removals {
			must(t, remove())
		}
		drain(t, d)
		must(t, d.Checkpoint(t.Context()))
		for _, table := range []string{"blob", "part", "envelope", "mailbox", "mailbox_key", "locator"} {
			if n := tuples(t, dsn, table); n != 0 {
				t.Errorf("%d rows of %s are left on its pages", n, table)
			}
		}
	})
}

// tuples counts the rows of a table, dead ones included, that have bytes on a page.
func tuples(t *testing.T, dsn, table string) (n int) {
	t.Helper()
	must(t, look(t, dsn).QueryRow(`SELECT count(*) FROM generate_series(0, pg_relation_size('`+table+`') / 8192 - 1) page,
		inspect.heap_page_items(inspect.get_raw_page('`+table+`', page::int)) WHERE t_data IS NOT NULL`).Scan(&n))
	return n
}
