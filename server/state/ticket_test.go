package state_test

import (
	"errors"
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestTickets(t *testing.T) {
	one(t, func(t *testing.T, d *state.DB) {
		ctx := t.Context()
		key := enrolled(t, d)
		limit := state.DayLimits{Bytes: 64 << 20, Mailboxes: 2}
		a := []wire.Hash{row(), row(), row()}
		left := func(what string, bytes int64, mailboxes int) {
			t.Helper()
			q := get[wire.Quota](t)(d.Quota(ctx, key, limit))
			if q.Bytes != bytes || q.Mailboxes != mailboxes {
				t.Errorf("%s: %+v, want %d and %d", what, q, bytes, mailboxes)
			}
		}
		issue := func(kind wire.TicketKind, hashes ...wire.Hash) error {
			return d.IssueTickets(ctx, key, kind, hashes, limit)
		}
		left("at first", 64<<20, 2)
		is(t, "three tickets", issue(wire.TicketBlob16M, a...), nil)
		left("after three", 16<<20, 2)
		is(t, "the same again", issue(wire.TicketBlob16M, a...), nil)
		left("after the same again, which is free", 16<<20, 2)
		is(t, "one twice in a request", issue(wire.TicketBlob16M, a[0], a[0]), nil)
		is(t, "the same as another kind", issue(wire.TicketLink, a[0]), state.ErrConflict)
		is(t, "two more, of which one is too many", issue(wire.TicketBlob16M, row(), row()), state.ErrQuota)
		left("after a refusal, which cost nothing", 16<<20, 2)
		is(t, "one more", issue(wire.TicketBlob16M, row()), nil)
		is(t, "a mailbox and a locator", errors.Join(issue(wire.TicketMailbox, row()), issue(wire.TicketLocator, row())), nil)
		left("after all", 0, 0)
		is(t, "a link too many", issue(wire.TicketLink, row()), state.ErrQuota)
		is(t, "none", issue(wire.TicketLink), state.ErrBadRequest)
		is(t, "too many", issue(wire.TicketLink, make([]wire.Hash, wire.MaxTickets+1)...), state.ErrBadRequest)
		is(t, "an unknown kind", issue("gold", row()), state.ErrBadRequest)
		is(t, "a key that is not enrolled",
			d.IssueTickets(ctx, row(), wire.TicketLink, []wire.Hash{row()}, limit), state.ErrGone)
		if s := get[state.Stats](t)(d.Stats(ctx)); s.Tickets != 6 {
			t.Errorf("%d tickets, want 6", s.Tickets)
		}
		pass(t, d, 24*time.Hour)
		left("the day after", 64<<20, 2)
	})
}
