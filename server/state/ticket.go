package state

import (
	"context"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// DayLimits are what one quota key may have issued in a day, which is one of UTC.
type DayLimits struct {
	Bytes     int64 // of blobs
	Mailboxes int   // tickets for mailboxes, links and locators, together
}

// IssueTickets makes tickets of one kind spendable for [wire.TicketLife], or a little longer: all of the hashes, or with
// [ErrQuota] none. A ticket that is there already is free; with another kind it is [ErrConflict]. The tickets are
// counted to the key, and nothing says later which key they were issued to. The key must be enrolled, else [ErrGone].
func (d *DB) IssueTickets(ctx context.Context, key wire.PublicKey, kind wire.TicketKind, hashes []wire.Hash, day DayLimits) error {
	return errNotYet
}

// Quota returns what key may still have issued today.
func (d *DB) Quota(ctx context.Context, key wire.PublicKey, day DayLimits) (wire.Quota, error) {
	return wire.Quota{}, errNotYet
}
