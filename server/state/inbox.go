package state

import (
	"context"
	"math"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// Inbox returns the envelopes behind cursor after, in order: as many as have maxBytes together, and at least one if
// there is any.
func (d *DB) Inbox(ctx context.Context, owner wire.PublicKey, id wire.MailboxID, after uint64, maxBytes int) (items []wire.Item, err error) {
	t := d.reading(ctx)
	if err := t.owned(owner, id); err != nil {
		return nil, err
	}
	size := 0
	err = t.each(func(scan func(...any) error) (bool, error) {
		var it wire.Item
		if err := scan(&it.Seq, &it.Received, &it.At, &it.Via, &it.Envelope); err != nil {
			return false, err
		}
		if size += len(it.Envelope); size > maxBytes && len(items) > 0 {
			return false, nil
		}
		items = append(items, it)
		return true, nil
	}, `SELECT n, received, at, via, body FROM envelope WHERE mailbox = $1 AND n > $2 AND at > {now} ORDER BY n LIMIT $3`,
		id[:], number(after), maxBytes/wire.EnvelopeSizes[0]+1)
	return items, err
}

// number returns n as the databases know numbers. What is beyond theirs is beyond every number that was given.
func number(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

// Ack removes the envelopes up to and including upto.
func (d *DB) Ack(ctx context.Context, owner wire.PublicKey, id wire.MailboxID, upto uint64) error {
	return d.write(ctx, func(t *tx) error {
		if err := t.owned(owner, id); err != nil {
			return err
		}
		t.d.shed.add("envelope")
		_, err := t.exec(`DELETE FROM envelope WHERE mailbox = $1 AND n <= $2`, id[:], number(upto))
		return err
	})
}
