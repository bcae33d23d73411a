package state

import (
	"context"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// Inbox returns the envelopes behind cursor after, in order: as many as have maxBytes together, and at least one if
// there is any.
func (d *DB) Inbox(ctx context.Context, owner wire.PublicKey, id wire.MailboxID, after uint64, maxBytes int) ([]wire.Item, error) {
	return nil, errNotYet
}

// Ack removes the envelopes up to and including upto.
func (d *DB) Ack(ctx context.Context, owner wire.PublicKey, id wire.MailboxID, upto uint64) error {
	return errNotYet
}
