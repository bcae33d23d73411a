package state

import (
	"bytes"
	"context"
	"errors"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// CreateMailbox spends a ticket of kind [wire.TicketMailbox] on a mailbox, with the hashes of its delivery key and of
// its intro key. The same again spends and changes nothing; if something else has this address it is [ErrConflict].
func (d *DB) CreateMailbox(ctx context.Context, owner wire.PublicKey, id wire.MailboxID, delivery, intro, ticket wire.Hash) error {
	err := d.write(ctx, func(t *tx) error {
		if err := t.spendOn(wire.TicketMailbox, ticket); err != nil {
			return err
		}
		return t.must(ErrConflict, `INSERT INTO mailbox
			(id, owner, delivery_hash, intro_hash, last, intro_day, intro_count) VALUES ($1, $2, $3, $4, 0, 0, 0)
			ON CONFLICT (id) DO NOTHING`, id[:], owner[:], delivery[:], intro[:])
	})
	if !errors.Is(err, ErrTicket) && !errors.Is(err, ErrConflict) {
		return err
	}
	var n int
	return d.reading(ctx).get(err, []any{&n}, `SELECT 1 FROM mailbox
		WHERE id = $1 AND owner = $2 AND delivery_hash = $3 AND intro_hash = $4`, id[:], owner[:], delivery[:], intro[:])
}

// SetAccess replaces the hashes of the delivery key and the intro key.
func (d *DB) SetAccess(ctx context.Context, owner wire.PublicKey, id wire.MailboxID, delivery, intro wire.Hash) error {
	return d.write(ctx, func(t *tx) error {
		t.d.shed.add("mailbox")
		return t.must(ErrGone, `UPDATE mailbox SET delivery_hash = $3, intro_hash = $4 WHERE id = $1 AND owner = $2`,
			id[:], owner[:], delivery[:], intro[:])
	})
}

// DeleteMailbox removes a mailbox and all that waits in it.
func (d *DB) DeleteMailbox(ctx context.Context, owner wire.PublicKey, id wire.MailboxID) error {
	return d.write(ctx, func(t *tx) error {
		if err := t.lockMailbox(owner, id); err != nil {
			return err
		}
		for _, query := range []string{
			`DELETE FROM envelope WHERE mailbox = $1`,
			`DELETE FROM seen WHERE mailbox = $1`,
			`DELETE FROM mailbox_key WHERE mailbox = $1`,
			`DELETE FROM mailbox WHERE id = $1`,
		} {
			if _, err := t.exec(query, id[:]); err != nil {
				return err
			}
		}
		t.d.shed.add("envelope", "seen", "mailbox_key", "mailbox")
		return nil
	})
}

// owned returns ErrGone unless owner has this mailbox.
func (t *tx) owned(owner wire.PublicKey, id wire.MailboxID) error {
	return t.ownedBy(owner, id, "")
}

func (t *tx) lockMailbox(owner wire.PublicKey, id wire.MailboxID) error {
	return t.ownedBy(owner, id, "{lock}")
}

func (t *tx) ownedBy(owner wire.PublicKey, id wire.MailboxID, lock string) error {
	var n int
	return t.get(ErrGone, []any{&n}, `SELECT 1 FROM mailbox WHERE id = $1 AND owner = $2 `+lock, id[:], owner[:])
}

// PutMailboxKey replaces the signed mailbox key by that of a higher epoch. The same again changes nothing; anything
// else is [ErrConflict].
func (d *DB) PutMailboxKey(ctx context.Context, owner wire.PublicKey, id wire.MailboxID, epoch uint32, key []byte) error {
	return d.write(ctx, func(t *tx) error {
		if err := t.lockMailbox(owner, id); err != nil {
			return err
		}
		n, err := t.exec(`INSERT INTO mailbox_key (mailbox, epoch, key) VALUES ($1, $2, $3)
			ON CONFLICT (mailbox) DO UPDATE SET epoch = excluded.epoch, key = excluded.key
			WHERE mailbox_key.epoch < excluded.epoch`, id[:], int64(epoch), key)
		if err != nil || n == 1 {
			t.d.shed.add("mailbox_key")
			return err
		}
		return t.sameBytes(key, `SELECT key FROM mailbox_key WHERE mailbox = $1 AND epoch = $2`, id[:], int64(epoch))
	})
}

// sameBytes returns nil if the query finds these bytes, else ErrConflict.
func (t *tx) sameBytes(want []byte, query string, args ...any) error {
	var got []byte
	err := t.get(ErrConflict, []any{&got}, query, args...)
	if err == nil && !bytes.Equal(got, want) {
		err = ErrConflict
	}
	return err
}

// MailboxKey returns the signed mailbox key to who holds the delivery key or the intro key. It is [ErrGone] while there
// is none.
func (d *DB) MailboxKey(ctx context.Context, id wire.MailboxID, access wire.Hash) (key []byte, err error) {
	return key, d.reading(ctx).get(ErrGone, []any{&key}, `SELECT k.key FROM mailbox m JOIN mailbox_key k ON k.mailbox = m.id
		WHERE m.id = $1 AND (m.delivery_hash = $2 OR m.intro_hash = $2)`, id[:], access[:])
}
