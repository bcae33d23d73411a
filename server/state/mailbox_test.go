package state_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestCreateMailbox(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b := mailbox(t, d)
		ts := tickets(t, d, wire.TicketMailbox, 2)
		is(t, "the same again", d.CreateMailbox(ctx, b.owner, b.id, b.delivery, b.intro, ts[0]), nil)
		is(t, "the same again with a ticket that was spent", d.CreateMailbox(ctx, b.owner, b.id, b.delivery, b.intro, row()), nil)
		is(t, "the address of another", d.CreateMailbox(ctx, row(), b.id, b.delivery, b.intro, ts[0]), state.ErrConflict)
		is(t, "another delivery key", d.CreateMailbox(ctx, b.owner, b.id, row(), b.intro, ts[0]), state.ErrConflict)
		is(t, "no ticket", d.CreateMailbox(ctx, row(), row(), row(), row(), row()), state.ErrTicket)
		is(t, "a ticket for something else",
			d.CreateMailbox(ctx, row(), row(), row(), row(), tickets(t, d, wire.TicketLocator, 1)[0]), state.ErrTicket)
		is(t, "that ticket, which was not spent", d.CreateMailbox(ctx, row(), row(), row(), row(), ts[0]), nil)
		is(t, "that ticket again", d.CreateMailbox(ctx, row(), row(), row(), row(), ts[0]), state.ErrTicket)
		pass(t, d, wire.TicketLife+time.Hour)
		is(t, "a ticket that is too old", d.CreateMailbox(ctx, row(), row(), row(), row(), ts[1]), state.ErrTicket)
	})
}

func TestMailboxIsItsOwners(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b, other := mailbox(t, d), mailbox(t, d)
		b.post(t, d, envelope())
		for name, use := range map[string]func(owner wire.PublicKey, id wire.MailboxID) error{
			"SetAccess":     func(o wire.PublicKey, id wire.MailboxID) error { return d.SetAccess(ctx, o, id, row(), row()) },
			"DeleteMailbox": func(o wire.PublicKey, id wire.MailboxID) error { return d.DeleteMailbox(ctx, o, id) },
			"PutMailboxKey": func(o wire.PublicKey, id wire.MailboxID) error { return d.PutMailboxKey(ctx, o, id, 1, []byte("k")) },
			"Inbox":         func(o wire.PublicKey, id wire.MailboxID) error { _, err := d.Inbox(ctx, o, id, 0, 1<<20); return err },
			"Ack":           func(o wire.PublicKey, id wire.MailboxID) error { return d.Ack(ctx, o, id, 1<<20) },
		} {
			is(t, name+" by the owner of another mailbox", use(other.owner, b.id), state.ErrGone)
			is(t, name+" of no mailbox", use(b.owner, row()), state.ErrGone)
		}
		for name, use := range map[string]func(id wire.MailboxID, access wire.Hash) error{
			"Post": func(id wire.MailboxID, h wire.Hash) error {
				return d.Post(ctx, id, h, in(t, d, time.Hour), envelope(), roomy)
			},
			"MailboxKey": func(id wire.MailboxID, h wire.Hash) error { _, err := d.MailboxKey(ctx, id, h); return err },
		} {
			is(t, name+" with the key of another mailbox", use(b.id, other.delivery), state.ErrGone)
			is(t, name+" to no mailbox", use(row(), b.delivery), state.ErrGone)
		}
		if got := get[[]wire.Item](t)(d.Inbox(ctx, b.owner, b.id, 0, 1<<20)); len(got) != 1 {
			t.Errorf("%d envelopes, want 1", len(got))
		}
	})
}

func TestSetAccessShutsTheOldKeysOut(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b, delivery, intro := mailbox(t, d), wire.Hash(row()), wire.Hash(row())
		must(t, d.SetAccess(ctx, b.owner, b.id, delivery, intro))
		for _, c := range []struct {
			name   string
			access wire.Hash
			want   error
		}{
			{"the old delivery key", b.delivery, state.ErrGone},
			{"the old intro key", b.intro, state.ErrGone},
			{"the new delivery key", delivery, nil},
			{"the new intro key", intro, nil},
		} {
			is(t, c.name, d.Post(ctx, b.id, c.access, in(t, d, time.Hour), envelope(), roomy), c.want)
		}
		is(t, "the request to create it again", d.CreateMailbox(ctx, b.owner, b.id, delivery, intro, row()), nil)
	})
}

