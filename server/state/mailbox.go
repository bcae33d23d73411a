package state

import (
	"context"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// CreateMailbox spends a ticket of kind [wire.TicketMailbox] on a mailbox, with the hashes of its delivery key and of
// its intro key. The same again spends and changes nothing; if something else has this address it is [ErrConflict].
func (d *DB) CreateMailbox(ctx context.Context, owner wire.PublicKey, id wire.MailboxID, delivery, intro, ticket wire.Hash) error {
	return errNotYet
}

// SetAccess replaces the hashes of the delivery key and the intro key.
func (d *DB) SetAccess(ctx context.Context, owner wire.PublicKey, id wire.MailboxID, delivery, intro wire.Hash) error {
	return errNotYet
}

// DeleteMailbox removes a mailbox and all that waits in it.
func (d *DB) DeleteMailbox(ctx context.Context, owner wire.PublicKey, id wire.MailboxID) error {
	return errNotYet
}

// PutMailboxKey replaces the signed mailbox key by that of a higher epoch. The same again changes nothing; anything
// else is [ErrConflict].
func (d *DB) PutMailboxKey(ctx context.Context, owner wire.PublicKey, id wire.MailboxID, epoch uint32, key []byte) error {
	return errNotYet
}

// MailboxKey returns the signed mailbox key to who holds the delivery key or the intro key. It is [ErrGone] while there
// is none.
func (d *DB) MailboxKey(ctx context.Context, id wire.MailboxID, access wire.Hash) ([]byte, error) {
	return nil, errNotYet
}
