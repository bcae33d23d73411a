package state

import (
	"context"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// CreateLocator spends a ticket of kind [wire.TicketLocator] on a locator that holds version seq of body. The same again
// spends and changes nothing; if something else is there it is [ErrConflict].
func (d *DB) CreateLocator(ctx context.Context, owner wire.PublicKey, id wire.LocatorID, seq uint64, ticket wire.Hash, body []byte) error {
	return errNotYet
}

// PutLocator replaces the body by one of a higher seq. The same again changes nothing; anything else is [ErrConflict].
func (d *DB) PutLocator(ctx context.Context, owner wire.PublicKey, id wire.LocatorID, seq uint64, body []byte) error {
	return errNotYet
}

// Locator returns the body of a locator to who knows its id.
func (d *DB) Locator(ctx context.Context, id wire.LocatorID) ([]byte, error) { return nil, errNotYet }

// DeleteLocator removes a locator.
func (d *DB) DeleteLocator(ctx context.Context, owner wire.PublicKey, id wire.LocatorID) error {
	return errNotYet
}
