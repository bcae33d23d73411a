package state_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// both runs a test with two handles of one database, as two processes have them.
func both(t *testing.T, test func(t *testing.T, dbs []*state.DB)) {
	each(t, func(t *testing.T, dsn string) { test(t, []*state.DB{open(t, dsn), open(t, dsn)}) })
}

// race runs fn n times at once, by turns with each of the handles, and returns the errors.
func race(dbs []*state.DB, n int, fn func(d *state.DB, i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = fn(dbs[i%len(dbs)], i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

// won counts who got no error, and fails the test on any other than want.
func won(t *testing.T, errs []error, want error) (n int) {
	t.Helper()
	for _, err := range errs {
		if err == nil {
			n++
		} else if err != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
	return n
}

func TestOpenAtOnce(t *testing.T) {
	each(t, func(t *testing.T, dsn string) {
		keys := make([]string, 6)
		errs := race([]*state.DB{nil}, len(keys), func(_ *state.DB, i int) error {
			d, err := state.Open(t.Context(), dsn)
			if err != nil {
				return err
			}
			key, err := d.ServerKey(t.Context())
			keys[i] = string(key)
			if closed := d.Close(); err == nil {
				err = closed
			}
			return err
		})
		won(t, errs, nil)
		if keys = slices.Compact(keys); len(keys) != 1 || len(keys[0]) != 64 {
			t.Errorf("%d identities, want one", len(keys))
		}
	})
}

func TestInviteIsUsedOnceByManyAtOnce(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		for range 5 {
			invite := wire.Hash(row())
			must(t, dbs[0].AddInvite(t.Context(), invite, time.Hour))
			errs := race(dbs, 8, func(d *state.DB, _ int) error { return d.Enrol(t.Context(), row(), &invite) })
			if n := won(t, errs, state.ErrInvite); n != 1 {
				t.Errorf("%d keys enrolled with one invite", n)
			}
		}
	})
}

func TestSameEnrolmentAtOnceIsOne(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		key, invite := wire.PublicKey(row()), wire.Hash(row())
		must(t, dbs[0].AddInvite(t.Context(), invite, time.Hour))
		won(t, race(dbs, 8, func(d *state.DB, _ int) error { return d.Enrol(t.Context(), key, &invite) }), nil)
	})
}

func TestNonceIsUsedOnceByManyAtOnce(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		key := wire.PublicKey(row())
		errs := race(dbs, 8, func(d *state.DB, _ int) error { return d.UseNonce(t.Context(), key, "n") })
		if n := won(t, errs, state.ErrReplay); n != 1 {
			t.Errorf("%d requests passed with one nonce", n)
		}
	})
}

func TestQuotaHoldsAtOnce(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		key := enrolled(t, dbs[0])
		limit := state.DayLimits{Mailboxes: 5}
		errs := race(dbs, 12, func(d *state.DB, _ int) error {
			return d.IssueTickets(t.Context(), key, wire.TicketLink, []wire.Hash{row()}, limit)
		})
		if n := won(t, errs, state.ErrQuota); n != 5 {
			t.Errorf("%d tickets, want 5", n)
		}
	})
}

func TestSameTicketsAtOnceAreCountedOnce(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		key := enrolled(t, dbs[0])
		hashes := []wire.Hash{row(), row(), row()}
		limit := state.DayLimits{Mailboxes: 3}
		errs := race(dbs, 8, func(d *state.DB, i int) error {
			mine := slices.Clone(hashes)
			if i%3 == 0 {
				slices.Reverse(mine)
			}
			return d.IssueTickets(t.Context(), key, wire.TicketLink, mine, limit)
		})
		won(t, errs, nil)
		if q := get[wire.Quota](t)(dbs[0].Quota(t.Context(), key, limit)); q.Mailboxes != 0 {
			t.Errorf("%d left, want none", q.Mailboxes)
		}
	})
}

func TestTicketIsSpentOnceByManyAtOnce(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		ticket := tickets(t, dbs[0], wire.TicketMailbox, 1)[0]
		errs := race(dbs, 8, func(d *state.DB, _ int) error {
			return d.CreateMailbox(t.Context(), row(), row(), row(), row(), ticket)
		})
		if n := won(t, errs, state.ErrTicket); n != 1 {
			t.Errorf("%d mailboxes for one ticket", n)
		}
	})
}