func TestMailboxKey(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b := mailbox(t, d)
		_, err := d.MailboxKey(ctx, b.id, b.delivery)
		is(t, "no key yet", err, state.ErrGone)
		put := func(what string, epoch uint32, key string, want error) {
			t.Helper()
			is(t, what, d.PutMailboxKey(ctx, b.owner, b.id, epoch, []byte(key)), want)
		}
		put("a key", 1, "one", nil)
		put("the same again", 1, "one", nil)
		put("another of the same epoch", 1, "uno", state.ErrConflict)
		put("one of the highest epoch", 1<<32-1, "last", nil)
		put("one of a lower epoch", 1, "one", state.ErrConflict)
		for _, access := range []wire.Hash{b.delivery, b.intro} {
			if got := get[[]byte](t)(d.MailboxKey(ctx, b.id, access)); string(got) != "last" {
				t.Errorf("the key is %q", got)
			}
		}
	})
}

func TestDeleteMailbox(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b, other := mailbox(t, d), mailbox(t, d)
		b.post(t, d, envelope())
		other.post(t, d, envelope())
		must(t, d.PutMailboxKey(ctx, b.owner, b.id, 1, []byte("key")))
		must(t, d.DeleteMailbox(ctx, b.owner, b.id))
		is(t, "the same again", d.DeleteMailbox(ctx, b.owner, b.id), state.ErrGone)
		is(t, "an envelope for it", d.Post(ctx, b.id, b.delivery, in(t, d, time.Hour), envelope(), roomy), state.ErrGone)
		if s := get[state.Stats](t)(d.Stats(ctx)); s.Mailboxes != 1 || s.Envelopes != 1 {
			t.Errorf("%+v, want the other mailbox and its envelope", s)
		}
	})
}

func TestInbox(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b := mailbox(t, d)
		now := in(t, d, 0)
		var sent [][]byte
		for i := range 5 {
			sent = append(sent, envelope())
			access := b.delivery
			if i == 3 {
				access = b.intro
			}
			must(t, d.Post(ctx, b.id, access, now+3600, sent[i], roomy))
		}
		for _, c := range []struct {
			name  string
			after uint64
			bytes int
			want  []uint64
		}{
			{"all", 0, 1 << 20, []uint64{1, 2, 3, 4, 5}},
			{"those behind a cursor", 3, 1 << 20, []uint64{4, 5}},
			{"as many as have so many bytes", 0, 3*4096 + 1, []uint64{1, 2, 3}},
			{"as many as have exactly so many bytes", 0, 3 * 4096, []uint64{1, 2, 3}},
			{"one whole, whatever was asked for", 1, 1, []uint64{2}},
			{"none behind the last", 5, 1 << 20, nil},
			{"none behind a number that no database knows", 1<<64 - 1, 1 << 20, nil},
		} {
			var got []uint64
			for _, it := range get[[]wire.Item](t)(d.Inbox(ctx, b.owner, b.id, c.after, c.bytes)) {
				got = append(got, it.Seq)
				via := wire.ViaDelivery
				if it.Seq == 4 {
					via = wire.ViaIntro
				}
				if !bytes.Equal(it.Envelope, sent[it.Seq-1]) || it.At != now+3600 || it.Received < now || it.Received > now+60 || it.Via != via {
					t.Errorf("%s: envelope %d is another: at %d, received %d, via %d", c.name, it.Seq, it.At, it.Received, it.Via)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	})
}

func TestAck(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b, other := mailbox(t, d), mailbox(t, d)
		for range 3 {
			b.post(t, d, envelope())
			other.post(t, d, envelope())
		}
		left := func(b box) int { return len(get[[]wire.Item](t)(d.Inbox(ctx, b.owner, b.id, 0, 1<<20))) }
		for _, c := range []struct {
			upto uint64
			want int
		}{{0, 3}, {2, 1}, {2, 1}, {1 << 63, 0}} {
			must(t, d.Ack(ctx, b.owner, b.id, c.upto))
			if got := left(b); got != c.want {
				t.Errorf("after Ack(%d) %d are left, want %d", c.upto, got, c.want)
			}
		}
		if got := left(other); got != 3 {
			t.Errorf("%d are left in another mailbox, want 3", got)
		}
		b.post(t, d, envelope())
		if got := get[[]wire.Item](t)(d.Inbox(ctx, b.owner, b.id, 3, 1<<20)); len(got) != 1 || got[0].Seq != 4 {
			t.Errorf("%d envelopes, want number 4: no number is given twice", len(got))
		}
	})
}

