package state_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestReapRemovesWhatIsDueAndNothingElse(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		committed(t, d, large)
		filled(t, d, small)
		b := mailbox(t, d)
		b.post(t, d, envelope())
		must(t, d.AddInvite(ctx, row(), time.Hour))
		must(t, d.UseNonce(ctx, row(), "n"))
		must(t, d.AddIntent(ctx, "intent"))
		tickets(t, d, wire.TicketLink, 2)
		get[bool](t)(d.Lease(ctx, "task", "me", time.Hour))
		before := get[state.Stats](t)(d.Stats(ctx))
		if r := get[state.Reaped](t)(d.Reap(ctx, 10)); r != (state.Reaped{}) {
			t.Errorf("%+v was removed before its time", r)
		}
		if after := get[state.Stats](t)(d.Stats(ctx)); after != before {
			t.Errorf("%+v, want %+v", after, before)
		}
		pass(t, d, wire.TicketLife+time.Hour)
		r := get[state.Reaped](t)(d.Reap(ctx, 10))
		// The others are the hash of the envelope, the lease, and what four keys had issued.
		want := state.Reaped{Blobs: 2, Envelopes: 1, Intents: 1, Tickets: 2, Invites: 1, Nonces: 1, Others: 6}
		if r != want {
			t.Errorf("%+v, want %+v", r, want)
		}
		after := get[state.Stats](t)(d.Stats(ctx))
		if left := (state.Stats{Mailboxes: 1, QuotaKeys: 4, Outbox: before.Parts + 1}); after != left {
			t.Errorf("%+v is left, want %+v", after, left)
		}
	})
}

func TestReapByTheLimit(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		for i := range 5 {
			must(t, d.AddIntent(ctx, fmt.Sprint(i)))
			created(t, d, small)
		}
		pass(t, d, wire.TicketLife+time.Hour)
		for i, want := range []int{2, 2, 1} {
			r := get[state.Reaped](t)(d.Reap(ctx, 2))
			if r.Intents != want || r.Blobs != want || r.More != (want == 2) {
				t.Errorf("call %d: %+v, want %d", i, r, want)
			}
		}
		_, err := d.Reap(ctx, 0)
		is(t, "a limit of zero", err, state.ErrBadRequest)
	})
}

func TestNextAt(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		check := func(what string, want int64) {
			t.Helper()
			if got := get[int64](t)(d.NextAt(ctx)); got < want || got > want+5 {
				t.Errorf("%s: %d, want %d", what, got, want)
			}
		}
		check("nothing", 0)
		created(t, d, small)
		check("an open blob", in(t, d, wire.OpenLife))
		committed(t, d, small)
		check("a blob", in(t, d, time.Hour)-5)
		b := mailbox(t, d)
		at := in(t, d, time.Minute)
		must(t, d.Post(ctx, b.id, b.delivery, at, envelope(), roomy))
		check("an envelope", at)
	})
}

func TestOutbox(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		claim := func() (keys []string, tries int) {
			t.Helper()
			for _, r := range get[[]state.OutboxRow](t)(d.ClaimOutbox(ctx, 10, time.Minute)) {
				keys, tries = append(keys, r.Key), r.Tries
			}
			slices.Sort(keys)
			return keys, tries
		}
		check := func(what string, wantTries int, want ...string) {
			t.Helper()
			if keys, tries := claim(); !slices.Equal(keys, want) || tries != wantTries {
				t.Errorf("%s: %v after %d tries, want %v after %d", what, keys, tries, want, wantTries)
			}
		}
		for _, key := range []string{"a", "b"} {
			must(t, d.AddIntent(ctx, key))
			must(t, d.DropIntent(ctx, key))
		}
		check("at first", 1, "a", "b")
		check("while they are claimed", 0)
		pass(t, d, time.Minute)
		check("after a lease was lost", 2, "a", "b")
		must(t, d.ForgetOutbox(ctx, []string{"a"}))
		must(t, d.ForgetOutbox(ctx, []string{"a", "never"}))
		must(t, d.ForgetOutbox(ctx, nil))
		must(t, d.RetryOutbox(ctx, []string{"a", "b"})) // by who lost the lease of a
		check("after a failure", 0)
		pass(t, d, 2*time.Minute)
		check("two minutes after the second failure", 3, "b")
		for tries := 4; tries < 15; tries++ {
			must(t, d.RetryOutbox(ctx, []string{"b"}))
			pass(t, d, min(time.Minute<<(tries-2), 24*time.Hour)-5*time.Second)
			check("too early", 0)
			pass(t, d, 5*time.Second)
			check("in time", tries, "b")
		}
		rows, oldest, err := d.OutboxStats(ctx)
		if err != nil || rows != 1 || oldest < 48*3600 {
			t.Errorf("%d rows, the oldest of %d s, %v", rows, oldest, err)
		}
		must(t, d.ForgetOutbox(ctx, []string{"b"}))
		rows, oldest, err = d.OutboxStats(ctx)
		if err != nil || rows != 0 || oldest != 0 {
			t.Errorf("%d rows, the oldest of %d s, %v", rows, oldest, err)
		}
	})
}

