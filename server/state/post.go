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
	hash := wire.Sum(envelope)
	return d.write(ctx, func(t *tx) error {
		b, err := t.lockFor(id, access)
		if err != nil {
			return err
		}
		if at <= b.now {
			return ErrBadRequest
		}
		fresh, err := t.exec(`INSERT INTO seen (mailbox, hash, at) VALUES ($1, $2, $3)
			ON CONFLICT (mailbox, hash) DO UPDATE SET at = excluded.at WHERE seen.at <= $4`, id[:], hash[:], at, b.now)
		if err != nil || fresh == 0 {
			return err
		}
		if err := t.room(id, len(envelope), b, limits); err != nil {
			return err
		}
		return t.post(id, b, at, envelope)
	})
}

// A box is a mailbox that a transaction has locked, so that numbers are given in the order of commits.
type box struct {
	now        int64 // once it was locked
	last       int64 // number
	introDay   int64 // the end of today
	introCount int   // today
	via        wire.Via
}

func (t *tx) lockFor(id wire.MailboxID, access wire.Hash) (b box, err error) {
	var delivery bool
	err = t.get(ErrGone, []any{&delivery, &b.last, &b.introDay, &b.introCount}, `SELECT delivery_hash = $2, last, intro_day,
		intro_count FROM mailbox WHERE id = $1 AND (delivery_hash = $2 OR intro_hash = $2) {lock}`, id[:], access[:])
	if err != nil {
		return b, err
	}
	b.via = wire.ViaIntro
	if delivery {
		b.via = wire.ViaDelivery
	}
	if b.now, err = t.now(); err != nil { // after the wait for the lock
		return b, err
	}
	if today := dayEnd(b.now); b.introDay != today {
		b.introDay, b.introCount = today, 0
	}
	return b, nil
}

// room returns ErrMailboxFull if another size bytes are too many.
func (t *tx) room(id wire.MailboxID, size int, b box, limits MailboxLimits) error {
	var n int
	var total int64
	err := t.get(nil, []any{&n, &total}, `SELECT count(*), CAST(coalesce(sum(size), 0) AS {int}) FROM envelope
		WHERE mailbox = $1 AND at > $2`, id[:], b.now)
	if err != nil {
		return err
	}
	intros := b.via == wire.ViaIntro && b.introCount >= limits.IntroPerDay
	if n >= limits.Envelopes || total+int64(size) > limits.Bytes || intros {
		return ErrMailboxFull
	}
	return nil
}

func (t *tx) post(id wire.MailboxID, b box, at int64, envelope []byte) error {
	b.last++
	if b.via == wire.ViaIntro {
		b.introCount++
	}
	_, err := t.exec(`UPDATE mailbox SET last = $2, intro_day = $3, intro_count = $4 WHERE id = $1`,
		id[:], b.last, b.introDay, b.introCount)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO envelope (mailbox, n, received, at, via, size, body) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id[:], b.last, b.now, at, int(b.via), len(envelope), envelope)
	return err
}
