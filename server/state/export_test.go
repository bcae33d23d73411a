package state

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// times lists every column that holds a time.
var times = []string{
	"invite.at", "nonce.at", "ticket.at", "usage.at", "blob.at", "intent.at", "outbox.at", "outbox.since",
	"mailbox.intro_day", "envelope.received", "envelope.at", "seen.at", "locator.at", "lease.at",
}

// Pass makes it look as if this time had passed: everything is that much older.
func (d *DB) Pass(ctx context.Context, passed time.Duration) error {
	return d.write(ctx, func(t *tx) error {
		for _, column := range times {
			table, name, _ := strings.Cut(column, ".")
			if _, err := t.exec(`UPDATE `+table+` SET `+name+` = `+name+` - $1`, seconds(passed)); err != nil {
				return err
			}
		}
		return nil
	})
}

// PlantParts makes a blob that has n parts, whose keys begin with "p/".
func (d *DB) PlantParts(ctx context.Context, n int) error {
	return d.write(ctx, func(t *tx) error {
		id, h := make([]byte, 16), make([]byte, 32)
		_, err := t.exec(`INSERT INTO blob (id, share, read_hash, delete_hash, upload_hash, size, part_size, ttl, open, at)
			VALUES ($1, $2, $2, $2, $2, 1, 1, 1, 0, {now} + 3600)`, id, h)
		if err == nil {
			_, err = t.exec(`UPDATE server SET bytes = bytes + 1`)
		}
		for i := 0; i < n && err == nil; i++ {
			_, err = t.exec(`INSERT INTO part (blob, n, key, digest, size, lost) VALUES ($1, $2, $3, $4, 1, 0)`,
				id, i, fmt.Sprint("p/", i), h)
		}
		return err
	})
}

// Reserved returns how many bytes are reserved.
func (d *DB) Reserved(ctx context.Context) (n int64, err error) {
	return n, d.reading(ctx).get(ErrGone, []any{&n}, `SELECT bytes FROM server`)
}

// Wipe removes all that has to do with blobs.
func (d *DB) Wipe(ctx context.Context) error {
	return d.write(ctx, func(t *tx) error {
		for _, query := range []string{
			`DELETE FROM part`, `DELETE FROM blob`, `DELETE FROM intent`, `DELETE FROM outbox`, `UPDATE server SET bytes = 0`,
		} {
			if _, err := t.exec(query); err != nil {
				return err
			}
		}
		return nil
	})
}

// Impatient makes SQLite say at once that another process writes.
func (d *DB) Impatient(ctx context.Context) error {
	_, err := d.w.ExecContext(ctx, `PRAGMA busy_timeout(0)`)
	return err
}

// ParseTags parses a notification.
func ParseTags(s string) []uint64 { return parseTags(s) }

// FormatTags is the inverse of ParseTags.
func FormatTags(tags []uint64) string { return formatTags(tags) }

// Write runs fn in a transaction.
func (d *DB) Write(ctx context.Context, fn func() error) error {
	return d.write(ctx, func(*tx) error { return fn() })
}

// Touch changes intents one after the other, slowly.
func (d *DB) Touch(ctx context.Context, keys ...string) error {
	return d.write(ctx, func(t *tx) error {
		for _, key := range keys {
			if _, err := t.exec(`UPDATE intent SET at = at + 1 WHERE key = $1`, key); err != nil {
				return err
			}
			time.Sleep(50 * time.Millisecond)
		}
		return nil
	})
}