func TestSameCreationAtOnceIsOne(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		ctx := t.Context()
		for range 5 {
			b := newBlob(t, dbs[0], small)
			b.Tickets = append(b.Tickets, tickets(t, dbs[0], wire.TicketBlob16M, 3)...)
			made := make([]wire.Created, 8)
			won(t, race(dbs, len(made), func(d *state.DB, i int) (err error) {
				mine := b
				mine.ID, mine.Share = blobID(), wire.NewShare()
				made[i], err = d.CreateBlob(ctx, mine, 0)
				return err
			}), nil)
			if made = slices.Compact(made); len(made) != 1 {
				t.Errorf("%d blobs, want one", len(made))
			}
		}
		if s := get[state.Stats](t)(dbs[0].Stats(ctx)); s.OpenBlobs != 5 || s.BytesReserved != 5*small || s.Tickets != 0 {
			t.Errorf("%+v, want five blobs", s)
		}
		m := box{row(), row(), row(), row()}
		ticket := tickets(t, dbs[0], wire.TicketMailbox, 1)[0]
		won(t, race(dbs, 8, func(d *state.DB, _ int) error {
			return d.CreateMailbox(ctx, m.owner, m.id, m.delivery, m.intro, ticket)
		}), nil)
		owner, id := wire.PublicKey(row()), wire.LocatorID(row())
		ticket = tickets(t, dbs[0], wire.TicketLocator, 1)[0]
		won(t, race(dbs, 8, func(d *state.DB, _ int) error {
			return d.CreateLocator(ctx, owner, id, 1, ticket, []byte("body"))
		}), nil)
	})
}

func TestRoomHoldsAtOnce(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		blobs := make([]state.NewBlob, 10)
		for i := range blobs {
			blobs[i] = newBlob(t, dbs[0], small)
		}
		errs := race(dbs, len(blobs), func(d *state.DB, i int) error {
			_, err := d.CreateBlob(t.Context(), blobs[i], 4*small)
			return err
		})
		if n := won(t, errs, state.ErrFull); n != 4 {
			t.Errorf("%d blobs, want 4", n)
		}
	})
}

func TestPartIsAddedOnceByManyAtOnce(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		ctx := t.Context()
		b := created(t, dbs[0], large)
		digests := [2]wire.Hash{row(), row()}
		keys := map[string]bool{}
		var parts []state.Part
		for i := range 8 {
			p := part(t, dbs[0], b, 0)
			p.Digest = digests[i/4]
			parts, keys[p.Key] = append(parts, p), true
		}
		errs := race(dbs, len(parts), func(d *state.DB, i int) error { return d.AddPart(ctx, b.ID, b.Upload, parts[i]) })
		if n := won(t, errs, state.ErrConflict); n != 4 {
			t.Errorf("%d of 8 were taken, want those 4 with the digest of the first", n)
		}
		s := get[state.Stats](t)(dbs[0].Stats(ctx))
		left := outbox(t, dbs[0])
		if s.Parts != 1 || s.Intents != 0 || len(left) != 7 {
			t.Errorf("%d parts, %d intents, %d in the outbox; want 1, 0 and 7", s.Parts, s.Intents, len(left))
		}
		for key := range dbs[0].EachPart(ctx, "") {
			left[key] = true
		}
		if !maps.Equal(left, keys) {
			t.Error("an object was forgotten")
		}
	})
}

// Whatever a blob's uploader, its deleter and two reapers do at once, every object that was ever announced is a part of
// a blob that is there, an intent or in the outbox; and once the blob is gone, all are in the outbox.
func TestNoObjectIsForgottenInTheRush(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		ctx := t.Context()
		var all []string
		for round := range 6 {
			b := created(t, dbs[0], large)
			parts := make([]state.Part, 6)
			for i := range parts {
				parts[i] = part(t, dbs[0], b, i%3)
				all = append(all, parts[i].Key)
			}
			race(dbs, len(parts)+3, func(d *state.DB, i int) error {
				switch {
				case i < len(parts):
					if err := d.AddPart(ctx, b.ID, b.Upload, parts[i]); err != nil && err != state.ErrGone && err != state.ErrConflict && err != state.ErrLate {
						t.Error(err)
					}
				case i == len(parts) && round%2 == 0:
					must(t, d.DeleteBlob(ctx, b.ID, b.Delete))
				case i == len(parts):
					pass(t, d, wire.OpenLife)
				default:
					for range 3 {
						get[state.Reaped](t)(d.Reap(ctx, 10))
					}
				}
				return nil
			})
			if known := get[map[string]bool](t)(dbs[0].Known(ctx, all)); len(known) != len(all) {
				t.Fatalf("round %d: %d of %d objects are known", round, len(known), len(all))
			}
		}
		pass(t, dbs[0], 2*wire.OpenLife)
		get[state.Reaped](t)(dbs[0].Reap(ctx, 100))
		if s := get[state.Stats](t)(dbs[0].Stats(ctx)); s.Outbox != len(all) || s.BytesReserved != 0 {
			t.Errorf("%+v, want %d in the outbox", s, len(all))
		}
	})
}

