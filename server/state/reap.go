package state

import (
	"context"
	"database/sql"
	"slices"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// Reaped counts what [DB.Reap] removed.
type Reaped struct {
	Blobs     int // committed or not
	Envelopes int
	Intents   int
	Tickets   int
	Invites   int
	Nonces    int
	Locators  int
	Others    int

	More bool // more is due: call Reap again
}

// reapParts is how many parts a transaction of Reap removes, unless one blob has more.
const reapParts = 4096

// Reap removes what is due, at most limit rows of each table and never more than 1000, and has objects deleted:
// committed blobs from their At on, open ones [wire.OpenLife] after their last part, intents after [IntentLife], and
// whatever else has had its time. Several processes may do so at once. What it counts was removed even if there is an
// error.
func (d *DB) Reap(ctx context.Context, limit int) (r Reaped, err error) {
	if limit < 1 {
		return r, ErrBadRequest
	}
	limit = min(limit, batch)
	if err := d.reapBlobs(ctx, limit, &r); err != nil {
		return r, err
	}
	for _, row := range []struct {
		table, key string
		count      *int
	}{
		{"envelope", "mailbox, n", &r.Envelopes},
		{"locator", "id", &r.Locators},
		{"ticket", "hash", &r.Tickets},
		{"invite", "hash", &r.Invites},
		{"nonce", "hash", &r.Nonces},
		{"seen", "mailbox, hash", &r.Others},
		{"usage", "key, at", &r.Others},
		{"lease", "name", &r.Others},
	} {
		n, err := d.reapTable(ctx, row.table, row.key, limit)
		if err != nil {
			return r, err
		}
		*row.count += n
		r.More = r.More || n == limit
	}
	return r, d.reapIntents(ctx, limit, &r)
}

// reapTable removes rows that nothing else depends on.
func (d *DB) reapTable(ctx context.Context, table, key string, limit int) (n int, err error) {
	err = d.write(ctx, func(t *tx) error {
		// MATERIALIZED: a planner must not run twice what locks other rows each time.
		rows, err := t.exec(`WITH due AS MATERIALIZED (
			SELECT `+key+` FROM `+table+` WHERE at <= {now} ORDER BY at LIMIT $1 {skip}
		) DELETE FROM `+table+` WHERE (`+key+`) IN (SELECT `+key+` FROM due)`, limit)
		n = int(rows)
		return err
	})
	if n > 0 {
		d.shed.add(table)
	}
	return n, err
}

func (d *DB) reapIntents(ctx context.Context, limit int, r *Reaped) error {
	return d.write(ctx, func(t *tx) error {
		keys, err := column[string](t, `SELECT key FROM intent WHERE at <= {now} ORDER BY at LIMIT $1 {skip}`, limit)
		if err != nil || len(keys) == 0 {
			return err
		}
		r.Intents, r.More = len(keys), r.More || len(keys) == limit
		return t.drop(keys)
	})
}

func (d *DB) reapBlobs(ctx context.Context, limit int, r *Reaped) error {
	return d.write(ctx, func(t *tx) error {
		var due dead
		err := t.each(due.add, `SELECT id, size, part_size FROM blob WHERE at <= {now} ORDER BY at LIMIT $1 {skip}`, limit)
		if err != nil || len(due.ids) == 0 {
			return err
		}
		r.Blobs, r.More = len(due.ids), due.full || len(due.ids) == limit
		return t.remove(due.ids, due.size)
	})
}

// dead are the blobs that one transaction removes.
type dead struct {
	ids   [][]byte
	size  int64 // together, in bytes
	parts int
	full  bool
}

// add adds a blob, unless that makes too many parts.
func (d *dead) add(scan func(...any) error) (more bool, err error) {
	var id []byte
	var size int64
	var partSize int
	if err := scan(&id, &size, &partSize); err != nil {
		return false, err
	}
	d.parts += wire.Parts(size, partSize)
	if d.full = d.parts > reapParts && len(d.ids) > 0; d.full {
		return false, nil
	}
	d.ids = append(d.ids, id)
	d.size += size
	return true, nil
}

// NextAt returns when the next blob or envelope goes, in Unix seconds; zero if there is none. It may have passed.
func (d *DB) NextAt(ctx context.Context) (int64, error) {
	var ats []int64
	for _, table := range []string{"blob", "envelope"} {
		var at sql.NullInt64
		if err := d.reading(ctx).get(nil, []any{&at}, `SELECT min(at) FROM `+table); err != nil {
			return 0, err
		}
		if at.Valid {
			ats = append(ats, at.Int64)
		}
	}
	if len(ats) == 0 {
		return 0, nil
	}
	return slices.Min(ats), nil
}