func TestKnownAndEachPart(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b := created(t, d, large)
		for i, key := range []string{"b/B", "b/a", "c/ä"} {
			p := part(t, d, b, i)
			p.Key = key
			must(t, d.AddIntent(ctx, p.Key))
			must(t, d.AddPart(ctx, b.ID, b.Upload, p))
		}
		must(t, d.AddIntent(ctx, "intent"))
		must(t, d.AddIntent(ctx, "outbox"))
		must(t, d.DropIntent(ctx, "outbox"))
		keys := make([]string, 3000)
		for i := range keys {
			keys[i] = fmt.Sprint(i)
		}
		keys = append(keys, "b/a", "intent", "outbox")
		if known := get[map[string]bool](t)(d.Known(ctx, keys)); len(known) != 3 || !known["b/a"] || !known["intent"] || !known["outbox"] {
			t.Errorf("known are %v", known)
		}
		for prefix, want := range map[string][]string{
			"": {"b/B", "b/a", "c/ä"}, "b/": {"b/B", "b/a"}, "c/ä": {"c/ä"}, "b/B%": nil, "d": nil,
		} {
			var got []string
			for key, err := range d.EachPart(ctx, prefix) {
				must(t, err)
				got = append(got, key)
			}
			if !slices.Equal(got, want) {
				t.Errorf("those that begin with %q are %v, want %v", prefix, got, want)
			}
		}
	})
}

func TestEachPartGoesThroughMany(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		const n = 2500
		must(t, d.PlantParts(t.Context(), n))
		last := ""
		got := 0
		for key, err := range d.EachPart(t.Context(), "p/") {
			must(t, err)
			if key <= last {
				t.Fatalf("%q comes after %q", key, last)
			}
			last = key
			got++
		}
		if got != n {
			t.Errorf("%d parts, want %d", got, n)
		}
		for range d.EachPart(t.Context(), "p/") {
			break
		}
	})
}

func TestLostPartIsGone(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b, parts := committed(t, d, large)
		for _, want := range []int{1, 0} {
			if got := get[int](t)(d.MarkLost(ctx, []string{parts[1].Key, "never"})); got != want {
				t.Errorf("%d were lost, want %d", got, want)
			}
		}
		_, err := d.ReadPart(ctx, b.ID, b.Read, 1)
		is(t, "the part that was lost", err, state.ErrGone)
		_, err = d.ReadPart(ctx, b.ID, b.Read, 0)
		is(t, "another part", err, nil)
		if s := get[state.Stats](t)(d.Stats(ctx)); s.LostParts != 1 {
			t.Errorf("%d parts are lost, want 1", s.LostParts)
		}
	})
}

func TestLease(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		lease := func(what, name, holder string, length time.Duration, want bool) {
			t.Helper()
			if got := get[bool](t)(d.Lease(t.Context(), name, holder, length)); got != want {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		lease("the first", "sweep", "a", time.Hour, true)
		lease("the same again", "sweep", "a", time.Hour, true)
		lease("another", "sweep", "b", time.Hour, false)
		lease("another who gives back what it has not", "sweep", "b", 0, false)
		lease("another task", "stats", "b", time.Hour, true)
		lease("to give it back", "sweep", "a", 0, true)
		lease("another after it was given back", "sweep", "b", time.Hour, true)
		pass(t, d, time.Hour)
		lease("the first after that ran out", "sweep", "a", time.Hour, true)
	})
}

func TestBeat(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		for want := range int64(3) {
			if got := get[int64](t)(d.Heartbeat(t.Context())); got != want {
				t.Errorf("heartbeat %d, want %d", got, want)
			}
			if got := get[int64](t)(d.Beat(t.Context())); got != want+1 {
				t.Errorf("beat %d, want %d", got, want+1)
			}
		}
	})
}
