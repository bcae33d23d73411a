package state

import (
	"context"
	"time"
)

// IntentLife is how long an object may take from intent to part.
const IntentLife = time.Hour

// Reaped counts what [DB.Reap] removed.
type Reaped struct {
	Blobs, Envelopes, Intents, Tickets, Invites, Nonces, Locators, Others int

	More bool // more is due: call Reap again
}

// Reap removes what is due, at most limit rows of each table, and has objects deleted: committed blobs from their At
// on, open ones [wire.OpenLife] after their last part, intents after [IntentLife], and whatever else has had its time.
func (d *DB) Reap(ctx context.Context, limit int) (Reaped, error) { return Reaped{}, errNotYet }

// NextAt returns when the next blob or envelope goes, in Unix seconds; zero if there is none.
func (d *DB) NextAt(ctx context.Context) (int64, error) { return 0, errNotYet }

// Checkpoint sees to it that removed rows leave the disk.
func (d *DB) Checkpoint(ctx context.Context) error { return errNotYet }
