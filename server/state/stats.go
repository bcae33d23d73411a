package state

import "context"

// Stats are counts of what there is, due things that are not reaped yet included.
type Stats struct {
	Blobs         int   // committed
	OpenBlobs     int   // not committed
	BytesUsed     int64 // of committed blobs
	BytesReserved int64 // of open blobs, whole
	Parts         int
	LostParts     int // whose objects were found missing
	Mailboxes     int
	Envelopes     int
	Locators      int
	QuotaKeys     int
	Tickets       int
	Invites       int
	Intents       int
	Outbox        int
}

// Stats counts what there is.
func (d *DB) Stats(ctx context.Context) (Stats, error) { return Stats{}, errNotYet }
