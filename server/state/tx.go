package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	txLife  = 30 * time.Second // the longest transaction on PostgreSQL
	txTries = 8                // with those that met another one
)

// A tx runs statements in one transaction, or one by one if it is that of [DB.reading].
type tx struct {
	ctx context.Context // a tx lives no longer than the call that made it
	q   querier
	d   *DB
}

type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// reading runs statements that change nothing. Each sees what is committed when it begins.
func (d *DB) reading(ctx context.Context) *tx { return &tx{ctx, d.r, d} }

// write runs fn in a transaction, which is committed if fn returns nil. It runs fn again if the transaction met another,
// so fn must not leave anything behind but what it assigns.
//
// On PostgreSQL the isolation is READ COMMITTED: every decision is taken by one statement with its condition in WHERE,
// or on a row that the transaction has locked, and what is read after a lock was waited for must be what the other one
// left. SERIALIZABLE would make every two posts to one mailbox fail each other.
func (d *DB) write(ctx context.Context, fn func(*tx) error) error {
	for try := 1; ; try++ {
		err := d.once(ctx, fn)
		if err == nil || !collided(err) || try == txTries {
			return err
		}
		if err := sleep(ctx, rand.N(time.Duration(try*try)*5*time.Millisecond)); err != nil {
			return err
		}
	}
}

func (d *DB) once(ctx context.Context, fn func(*tx) error) error {
	conn, err := d.w.Conn(ctx)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	defer conn.Close()
	// To interrupt a transaction saves nothing, and leaves open whether it was committed.
	ctx = context.WithoutCancel(ctx)
	if d.kind == Postgres { // the network may be gone
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, txLife)
		defer cancel()
	}
	t, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: d.isolation()})
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	defer t.Rollback() // does nothing after Commit
	if err := fn(&tx{ctx, t, d}); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

func (d *DB) isolation() sql.IsolationLevel {
	if d.kind == Postgres {
		return sql.LevelReadCommitted
	}
	return sql.LevelDefault // SQLite has one writer at a time
}

// collided reports whether err says that another transaction was in the way and this one left no trace.
func collided(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		code := lite.Code() & 0xff
		return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// exec returns how many rows the statement changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	res, err := t.q.ExecContext(t.ctx, t.d.dialect.Replace(query), args...)
	if err != nil {
		return 0, fmt.Errorf("state: %w", err)
	}
	return res.RowsAffected()
}

// must is exec with an error of ours in place of no row.
func (t *tx) must(none error, query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n == 0 {
		return none
	}
	return err
}

// get scans the first row of a query into dst; if there is none the error is none.
func (t *tx) get(none error, dst []any, query string, args ...any) error {
	err := t.q.QueryRowContext(t.ctx, t.d.dialect.Replace(query), args...).Scan(dst...)
	if errors.Is(err, sql.ErrNoRows) {
		return none
	}
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

// each calls fn with every row of a query, until it returns false or an error.
func (t *tx) each(fn func(scan func(dst ...any) error) (more bool, err error), query string, args ...any) error {
	rows, err := t.q.QueryContext(t.ctx, t.d.dialect.Replace(query), args...)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		more, err := fn(rows.Scan)
		if err != nil {
			return fmt.Errorf("state: %w", err)
		}
		if !more {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

// column returns the one column of every row of a query.
func column[T any](t *tx, query string, args ...any) (vs []T, err error) {
	err = t.each(func(scan func(...any) error) (bool, error) {
		var v T
		err := scan(&v)
		vs = append(vs, v)
		return true, err
	}, query, args...)
	return vs, err
}

// now returns the time by the clock of the database.
func (t *tx) now() (now int64, err error) {
	return now, t.get(nil, []any{&now}, `SELECT {now}`)
}

// into scans bytes of exactly this length.
type into []byte

// Scan implements [sql.Scanner].
func (dst into) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok || len(b) != len(dst) {
		return fmt.Errorf("%T is not %d bytes", src, len(dst))
	}
	copy(dst, b)
	return nil
}

// seconds returns d in seconds, rounded up.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
