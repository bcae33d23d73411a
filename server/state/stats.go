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
func (d *DB) Stats(ctx context.Context) (s Stats, err error) {
	t := d.reading(ctx)
	err = t.get(nil, []any{&s.Blobs, &s.OpenBlobs, &s.BytesUsed, &s.BytesReserved}, `SELECT
		coalesce(sum(1 - open), 0), coalesce(sum(open), 0), coalesce(sum(size * (1 - open)), 0), coalesce(sum(size * open), 0)
		FROM blob`)
	if err != nil {
		return s, err
	}
	err = t.get(nil, []any{&s.LostParts}, `SELECT count(*) FROM part WHERE lost = 1`)
	if err != nil {
		return s, err
	}
	for table, n := range map[string]*int{
		"part": &s.Parts, "mailbox": &s.Mailboxes, "envelope": &s.Envelopes, "locator": &s.Locators,
		"quota_key": &s.QuotaKeys, "ticket": &s.Tickets, "invite": &s.Invites, "intent": &s.Intents, "outbox": &s.Outbox,
	} {
		if err := t.get(nil, []any{n}, `SELECT count(*) FROM `+table); err != nil {
			return s, err
		}
	}
	return s, nil
}
