package client

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// A ticket is in the ring from before the server was asked to issue it. To ask again for the same one is free, so that
// a lost answer costs no quota.
type ticket struct {
	Server wire.PublicKey
	Kind   wire.TicketKind
	Token  hidden
	Issued bool

	name string // in the ring
}

// withTickets calls spend with n tickets of a kind, and once more with fresh ones if the server does not take those.
func (r *remote) withTickets(ctx context.Context, kind wire.TicketKind, n int, spend func([]wire.Token) error) error {
	for try := 0; ; try++ {
		held, err := r.takeTickets(ctx, kind, n)
		if err != nil {
			return err
		}
		err = spend(tokens(held))
		refused := code(err) == wire.CodeTicket
		r.returnTickets(held, err == nil || refused)
		if !refused || try > 0 {
			return err
		}
	}
}

func tokens(tickets []ticket) []wire.Token {
	list := make([]wire.Token, len(tickets))
	for i, t := range tickets {
		list[i] = t.Token.token()
	}
	return list
}

// takeTickets returns n tickets of a kind that the server has issued. Nobody else gets them before returnTickets.
func (r *remote) takeTickets(ctx context.Context, kind wire.TicketKind, n int) ([]ticket, error) {
	held, err := r.holdTickets(kind, n)
	if err == nil {
		err = r.issue(ctx, kind, held)
	}
	if err != nil {
		r.returnTickets(held, false)
		return nil, err
	}
	return held, nil
}

// returnTickets lets others have tickets again, or, if they were spent, drops them.
func (r *remote) returnTickets(held []ticket, spent bool) {
	for _, t := range held {
		if spent {
			if err := r.c.Ring.Delete(kindTicket, t.name); err != nil {
				r.c.notice("a spent ticket stays in the ring until it expires: %v", err)
			}
		}
		r.c.mu.Lock()
		delete(r.c.taken, t.name)
		r.c.mu.Unlock()
	}
}

// holdTickets takes tickets out of the ring, and makes those that it lacks.
func (r *remote) holdTickets(kind wire.TicketKind, n int) (held []ticket, err error) {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	for name, value := range r.c.Ring.All(kindTicket) {
		t := ticket{name: name}
		if len(held) == n || decodeRecord(kindTicket, value, &t) != nil {
			break
		}
		if t.Server == r.server.ID && t.Kind == kind && !r.c.taken[name] {
			held = append(held, t)
		}
	}
	for len(held) < n {
		t := ticket{Server: r.server.ID, Kind: kind, Token: hide(wire.NewToken().Reveal()), name: newName()}
		if err := r.keepTicket(t); err != nil {
			return nil, err
		}
		held = append(held, t)
	}
	if r.c.taken == nil {
		r.c.taken = make(map[string]bool)
	}
	for _, t := range held {
		r.c.taken[t.name] = true
	}
	return held, nil
}

func (r *remote) keepTicket(t ticket) error {
	// An hour before the server forgets it, and on the hour so that few buckets arise.
	at := r.c.Ring.Now() + int64((wire.TicketLife-time.Hour)/time.Second)
	bucket, err := r.c.Ring.Bucket(at / 3600 * 3600)
	if err != nil {
		return err
	}
	return r.c.put(bucket, kindTicket, t.name, t)
}

// issue has the server issue those of the tickets that it was not asked for yet, to our quota key.
func (r *remote) issue(ctx context.Context, kind wire.TicketKind, held []ticket) error {
	var hashes []wire.Row
	for _, t := range held {
		if !t.Issued {
			hashes = append(hashes, wire.Row(t.Token.token().Hash()))
		}
	}
	if len(hashes) == 0 {
		return nil
	}
	id, err := r.c.identity()
	if err != nil {
		return err
	}
	if id.Server != r.server {
		return fmt.Errorf("client: we have a quota at %s, not at %s", id.Server.URL, r.server.URL)
	}
	key := id.QuotaKey()
	_, err = r.do(ctx, &call{
		method: "POST", path: wire.TicketsPath(kind), body: wire.AppendRows(nil, hashes...), signer: &key,
	})
	if err != nil {
		return err
	}
	for i := range held {
		held[i].Issued = true
		if err := r.keepTicket(held[i]); err != nil {
			return err
		}
	}
	return nil
}
