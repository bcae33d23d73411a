package state_test

import (
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestEnrol(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		alice, bob := wire.PublicKey(row()), wire.PublicKey(row())
		invite, other := wire.Hash(row()), wire.Hash(row())
		must(t, d.AddInvite(ctx, invite, time.Hour))

		is(t, "an invite that never was", d.Enrol(ctx, alice, &other), state.ErrInvite)
		is(t, "a key that is not enrolled", d.Enrolled(ctx, alice), state.ErrGone)
		is(t, "an invite", d.Enrol(ctx, alice, &invite), nil)
		is(t, "the same invite with the same key", d.Enrol(ctx, alice, &invite), nil)
		is(t, "the same invite with another key", d.Enrol(ctx, bob, &invite), state.ErrInvite)
		is(t, "a key that is enrolled", d.Enrolled(ctx, alice), nil)

		must(t, d.AddInvite(ctx, other, time.Hour))
		is(t, "another invite with a key that is enrolled", d.Enrol(ctx, alice, &other), nil)
		is(t, "that invite, which was not spent", d.Enrol(ctx, bob, &other), nil)
	})
}

func TestInviteExpires(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		invite := wire.Hash(row())
		must(t, d.AddInvite(t.Context(), invite, time.Hour))
		pass(t, d, time.Hour)
		is(t, "an invite that is too old", d.Enrol(t.Context(), row(), &invite), state.ErrInvite)
		if r := get[state.Reaped](t)(d.Reap(t.Context(), 10)); r.Invites != 1 {
			t.Errorf("%+v, want one invite", r)
		}
	})
}

func TestSuspendedKeyCannotBuyItsWayBack(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		key, invite := enrolled(t, d), wire.Hash(row())
		must(t, d.AddInvite(ctx, invite, time.Hour))
		is(t, "suspending a key that is not there", d.Suspend(ctx, row(), true), state.ErrGone)
		must(t, d.Suspend(ctx, key, true))

		is(t, "a suspended key", d.Enrolled(ctx, key), state.ErrGone)
		is(t, "enrolling it again", d.Enrol(ctx, key, nil), state.ErrInvite)
		is(t, "enrolling it with another invite", d.Enrol(ctx, key, &invite), state.ErrInvite)
		is(t, "tickets for it", d.IssueTickets(ctx, key, wire.TicketLink, []wire.Hash{row()}, generous), state.ErrGone)
		if _, err := d.Quota(ctx, key, generous); err != state.ErrGone {
			t.Errorf("its quota: %v, want ErrGone", err)
		}
		is(t, "that invite, which was not spent", d.Enrol(ctx, row(), &invite), nil)
		must(t, d.Suspend(ctx, key, false))
		is(t, "a key that is suspended no more", d.Enrolled(ctx, key), nil)
	})
}

func TestUnclaimed(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		check := func(what string, want bool) {
			t.Helper()
			if got := get[bool](t)(d.Unclaimed(ctx)); got != want {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		check("an empty database", true)
		must(t, d.AddInvite(ctx, row(), time.Hour))
		check("one with an invite", false)
		pass(t, d, time.Hour)
		check("one with an invite that nobody used in time", true)
		enrolled(t, d)
		check("one with a key", false)
	})
}

func TestNonceIsUsedOnce(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		key := wire.PublicKey(row())
		is(t, "a nonce", d.UseNonce(ctx, key, "n"), nil)
		is(t, "the nonce again", d.UseNonce(ctx, key, "n"), state.ErrReplay)
		is(t, "the nonce with another key", d.UseNonce(ctx, row(), "n"), nil)
		pass(t, d, 2*wire.SignatureWindow)
		is(t, "the nonce in the last second in which a request could pass", d.UseNonce(ctx, key, "n"), state.ErrReplay)
		pass(t, d, 3*time.Second)
		is(t, "the nonce when no request could pass", d.UseNonce(ctx, key, "n"), nil)
	})
}
