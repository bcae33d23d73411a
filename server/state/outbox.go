package state

import (
	"context"
	"slices"
	"time"
)

// An OutboxRow is an object to delete.
type OutboxRow struct {
	Key   string
	Tries int // how often it was claimed, this time included
}

// ClaimOutbox returns at most n objects to delete, and gives them to nobody else for the length of the lease, rounded up
// to seconds. Who was too slow may still delete them and say so: that the next does so too is harmless.
func (d *DB) ClaimOutbox(ctx context.Context, n int, lease time.Duration) (rows []OutboxRow, err error) {
	err = d.write(ctx, func(t *tx) error {
		rows = nil
		return t.each(func(scan func(...any) error) (bool, error) {
			var r OutboxRow
			err := scan(&r.Key, &r.Tries)
			rows = append(rows, r)
			return true, err
		}, `WITH due AS MATERIALIZED (SELECT key FROM outbox WHERE at <= {now} ORDER BY at LIMIT $1 {skip})
			UPDATE outbox SET at = {now} + $2, tries = tries + 1 WHERE key IN (SELECT key FROM due)
			RETURNING key, tries`, n, seconds(lease))
	})
	return rows, err
}

// ForgetOutbox forgets objects that are deleted, or never were.
func (d *DB) ForgetOutbox(ctx context.Context, keys []string) error {
	return d.outbox(ctx, keys, `DELETE FROM outbox WHERE key IN `)
}

// RetryOutbox puts objects back that could not be deleted, to be claimed again after a while: a minute after the first
// try, twice as long after each further one, and at most a day.
func (d *DB) RetryOutbox(ctx context.Context, keys []string) error {
	return d.outbox(ctx, keys, `UPDATE outbox SET at = {now} +
		CASE WHEN tries > 11 THEN 86400 WHEN tries < 1 THEN 60 ELSE 60 * (1 << CAST(tries - 1 AS INTEGER)) END WHERE key IN `)
}

// outbox runs a statement on rows of the outbox. The rows are locked in one order: who has lost a lease may be at the
// same ones.
func (d *DB) outbox(ctx context.Context, keys []string, query string) error {
	for chunk := range slices.Chunk(keys, batch) {
		in := list(1, len(chunk))
		err := d.write(ctx, func(t *tx) error {
			_, err := column[string](t, `SELECT key FROM outbox WHERE key IN `+in+` ORDER BY key {lock}`, args(chunk)...)
			if err != nil {
				return err
			}
			_, err = t.exec(query+in, args(chunk)...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// OutboxStats returns how many objects are to be deleted, and how long the oldest of them has waited, in seconds.
func (d *DB) OutboxStats(ctx context.Context) (rows int, oldest int64, err error) {
	return rows, oldest, d.reading(ctx).get(nil, []any{&rows, &oldest},
		`SELECT count(*), coalesce({now} - min(since), 0) FROM outbox`)
}