func TestOutboxRowIsClaimedByOneAtATime(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		ctx := t.Context()
		const n = 300
		must(t, dbs[0].PlantParts(ctx, n))
		pass(t, dbs[0], time.Hour)
		get[state.Reaped](t)(dbs[0].Reap(ctx, 10))
		var mu sync.Mutex
		claimed := map[string]int{}
		won(t, race(dbs, 6, func(d *state.DB, _ int) error {
			for {
				rows, err := d.ClaimOutbox(ctx, 7, time.Hour)
				if err != nil || len(rows) == 0 {
					return err
				}
				keys := make([]string, len(rows))
				mu.Lock()
				for i, r := range rows {
					keys[i] = r.Key
					claimed[r.Key]++
				}
				mu.Unlock()
				if len(rows) > 7 {
					t.Errorf("%d rows at once, want 7", len(rows))
				}
				if err := d.ForgetOutbox(ctx, keys); err != nil {
					return err
				}
			}
		}), nil)
		for key, times := range claimed {
			if times != 1 {
				t.Errorf("%s was claimed %d times", key, times)
			}
		}
		if s := get[state.Stats](t)(dbs[0].Stats(ctx)); s.Outbox != 0 || len(claimed) != n {
			t.Errorf("%d were claimed, %d are left, want all of %d", len(claimed), s.Outbox, n)
		}
	})
}

func TestReapersShareTheWork(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		ctx := t.Context()
		const n = 40
		for i := range n {
			must(t, dbs[0].UseNonce(ctx, row(), "n"))
			must(t, dbs[0].AddIntent(ctx, fmt.Sprint(i)))
			created(t, dbs[0], small)
		}
		pass(t, dbs[0], wire.OpenLife)
		var nonces, intents, blobs atomic.Int64
		won(t, race(dbs, 4, func(d *state.DB, _ int) error {
			for range n {
				r, err := d.Reap(ctx, 5)
				if err != nil {
					return err
				}
				nonces.Add(int64(r.Nonces))
				intents.Add(int64(r.Intents))
				blobs.Add(int64(r.Blobs))
			}
			return nil
		}), nil)
		if nonces.Load() != n || intents.Load() != n || blobs.Load() != n {
			t.Errorf("%d nonces, %d intents and %d blobs were counted, want %d each", nonces.Load(), intents.Load(), blobs.Load(), n)
		}
		if s := get[state.Stats](t)(dbs[0].Stats(ctx)); s.BytesReserved != 0 || s.Outbox != n {
			t.Errorf("%+v", s)
		}
	})
}

func TestLeaseIsOnesAtATime(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		var held atomic.Int64
		won(t, race(dbs, 8, func(d *state.DB, i int) error {
			ok, err := d.Lease(t.Context(), "sweep", fmt.Sprint(i), time.Hour)
			if ok {
				held.Add(1)
			}
			return err
		}), nil)
		if held.Load() != 1 {
			t.Errorf("%d have the lease", held.Load())
		}
	})
}

// A reader who goes by the numbers misses no envelope: none appears behind one that it has seen.
func TestCursorMissesNothing(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		ctx := t.Context()
		m := mailbox(t, dbs[0])
		const writers, each = 6, 15
		at := in(t, dbs[0], time.Hour)
		var stop atomic.Bool
		var read []uint64
		var reader sync.WaitGroup
		reader.Go(func() {
			cursor := uint64(0)
			for last := false; !last; {
				last = stop.Load() // what is there now is the end
				items, err := dbs[1].Inbox(ctx, m.owner, m.id, cursor, 1<<20)
				if err != nil {
					t.Error(err)
					return
				}
				for _, it := range items {
					cursor = it.Seq
					read = append(read, cursor)
				}
			}
		})
		won(t, race(dbs, writers, func(d *state.DB, _ int) error {
			for range each {
				if err := d.Post(ctx, m.id, m.delivery, at, envelope(), roomy); err != nil {
					return err
				}
			}
			return nil
		}), nil)
		stop.Store(true)
		reader.Wait()
		if len(read) != writers*each {
			t.Errorf("the reader saw %d of %d envelopes", len(read), writers*each)
		}
		for i, n := range read {
			if n != uint64(i+1) {
				t.Fatalf("envelope %d has number %d", i+1, n)
			}
		}
	})
}

func TestMailboxLimitsHoldAtOnce(t *testing.T) {
	both(t, func(t *testing.T, dbs []*state.DB) {
		m := mailbox(t, dbs[0])
		at := in(t, dbs[0], time.Hour)
		same := envelope()
		limits := state.MailboxLimits{Envelopes: 10, Bytes: 4 * 4096, IntroPerDay: 3}
		errs := race(dbs, 12, func(d *state.DB, i int) error {
			switch i % 3 {
			case 0:
				return d.Post(t.Context(), m.id, m.delivery, at, same, limits)
			case 1:
				return d.Post(t.Context(), m.id, m.delivery, at, envelope(), limits)
			}
			return d.Post(t.Context(), m.id, m.intro, at, envelope(), limits)
		})
		won(t, errs, state.ErrMailboxFull)
		items := get[[]wire.Item](t)(dbs[0].Inbox(t.Context(), m.owner, m.id, 0, 1<<20))
		if len(items) != 4 || items[3].Seq != 4 {
			t.Errorf("%d envelopes, want 4, numbered without a gap", len(items))
		}
	})
}
