package state

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// migrations lead from an empty database to that of this version. Each is one text for both databases, and none is
// ever changed.
//
//go:embed migrations/*.sql
var migrations embed.FS

// steps are the files of migrations; the version of a database is how many of them it has seen.
var steps = []string{"migrations/00001_first.sql"}

// migrate brings the tables up to date.
func (d *DB) migrate(ctx context.Context) error {
	var err error
	for range 5 {
		if err = d.up(ctx); err == nil || errors.Is(err, ErrNewer) || d.kind == Postgres {
			return err
		}
		// Another process may have made the tables of this file in the meantime, and SQLite has no lock to wait for:
		// every step is a transaction, so the loser changed nothing and looks again.
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return err
}

func (d *DB) up(ctx context.Context) error {
	p, err := d.provider()
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	version, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if version > int64(len(steps)) {
		return ErrNewer
	}
	if version == int64(len(steps)) {
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

func (d *DB) provider() (*goose.Provider, error) {
	opts := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	for i, name := range steps {
		run := &goose.GoFunc{RunTx: func(ctx context.Context, t *sql.Tx) error { return d.step(ctx, t, name) }}
		opts = append(opts, goose.WithGoMigrations(goose.NewGoMigration(int64(i+1), run, nil)))
	}
	if d.kind == SQLite {
		return goose.NewProvider(goose.DialectSQLite3, d.w, nil, opts...)
	}
	return goose.NewProvider(goose.DialectPostgres, d.w, nil, append(opts, goose.WithSessionLocker(turn{}))...)
}

// turn makes the processes that open one PostgreSQL database migrate it one after the other. That of goose asks again
// every few seconds; this one waits.
type turn struct{}

var _ lock.SessionLocker = turn{}

// turnID is the number of our lock: "mayfly" in ASCII.
const turnID = 0x6d6179666c79

// SessionLock implements [lock.SessionLocker].
func (turn) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(turnID))
	return err
}

// SessionUnlock implements [lock.SessionLocker].
func (turn) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1)`, int64(turnID))
	return err
}

func (d *DB) step(ctx context.Context, t *sql.Tx, name string) error {
	text, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, d.dialect.Replace(string(text)))
	return err
}