func TestPostAgainIsDropped(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b, other, e := mailbox(t, d), mailbox(t, d), envelope()
		check := func(what string, want ...uint64) {
			t.Helper()
			var got []uint64
			for _, it := range get[[]wire.Item](t)(d.Inbox(ctx, b.owner, b.id, 0, 1<<20)) {
				got = append(got, it.Seq)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		b.post(t, d, e)
		b.post(t, d, e)
		must(t, d.Post(ctx, b.id, b.intro, in(t, d, 2*time.Hour), e, state.MailboxLimits{}))
		check("the same again, even in a full mailbox", 1)
		other.post(t, d, e)
		if got := get[[]wire.Item](t)(d.Inbox(ctx, other.owner, other.id, 0, 1<<20)); len(got) != 1 {
			t.Error("the same in another mailbox was dropped")
		}
		must(t, d.Ack(ctx, b.owner, b.id, 1))
		b.post(t, d, e)
		check("the same after it was acknowledged")
		pass(t, d, time.Hour)
		b.post(t, d, e)
		check("the same after its time", 2)
	})
}

func TestPostRefuses(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b := mailbox(t, d)
		limits := state.MailboxLimits{Envelopes: 4, Bytes: 5 * 4096, IntroPerDay: 1}
		post := func(access wire.Hash, size int) error {
			e := make([]byte, size)
			copy(e, envelope())
			return d.Post(ctx, b.id, access, in(t, d, time.Hour), e, limits)
		}
		is(t, "an envelope whose time has come", d.Post(ctx, b.id, b.delivery, in(t, d, 0), envelope(), limits), state.ErrBadRequest)
		is(t, "one with the intro key", post(b.intro, 4096), nil)
		is(t, "another with the intro key", post(b.intro, 4096), state.ErrMailboxFull)
		is(t, "one with the delivery key", post(b.delivery, 4096), nil)
		is(t, "more bytes than there is room for", post(b.delivery, 4*4096), state.ErrMailboxFull)
		is(t, "two more", post(b.delivery, 4096), nil)
		is(t, "two more", post(b.delivery, 4096), nil)
		is(t, "one more than there is room for", post(b.delivery, 4096), state.ErrMailboxFull)
		must(t, d.Ack(ctx, b.owner, b.id, 1))
		is(t, "one in place of one that was fetched", post(b.delivery, 4096), nil)
		pass(t, d, time.Hour)
		is(t, "one in place of those whose time has come", post(b.delivery, 4*4096), nil)
		pass(t, d, 24*time.Hour)
		is(t, "one with the intro key the day after", post(b.intro, 4096), nil)
	})
}

func TestEnvelopeGoesAtItsAt(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		b := mailbox(t, d)
		must(t, d.Post(ctx, b.id, b.delivery, in(t, d, time.Hour), envelope(), roomy))
		must(t, d.Post(ctx, b.id, b.delivery, in(t, d, 2*time.Hour), envelope(), roomy))
		pass(t, d, time.Hour)
		got := get[[]wire.Item](t)(d.Inbox(ctx, b.owner, b.id, 0, 1<<20))
		if len(got) != 1 || got[0].Seq != 2 {
			t.Errorf("%d envelopes, want number 2 alone", len(got))
		}
		if r := get[state.Reaped](t)(d.Reap(ctx, 10)); r.Envelopes != 1 || r.Others != 1 {
			t.Errorf("%+v, want one envelope and its hash", r)
		}
		if s := get[state.Stats](t)(d.Stats(ctx)); s.Envelopes != 1 {
			t.Errorf("%d envelopes are left, want 1", s.Envelopes)
		}
	})
}

