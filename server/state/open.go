package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
)

// Open opens the state at dsn, which is "sqlite:PATH" or an address "postgres://…", and brings its tables up to date.
// A file that is not there is made, with its folder, for nobody else to read. The caller must call [DB.Close].
func Open(ctx context.Context, dsn string) (*DB, error) {
	d, err := connect(dsn)
	if err != nil {
		return nil, err
	}
	if err = d.migrate(ctx); err == nil {
		err = d.begin(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func connect(dsn string) (*DB, error) {
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok && path != "" {
		return openSQLite(path)
	}
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return openPostgres(dsn)
	}
	// The address may hold a password: it is not shown.
	return nil, errors.New(`state: a database is "sqlite:PATH" or "postgres://…"`)
}

// pragmas hold for every connection to an SQLite file. A commit is on the disk before it returns; removed bytes are
// overwritten; nothing spills into files elsewhere.
var pragmas = []string{
	"busy_timeout(5000)", "synchronous(FULL)", "foreign_keys(1)", "secure_delete(ON)", "temp_store(MEMORY)",
	"trusted_schema(OFF)",
}

// openSQLite opens a file with one connection that writes, since SQLite lets one write at a time and makes the others
// wait with less patience than database/sql, and several that read.
func openSQLite(path string) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	if err := private(path); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	d := &DB{kind: SQLite, dialect: dialects[SQLite]}
	if d.w, err = openFile(path, "immediate", append(pragmas, "journal_mode(WAL)"), 1); err != nil {
		return nil, err
	}
	if d.r, err = openFile(path, "deferred", append(pragmas, "query_only(1)"), 8); err != nil {
		return nil, errors.Join(err, d.w.Close())
	}
	return d, nil
}

// private makes the file and its folder readable to this user alone. SQLite gives its other files the same mode.
func private(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

func openFile(path, lock string, pragmas []string, conns int) (*sql.DB, error) {
	query := url.Values{"_txlock": {lock}, "_pragma": pragmas}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query.Encode()}
	connector, err := sqlite.NewConnector(u.String())
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	db := sql.OpenDB(liteConnector{connector})
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

func openPostgres(dsn string) (*DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("state: the address of the database cannot be read") // pgx's error may quote it
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &DB{w: db, r: db, kind: Postgres, dialect: dialects[Postgres], pg: config}, nil
}

// Close empties the log of an SQLite file and closes the database.
func (d *DB) Close() error {
	if d.kind == Postgres {
		return d.w.Close()
	}
	err := d.r.Close() // a reader would keep the log from being emptied
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(err, d.truncate(ctx), d.w.Close())
}
