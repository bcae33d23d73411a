package state

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"
)

// batch is how many keys go into one statement.
const batch = 1000

// Known returns those of keys that are a part, an intent or in the outbox.
func (d *DB) Known(ctx context.Context, keys []string) (map[string]bool, error) {
	known := map[string]bool{}
	for chunk := range slices.Chunk(keys, batch) {
		in := list(1, len(chunk))
		// One statement, so that an object on its way from intent to part, or to the outbox, is seen at one of them.
		found, err := column[string](d.reading(ctx), `SELECT key FROM part WHERE key IN `+in+`
			UNION SELECT key FROM intent WHERE key IN `+in+` UNION SELECT key FROM outbox WHERE key IN `+in, args(chunk)...)
		if err != nil {
			return nil, err
		}
		for _, key := range found {
			known[key] = true
		}
	}
	return known, nil
}

// EachPart yields the keys of all parts that begin with prefix, in the order of their bytes. Parts that come or go
// meanwhile may be among them. It ends after the first error.
func (d *DB) EachPart(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		after := ""
		for {
			keys, err := column[string](d.reading(ctx), `SELECT key FROM part WHERE key > $1 AND key >= $2
				ORDER BY key LIMIT $3`, after, prefix, batch)
			if err != nil {
				yield("", err)
				return
			}
			for _, key := range keys {
				if !strings.HasPrefix(key, prefix) || !yield(key, nil) {
					return
				}
			}
			if len(keys) < batch {
				return
			}
			after = keys[len(keys)-1]
		}
	}
}

// MarkLost remembers that the objects of these parts are not there, so that nobody waits for them, and returns how many
// of the keys are parts that were not known to be lost.
func (d *DB) MarkLost(ctx context.Context, keys []string) (lost int, err error) {
	for chunk := range slices.Chunk(keys, batch) {
		err := d.write(ctx, func(t *tx) error {
			n, err := t.exec(`UPDATE part SET lost = 1 WHERE lost = 0 AND key IN `+list(1, len(chunk)), args(chunk)...)
			lost += int(n)
			return err
		})
		if err != nil {
			return lost, err
		}
	}
	return lost, nil
}

// Blobs returns how many blobs there are, open ones included.
func (d *DB) Blobs(ctx context.Context) (n int, err error) {
	return n, d.reading(ctx).get(nil, []any{&n}, `SELECT count(*) FROM blob`)
}

// Lease reports whether holder has name to itself for this length from now on, rounded up to seconds: nobody else has
// it, or holder had it already. With a length of zero the holder gives it back.
func (d *DB) Lease(ctx context.Context, name, holder string, length time.Duration) (held bool, err error) {
	err = d.write(ctx, func(t *tx) error {
		n, err := t.exec(`INSERT INTO lease (name, holder, at) VALUES ($1, $2, {now} + $3) ON CONFLICT (name)
			DO UPDATE SET holder = excluded.holder, at = excluded.at WHERE lease.holder = excluded.holder OR lease.at <= {now}`,
			name, holder, seconds(length))
		held = n == 1
		return err
	})
	return held, err
}

// Beat counts the heartbeats of this database and returns the next one, for the marker in the bucket. A marker that
// has a higher number than [DB.Heartbeat] says that the database was restored from an old copy.
func (d *DB) Beat(ctx context.Context) (n int64, err error) {
	err = d.write(ctx, func(t *tx) error {
		return t.get(ErrGone, []any{&n}, `UPDATE server SET beat = beat + 1 RETURNING beat`)
	})
	return n, err
}

// Heartbeat returns the last heartbeat.
func (d *DB) Heartbeat(ctx context.Context) (n int64, err error) {
	return n, d.reading(ctx).get(ErrGone, []any{&n}, `SELECT beat FROM server`)
}
