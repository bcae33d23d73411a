package state

import (
	"context"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// MailboxLimits bound what waits in one mailbox.
type MailboxLimits struct {
	Envelopes   int
	Bytes       int64 // of envelopes
	IntroPerDay int   // envelopes posted with the intro key in a day, which is one of UTC
}

// Post leaves an envelope in a mailbox until at, for who holds the delivery key or the intro key. The same envelope
// again, before its at, is taken and dropped, even if it was acknowledged since. The errors are [ErrGone],
// [ErrMailboxFull] and, if at is not in the future, [ErrBadRequest].
//
// Envelopes are numbered from 1, without gaps, in the order in which they become readable, so that a reader who goes
// by the numbers misses none.
func (d *DB) Post(ctx context.Context, id wire.MailboxID, access wire.Hash, at int64, envelope []byte, limits MailboxLimits) error {
	return errNotYet
}
