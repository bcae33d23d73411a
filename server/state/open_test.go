package state_test

import (
	"context"
	"database/sql"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, []byte("this is no database, and long enough to tell"+strings.Repeat(".", 5000)), 0o600))
	for name, dsn := range map[string]string{
		"nothing":                               "",
		"a path alone":                          filepath.Join(t.TempDir(), "db"),
		"another database":                      "mysql://localhost/x",
		"no path":                               "sqlite:",
		"a file that is no database":            "sqlite:" + file,
		"a folder":                              "sqlite:" + t.TempDir(),
		"an address that is none":               "postgres://secret-password@[",
		"a PostgreSQL server that is not there": "postgres://u:secret-password@127.0.0.1:1/x?connect_timeout=2",
	} {
		d, err := state.Open(t.Context(), dsn)
		if err == nil {
			t.Errorf("%s is opened", name)
			d.Close()
		} else if strings.Contains(err.Error(), "secret-password") {
			t.Errorf("%s: the error tells the password: %v", name, err)
		}
	}
}

func TestFilesAreForNobodyElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "new folder with 100% odd #name?")
	d := open(t, "sqlite:"+filepath.Join(dir, "mayfly.db"))
	enrolled(t, d)
	for path, want := range map[string]os.FileMode{
		dir: 0o700, filepath.Join(dir, "mayfly.db"): 0o600,
		filepath.Join(dir, "mayfly.db-wal"): 0o600, filepath.Join(dir, "mayfly.db-shm"): 0o600,
	} {
		info, err := os.Stat(path)
		must(t, err)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
}

func TestOpenShutsAFileThatOthersCouldRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mayfly.db")
	must(t, os.WriteFile(path, nil, 0o644))
	open(t, "sqlite:"+path)
	info, err := os.Stat(path)
	must(t, err)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode %o, want 600", got)
	}
}

func TestCloseEmptiesTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mayfly.db")
	d, err := state.Open(t.Context(), "sqlite:"+path)
	must(t, err)
	enrolled(t, d)
	must(t, d.Close())
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		t.Errorf("the log has %d bytes", info.Size())
	}
}

func TestEverythingIsThereAfterOpeningAgain(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		d, err := state.Open(ctx, dsn)
		must(t, err)
		key := get[[]byte](t)(serverKey(d))
		id := get[[16]byte](t)(d.Instance(ctx))
		b, parts := committed(t, d, small)
		must(t, d.Close())

		d = open(t, dsn)
		if string(get[[]byte](t)(serverKey(d))) != string(key) || get[[16]byte](t)(d.Instance(ctx)) != id {
			t.Error("it is another server now")
		}
		if got := get[state.Part](t)(d.ReadPart(ctx, b.ID, b.Read, 0)); got != parts[0] {
			t.Errorf("%+v, want %+v", got, parts[0])
		}
		must(t, d.Ping(ctx))
		if s := get[state.Stats](t)(d.Stats(ctx)); s.Blobs != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func serverKey(d *state.DB) ([]byte, error) { return d.ServerKey(context.Background()) }

func TestServersDiffer(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, "sqlite:"+filepath.Join(dir, "a")), open(t, "sqlite:"+filepath.Join(dir, "b"))
	if string(get[[]byte](t)(serverKey(a))) == string(get[[]byte](t)(serverKey(b))) ||
		get[[16]byte](t)(a.Instance(t.Context())) == get[[16]byte](t)(b.Instance(t.Context())) {
		t.Error("two servers are one")
	}
}

func TestNowIsNow(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		before := time.Now().Unix()
		now := get[int64](t)(d.Now(t.Context()))
		// The test's PostgreSQL runs on this machine.
		if after := time.Now().Unix(); now < before || now > after {
			t.Errorf("%d, want %d to %d", now, before, after)
		}
	})
}

// look opens a database without this package.
func look(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	driver, address := "pgx", dsn
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		driver, address = "sqlite", path
	}
	db, err := sql.Open(driver, address)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestOpenRefusesTheDatabaseOfANewerVersion(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		d, err := state.Open(t.Context(), dsn)
		must(t, err)
		must(t, d.Close())
		db := look(t, dsn)
		_, err = db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (1000, true)`)
		must(t, err)
		must(t, db.Close())
		if _, err := state.Open(t.Context(), dsn); !strings.Contains(err.Error(), state.ErrNewer.Error()) {
			t.Errorf("%v, want %v", err, state.ErrNewer)
		}
	})
}

func TestEndedContext(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.Enrol(ctx, row(), nil); err == nil {
			t.Error("a transaction began after its context had ended")
		}
		is(t, "the next one", d.Enrol(t.Context(), row(), nil), nil)
	})
}

// Contexts that end at any moment leave the connections usable, and nothing half done.
func TestContextsThatEndInTheMiddle(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		m := mailbox(t, d)
		at := in(t, d, time.Hour)
		posted := 0
		for i := range 60 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*50*time.Microsecond)
			if d.Post(ctx, m.id, m.delivery, at, envelope(), roomy) == nil {
				posted++
			}
			d.Inbox(ctx, m.owner, m.id, 0, 1<<20)
			cancel()
		}
		if s := get[state.Stats](t)(d.Stats(t.Context())); s.Envelopes < posted {
			t.Errorf("%d envelopes, want at least %d", s.Envelopes, posted)
		}
		items := get[[]wire.Item](t)(d.Inbox(t.Context(), m.owner, m.id, 0, 1<<20))
		for i, it := range items {
			if it.Seq != uint64(i+1) {
				t.Errorf("envelope %d has number %d", i+1, it.Seq)
			}
		}
	})
}

var update = flag.Bool("update", false, "write testdata/schema.golden anew")

// The golden dump changes only together with a migration. Both databases must give the same.
func TestSchema(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		got := dump(t, dsn)
		const golden = "testdata/schema.golden"
		if *update {
			must(t, os.WriteFile(golden, []byte(got), 0o644))
		}
		if want := string(get[[]byte](t)(os.ReadFile(golden))); got != want {
			t.Errorf("the tables are\n%s\nwant\n%s", got, want)
		}
	})
}

const (
	sqliteColumns = `SELECT m.name, c.name, c.type, c."notnull" FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%' ORDER BY m.name, c.cid`
	postgresColumns = `SELECT table_name, column_name, CASE data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'bytea' THEN 'BLOB'
		ELSE upper(data_type) END, CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%' ORDER BY table_name COLLATE "C", ordinal_position`
	sqliteIndexes   = `SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%' ORDER BY name`
	postgresIndexes = `SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey'
		AND indexname NOT LIKE '%_key' ORDER BY indexname COLLATE "C"`
)

// dump returns the tables, columns and indexes in a form that is the same for both databases.
func dump(t *testing.T, dsn string) string {
	t.Helper()
	d, err := state.Open(t.Context(), dsn)
	must(t, err)
	must(t, d.Close())
	columns, indexes := sqliteColumns, sqliteIndexes
	if d.Kind() == state.Postgres {
		columns, indexes = postgresColumns, postgresIndexes
	}
	db := look(t, dsn)
	var b strings.Builder
	rows, err := db.Query(columns)
	must(t, err)
	for rows.Next() {
		var table, column, kind string
		var required bool
		must(t, rows.Scan(&table, &column, &kind, &required))
		b.WriteString(table + "." + column + " " + kind)
		if required {
			b.WriteString(" NOT NULL")
		}
		b.WriteString("\n")
	}
	must(t, rows.Err())
	rows, err = db.Query(indexes)
	must(t, err)
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		b.WriteString("index " + name + "\n")
	}
	must(t, rows.Err())
	return b.String()
}