func TestLocator(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		owner, id := wire.PublicKey(row()), wire.LocatorID(row())
		ts := tickets(t, d, wire.TicketLocator, 3)
		body := func(want string) {
			t.Helper()
			if got := get[[]byte](t)(d.Locator(ctx, id)); string(got) != want {
				t.Errorf("the body is %q, want %q", got, want)
			}
		}
		_, err := d.Locator(ctx, id)
		is(t, "none yet", err, state.ErrGone)
		is(t, "to replace none", d.PutLocator(ctx, owner, id, 2, []byte("two")), state.ErrGone)
		is(t, "to create it", d.CreateLocator(ctx, owner, id, 1, ts[0], []byte("one")), nil)
		is(t, "the same again", d.CreateLocator(ctx, owner, id, 1, ts[0], []byte("one")), nil)
		is(t, "the same again with another ticket", d.CreateLocator(ctx, owner, id, 1, ts[1], []byte("one")), nil)
		is(t, "another body", d.CreateLocator(ctx, owner, id, 1, ts[1], []byte("uno")), state.ErrConflict)
		is(t, "another owner", d.CreateLocator(ctx, row(), id, 1, ts[1], []byte("one")), state.ErrConflict)
		is(t, "no ticket", d.CreateLocator(ctx, row(), row(), 1, row(), nil), state.ErrTicket)
		is(t, "a number that no database knows", d.CreateLocator(ctx, row(), row(), 1<<63, ts[1], nil), state.ErrBadRequest)
		body("one")
		is(t, "to replace it", d.PutLocator(ctx, owner, id, 5, []byte("five")), nil)
		is(t, "the same again", d.PutLocator(ctx, owner, id, 5, []byte("five")), nil)
		is(t, "another body with the same number", d.PutLocator(ctx, owner, id, 5, []byte("cinq")), state.ErrConflict)
		is(t, "a lower number", d.PutLocator(ctx, owner, id, 4, []byte("four")), state.ErrConflict)
		is(t, "another owner", d.PutLocator(ctx, row(), id, 6, []byte("six")), state.ErrGone)
		is(t, "a number that no database knows", d.PutLocator(ctx, owner, id, 1<<63, nil), state.ErrBadRequest)
		body("five")
		is(t, "to remove that of another", d.DeleteLocator(ctx, row(), id), state.ErrGone)
		must(t, d.DeleteLocator(ctx, owner, id))
		_, err = d.Locator(ctx, id)
		is(t, "one that was removed", err, state.ErrGone)
		is(t, "that ticket, which was not spent", d.CreateLocator(ctx, owner, id, 1, ts[1], []byte("new")), nil)
	})
}

func TestLocatorLivesAYearAfterItWasReplaced(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		owner, id := wire.PublicKey(row()), wire.LocatorID(row())
		must(t, d.CreateLocator(ctx, owner, id, 1, tickets(t, d, wire.TicketLocator, 1)[0], []byte("one")))
		pass(t, d, state.LocatorLife-time.Minute)
		must(t, d.PutLocator(ctx, owner, id, 2, []byte("two")))
		pass(t, d, state.LocatorLife-time.Minute)
		get[[]byte](t)(d.Locator(ctx, id))
		pass(t, d, time.Hour+time.Minute)
		_, err := d.Locator(ctx, id)
		is(t, "after a year", err, state.ErrGone)
		is(t, "to create it anew", d.CreateLocator(ctx, row(), id, 1, tickets(t, d, wire.TicketLocator, 1)[0], []byte("new")), nil)
		pass(t, d, state.LocatorLife+time.Hour)
		if r := get[state.Reaped](t)(d.Reap(ctx, 10)); r.Locators != 1 {
			t.Errorf("%+v, want one locator", r)
		}
	})
}
