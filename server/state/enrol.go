package state

import (
	"context"
	"errors"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// AddInvite lets one key enrol within ttl with the code whose hash this is. An invite that is there already is
// [ErrConflict].
func (d *DB) AddInvite(ctx context.Context, hash wire.Hash, ttl time.Duration) error {
	return d.write(ctx, func(t *tx) error {
		return t.must(ErrConflict, `INSERT INTO invite (hash, at) VALUES ($1, {now} + $2) ON CONFLICT (hash) DO NOTHING`,
			hash[:], seconds(ttl))
	})
}

// Enrol enrols a quota key and spends its invite; nil is for a server where enrolment is open. A key that is enrolled
// already spends nothing. The error is [ErrInvite], for a suspended key too.
func (d *DB) Enrol(ctx context.Context, key wire.PublicKey, invite *wire.Hash) error {
	err := d.write(ctx, func(t *tx) error {
		if invite != nil {
			err := t.must(ErrInvite, `DELETE FROM invite WHERE hash = $1 AND at > {now}`, invite[:])
			if err != nil {
				return err
			}
		}
		return t.must(ErrInvite, `INSERT INTO quota_key (key, suspended) VALUES ($1, 0) ON CONFLICT (key) DO NOTHING`, key[:])
	})
	if errors.Is(err, ErrInvite) && d.Enrolled(ctx, key) == nil {
		return nil
	}
	return err
}

// Enrolled returns nil if key is enrolled, and [ErrGone] if it is not or is suspended.
func (d *DB) Enrolled(ctx context.Context, key wire.PublicKey) error {
	var n int
	return d.reading(ctx).get(ErrGone, []any{&n}, `SELECT 1 FROM quota_key WHERE key = $1 AND suspended = 0`, key[:])
}

// Suspend takes a quota key's rights, or gives them back. [ErrGone] means that there is no such key.
func (d *DB) Suspend(ctx context.Context, key wire.PublicKey, suspended bool) error {
	n := 0
	if suspended {
		n = 1
	}
	return d.write(ctx, func(t *tx) error {
		return t.must(ErrGone, `UPDATE quota_key SET suspended = $2 WHERE key = $1`, key[:], n)
	})
}

// Unclaimed reports whether nobody is enrolled and nobody could: then a server that wants invites needs a first one.
func (d *DB) Unclaimed(ctx context.Context) (unclaimed bool, err error) {
	return unclaimed, d.reading(ctx).get(nil, []any{&unclaimed}, `SELECT NOT EXISTS (SELECT 1 FROM quota_key)
		AND NOT EXISTS (SELECT 1 FROM invite WHERE at > {now})`)
}

// UseNonce remembers the nonce of a signed request for as long as the request would pass, twice
// [wire.SignatureWindow]. Any key will do: that of a mailbox or a locator too. The second time it is [ErrReplay].
func (d *DB) UseNonce(ctx context.Context, key wire.PublicKey, nonce string) error {
	hash := wire.Sum(append(key[:], nonce...))
	life := seconds(2*wire.SignatureWindow) + 1 // a request passes through the whole of its last second
	return d.write(ctx, func(t *tx) error {
		return t.must(ErrReplay, `INSERT INTO nonce (hash, at) VALUES ($1, {now} + $2)
			ON CONFLICT (hash) DO UPDATE SET at = excluded.at WHERE nonce.at <= {now}`, hash[:], life)
	})
}
