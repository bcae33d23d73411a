package state_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to look at what is there
	"go.uber.org/goleak"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/server/state/statetest"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// postgres returns the address of a PostgreSQL server whose role may make databases. Without it the tests run on SQLite
// alone. It is no variable, because go test would not see that a cached result depends on it.
func postgres() string { return os.Getenv("MAYFLY_TEST_POSTGRES") }

func TestMain(m *testing.M) {
	if postgres() == "" {
		fmt.Fprintln(os.Stderr, "MAYFLY_TEST_POSTGRES is not set: skipping PostgreSQL")
	}
	flag.Set("rapid.checks", "20") // unless the command line says more
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		dropAll()
		os.Exit(code)
	}))
}

// databases are empty PostgreSQL databases that no test uses: to make one takes longer than most tests.
var databases struct {
	sync.Mutex
	free []string
	drop []func()
}

// takePostgres returns an empty database for the length of a test.
func takePostgres(t *testing.T) (dsn string) {
	t.Helper()
	databases.Lock()
	defer databases.Unlock()
	if n := len(databases.free); n > 0 {
		dsn, databases.free = databases.free[n-1], databases.free[:n-1]
	} else {
		fresh, drop, err := statetest.Fresh(context.Background(), postgres())
		must(t, err)
		dsn, databases.drop = fresh, append(databases.drop, drop)
	}
	t.Cleanup(func() { putPostgres(t, dsn) })
	return dsn
}

func putPostgres(t *testing.T, dsn string) {
	db, err := sql.Open("pgx", dsn)
	must(t, err)
	defer db.Close()
	_, err = db.Exec(`DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	must(t, err)
	databases.Lock()
	defer databases.Unlock()
	databases.free = append(databases.free, dsn)
}

func dropAll() {
	for _, drop := range databases.drop {
		drop()
	}
}

// each runs a test on a fresh database of every kind.
func each(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "state", "mayfly.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		if postgres() == "" {
			t.Skip("MAYFLY_TEST_POSTGRES is not set")
		}
		t.Parallel()
		test(t, takePostgres(t))
	})
}

// open opens a database until the test ends.
func open(t testing.TB, dsn string) *state.DB {
	t.Helper()
	d, err := state.Open(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// one runs a test with one fresh database of every kind.
func one(t *testing.T, test func(t *testing.T, d *state.DB)) {
	each(t, func(t *testing.T, dsn string) { test(t, open(t, dsn)) })
}

// must fails the test at once if there is an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// get returns v and fails the test at once if there is an error.
func get[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// is fails the test unless err is want.
func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if err != want {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// row returns 32 random bytes.
func row() (r wire.Row) {
	rand.Read(r[:])
	return r
}

// generous are limits that no test reaches.
var generous = state.DayLimits{Bytes: 1 << 40, Mailboxes: 1000}

// enrolled returns a key that is enrolled.
func enrolled(t testing.TB, d *state.DB) wire.PublicKey {
	t.Helper()
	key := wire.PublicKey(row())
	must(t, d.Enrol(t.Context(), key, nil))
	return key
}

// tickets returns n fresh tickets.
func tickets(t testing.TB, d *state.DB, kind wire.TicketKind, n int) []wire.Hash {
	t.Helper()
	hashes := make([]wire.Hash, n)
	for i := range hashes {
		hashes[i] = row()
	}
	must(t, d.IssueTickets(t.Context(), enrolled(t, d), kind, hashes, generous))
	return hashes
}

// small is the |blob| of the smallest file, which is one part.
var small = wire.BlobSize(wire.PaddedSize(1))

// large is the |blob| of a file of three parts.
var large = wire.BlobSize(wire.PaddedSize(600 << 10))

// newBlob returns a request for a blob, with a ticket that is there.
func newBlob(t testing.TB, d *state.DB, size int64) state.NewBlob {
	t.Helper()
	return state.NewBlob{
		ID: blobID(), Share: wire.NewShare(), Read: row(), Delete: row(), Upload: row(),
		Size: size, PartSize: wire.MinPartSize, TTL: 7 * 24 * 3600, Tickets: tickets(t, d, wire.TicketBlob16M, 1),
	}
}

// created returns a blob that is there.
func created(t testing.TB, d *state.DB, size int64) state.NewBlob {
	t.Helper()
	b := newBlob(t, d, size)
	get[wire.Created](t)(d.CreateBlob(t.Context(), b, 0))
	return b
}

// part returns part n of b, with an intent.
func part(t testing.TB, d *state.DB, b state.NewBlob, n int) state.Part {
	t.Helper()
	p := state.Part{N: n, Key: "b/" + rand.Text(), Digest: row()}
	_, p.Size = wire.PartRange(b.Size, b.PartSize, n)
	must(t, d.AddIntent(t.Context(), p.Key))
	return p
}

// filled returns a blob that has all of its parts.
func filled(t testing.TB, d *state.DB, size int64) (state.NewBlob, []state.Part) {
	t.Helper()
	b := created(t, d, size)
	parts := make([]state.Part, wire.Parts(b.Size, b.PartSize))
	for i := range parts {
		parts[i] = part(t, d, b, i)
		must(t, d.AddPart(t.Context(), b.ID, b.Upload, parts[i]))
	}
	return b, parts
}

// committed returns a blob that can be read for an hour.
func committed(t testing.TB, d *state.DB, size int64) (state.NewBlob, []state.Part) {
	t.Helper()
	b, parts := filled(t, d, size)
	get[int64](t)(d.Commit(t.Context(), b.ID, b.Upload, in(t, d, time.Hour), 30*24*3600))
	return b, parts
}

// in returns the time after a while by the clock of the database.
func in(t testing.TB, d *state.DB, after time.Duration) int64 {
	t.Helper()
	return get[int64](t)(d.Now(t.Context())) + int64(after/time.Second)
}

// pass makes time pass.
func pass(t testing.TB, d *state.DB, after time.Duration) {
	t.Helper()
	must(t, d.Pass(t.Context(), after))
}

// outbox returns the keys that wait to be deleted, by claiming them.
func outbox(t testing.TB, d *state.DB) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	for _, r := range get[[]state.OutboxRow](t)(d.ClaimOutbox(t.Context(), 1000, time.Minute)) {
		keys[r.Key] = true
	}
	return keys
}

// A box is a mailbox with what its owner and its friends know.
type box struct {
	owner           wire.PublicKey
	id              wire.MailboxID
	delivery, intro wire.Hash
}

func mailbox(t testing.TB, d *state.DB) box {
	t.Helper()
	b := box{row(), row(), row(), row()}
	must(t, d.CreateMailbox(t.Context(), b.owner, b.id, b.delivery, b.intro, tickets(t, d, wire.TicketMailbox, 1)[0]))
	return b
}

// roomy are limits that no test reaches.
var roomy = state.MailboxLimits{Envelopes: 1 << 20, Bytes: 1 << 30, IntroPerDay: 1 << 20}

// envelope returns 4 KiB that were not there before.
func envelope() []byte {
	b := make([]byte, 4<<10)
	rand.Read(b)
	return b
}

func (b box) post(t testing.TB, d *state.DB, envelope []byte) {
	t.Helper()
	must(t, d.Post(t.Context(), b.id, b.delivery, in(t, d, time.Hour), envelope, roomy))
}

func blobID() (id wire.BlobID) {
	rand.Read(id[:])
	return id
}
