package state

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// LocatorLife is how long a locator stays that nobody replaces.
const LocatorLife = 365 * 24 * time.Hour

// CreateLocator spends a ticket of kind [wire.TicketLocator] on a locator that holds version seq of body. The same again
// spends and changes nothing; if something else is there it is [ErrConflict].
func (d *DB) CreateLocator(ctx context.Context, owner wire.PublicKey, id wire.LocatorID, seq uint64, ticket wire.Hash, body []byte) error {
	if seq > math.MaxInt64 {
		return ErrBadRequest
	}
	err := d.write(ctx, func(t *tx) error {
		if err := t.spendOn(wire.TicketLocator, ticket); err != nil {
			return err
		}
		at, err := t.locatorAt()
		if err != nil {
			return err
		}
		return t.must(ErrConflict, `INSERT INTO locator (id, owner, n, body, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, n = excluded.n, body = excluded.body, at = excluded.at
			WHERE locator.at <= {now}`, id[:], owner[:], number(seq), body, at)
	})
	if !errors.Is(err, ErrTicket) && !errors.Is(err, ErrConflict) {
		return err
	}
	if d.reading(ctx).sameLocator(owner, id, seq, body) == nil {
		return nil
	}
	return err
}

func (t *tx) locatorAt() (int64, error) {
	now, err := t.now()
	return wire.RoundAt(now, LocatorLife), err
}

func (t *tx) sameLocator(owner wire.PublicKey, id wire.LocatorID, seq uint64, body []byte) error {
	return t.sameBytes(body, `SELECT body FROM locator WHERE id = $1 AND owner = $2 AND n = $3 AND at > {now}`,
		id[:], owner[:], number(seq))
}

// PutLocator replaces the body by one of a higher seq. The same again changes nothing; anything else is [ErrConflict].
func (d *DB) PutLocator(ctx context.Context, owner wire.PublicKey, id wire.LocatorID, seq uint64, body []byte) error {
	if seq > math.MaxInt64 {
		return ErrBadRequest
	}
	return d.write(ctx, func(t *tx) error {
		var n int64
		err := t.get(ErrGone, []any{&n}, `SELECT n FROM locator WHERE id = $1 AND owner = $2 AND at > {now} {lock}`,
			id[:], owner[:])
		if err != nil {
			return err
		}
		if number(seq) <= n {
			return t.sameLocator(owner, id, seq, body)
		}
		at, err := t.locatorAt()
		if err != nil {
			return err
		}
		t.d.shed.add("locator")
		_, err = t.exec(`UPDATE locator SET n = $2, body = $3, at = $4 WHERE id = $1`, id[:], number(seq), body, at)
		return err
	})
}

// Locator returns the body of a locator to who knows its id.
func (d *DB) Locator(ctx context.Context, id wire.LocatorID) (body []byte, err error) {
	return body, d.reading(ctx).get(ErrGone, []any{&body}, `SELECT body FROM locator WHERE id = $1 AND at > {now}`, id[:])
}

// DeleteLocator removes a locator.
func (d *DB) DeleteLocator(ctx context.Context, owner wire.PublicKey, id wire.LocatorID) error {
	return d.write(ctx, func(t *tx) error {
		t.d.shed.add("locator")
		return t.must(ErrGone, `DELETE FROM locator WHERE id = $1 AND owner = $2 AND at > {now}`, id[:], owner[:])
	})
}
