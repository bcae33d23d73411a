package state

import (
	"bytes"
	"context"
	"slices"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// DayLimits are what one quota key may have issued in a day, which is one of UTC.
type DayLimits struct {
	Bytes     int64 // of blobs
	Mailboxes int   // tickets for mailboxes, links and locators, together
}

const day = 24 * 60 * 60

// dayEnd returns the end of the day of UTC in which now is.
func dayEnd(now int64) int64 { return now - now%day + day }

// IssueTickets makes tickets of one kind spendable for [wire.TicketLife], or a little longer: all of the hashes, or with
// [ErrQuota] none. A ticket that is there already is free; with another kind it is [ErrConflict]. The tickets are
// counted to the key, and nothing says later which key they were issued to. The key must be enrolled, else [ErrGone].
func (d *DB) IssueTickets(ctx context.Context, key wire.PublicKey, kind wire.TicketKind, hashes []wire.Hash, day DayLimits) error {
	if !kind.Valid() || len(hashes) == 0 || len(hashes) > wire.MaxTickets {
		return ErrBadRequest
	}
	// In one order, so that two requests for the same hashes wait for, and do not block, each other.
	hashes = slices.Clone(hashes)
	slices.SortFunc(hashes, func(a, b wire.Hash) int { return bytes.Compare(a[:], b[:]) })
	hashes = slices.Compact(hashes)
	return d.write(ctx, func(t *tx) error {
		// One request of a key at a time: what is counted must be what is issued.
		var n int
		err := t.get(ErrGone, []any{&n}, `SELECT 1 FROM quota_key WHERE key = $1 AND suspended = 0 {lock}`, key[:])
		if err != nil {
			return err
		}
		fresh, err := t.issue(kind, hashes)
		if err != nil {
			return err
		}
		return t.charge(key, kind, fresh, day)
	})
}

// issue returns how many of the tickets were not there.
func (t *tx) issue(kind wire.TicketKind, hashes []wire.Hash) (fresh int64, err error) {
	now, err := t.now()
	if err != nil {
		return 0, err
	}
	at := wire.RoundAt(now, wire.TicketLife) // says less of when, and so of for whom, it was issued
	for _, h := range hashes {
		n, err := t.exec(`INSERT INTO ticket (hash, kind, at) VALUES ($1, $2, $3)
			ON CONFLICT (hash) DO UPDATE SET kind = excluded.kind, at = excluded.at WHERE ticket.at <= {now}`,
			h[:], string(kind), at)
		if err != nil {
			return 0, err
		}
		fresh += n
	}
	return fresh, t.sameKind(kind, hashes)
}

func (t *tx) sameKind(kind wire.TicketKind, hashes []wire.Hash) error {
	var others int
	err := t.get(nil, []any{&others}, `SELECT count(*) FROM ticket WHERE kind <> $1 AND hash IN `+list(2, len(hashes)),
		args(refs(hashes), string(kind))...)
	if err == nil && others > 0 {
		err = ErrConflict
	}
	return err
}

// charge counts n tickets to a key.
func (t *tx) charge(key wire.PublicKey, kind wire.TicketKind, n int64, day DayLimits) error {
	if n == 0 {
		return nil
	}
	size, boxes := n*kind.Bytes(), int64(0)
	if kind.Bytes() == 0 {
		boxes = n
	}
	if size > day.Bytes || boxes > int64(day.Mailboxes) {
		return ErrQuota
	}
	now, err := t.now()
	if err != nil {
		return err
	}
	return t.must(ErrQuota, `INSERT INTO usage (key, at, bytes, mailboxes) VALUES ($1, $2, $3, $4)
		ON CONFLICT (key, at) DO UPDATE SET bytes = usage.bytes + excluded.bytes, mailboxes = usage.mailboxes + excluded.mailboxes
		WHERE usage.bytes + excluded.bytes <= $5 AND usage.mailboxes + excluded.mailboxes <= $6`,
		key[:], dayEnd(now), size, boxes, day.Bytes, day.Mailboxes)
}

// Quota returns what key may still have issued today.
func (d *DB) Quota(ctx context.Context, key wire.PublicKey, day DayLimits) (wire.Quota, error) {
	t := d.reading(ctx)
	now, err := t.now()
	if err != nil {
		return wire.Quota{}, err
	}
	q := wire.Quota{Reset: dayEnd(now)}
	err = t.get(ErrGone, []any{&q.Bytes, &q.Mailboxes}, `SELECT coalesce(u.bytes, 0), coalesce(u.mailboxes, 0)
		FROM quota_key k LEFT JOIN usage u ON u.key = k.key AND u.at = $2 WHERE k.key = $1 AND k.suspended = 0`, key[:], q.Reset)
	q.Bytes, q.Mailboxes = max(day.Bytes-q.Bytes, 0), max(day.Mailboxes-q.Mailboxes, 0)
	return q, err
}

// spend takes tickets away, all or none, and returns their kinds in no order.
func (t *tx) spend(hashes []wire.Hash) (kinds []wire.TicketKind, err error) {
	kinds, err = column[wire.TicketKind](t, `DELETE FROM ticket WHERE hash IN `+list(1, len(hashes))+` AND at > {now}
		RETURNING kind`, args(refs(hashes))...)
	if err == nil && len(kinds) != len(hashes) {
		err = ErrTicket
	}
	return kinds, err
}

// spendOn takes away one ticket of this kind.
func (t *tx) spendOn(kind wire.TicketKind, ticket wire.Hash) error {
	kinds, err := t.spend([]wire.Hash{ticket})
	if err == nil && kinds[0] != kind {
		err = ErrTicket
	}
	return err
}

// refs returns hashes as parameters of a statement.
func refs(hashes []wire.Hash) [][]byte {
	b := make([][]byte, len(hashes))
	for i := range hashes {
		b[i] = hashes[i][:]
	}
	return b
}
