package state

import (
	"context"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// DeleteBlob removes a blob, committed or not, and has its objects deleted. Once it has returned nil nobody can read
// the blob, whatever happens next.
func (d *DB) DeleteBlob(ctx context.Context, id wire.BlobID, del wire.Hash) error {
	return d.write(ctx, func(t *tx) error {
		var size int64
		err := t.get(ErrGone, []any{&size}, `SELECT size FROM blob WHERE id = $1 AND delete_hash = $2 AND at > {now} {lock}`,
			id[:], del[:])
		if err != nil {
			return err
		}
		return t.remove([][]byte{id[:]}, size)
	})
}

// remove removes blobs, which the transaction has locked and which have size bytes together: their objects go to the
// outbox, their rows and the room they took go at once.
func (t *tx) remove(ids [][]byte, size int64) error {
	in := list(1, len(ids))
	for _, query := range []string{
		`INSERT INTO outbox (key, at, since, tries) SELECT key, {now}, {now}, 0 FROM part WHERE blob IN ` + in,
		`DELETE FROM part WHERE blob IN ` + in,
		`DELETE FROM blob WHERE id IN ` + in,
	} {
		if _, err := t.exec(query, args(ids)...); err != nil {
			return err
		}
	}
	t.d.shed.add("blob", "part")
	// Never below zero: should the sum ever be wrong, blobs must go all the same.
	_, err := t.exec(`UPDATE server SET bytes = CASE WHEN bytes > $1 THEN bytes - $1 ELSE 0 END`, size)
	return err
}
