package state

import (
	"context"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// AddInvite lets one key enrol within ttl with the code whose hash this is.
func (d *DB) AddInvite(ctx context.Context, hash wire.Hash, ttl time.Duration) error { return errNotYet }

// Enrol enrols a quota key and spends its invite; nil is for a server where enrolment is open. A key that is enrolled
// already spends nothing. The error is [ErrInvite], for a suspended key too.
func (d *DB) Enrol(ctx context.Context, key wire.PublicKey, invite *wire.Hash) error { return errNotYet }

// Enrolled returns nil if key is enrolled, and [ErrGone] if it is not or is suspended.
func (d *DB) Enrolled(ctx context.Context, key wire.PublicKey) error { return errNotYet }

// Suspend takes a quota key's rights, or gives them back. [ErrGone] means that there is no such key.
func (d *DB) Suspend(ctx context.Context, key wire.PublicKey, suspended bool) error { return errNotYet }

// Unclaimed reports whether nobody is enrolled and nobody could: then a server that wants invites needs a first one.
func (d *DB) Unclaimed(ctx context.Context) (bool, error) { return false, errNotYet }

// UseNonce remembers the nonce of a signed request for as long as the request would pass, twice
// [wire.SignatureWindow]. Any key will do: that of a mailbox or a locator too. The second time it is [ErrReplay].
func (d *DB) UseNonce(ctx context.Context, key wire.PublicKey, nonce string) error { return errNotYet }
