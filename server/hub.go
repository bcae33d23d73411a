package server

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

const (
	gatherTime   = 10 * time.Millisecond // how long tags are gathered before other processes hear of them
	maxGathered  = 800                   // tags in one notification: PostgreSQL takes 8000 bytes
	perMailbox   = 16                    // readers that wait at one mailbox
	safetyPoll   = 15 * time.Second      // how often a reader looks without having been woken
	relistenTime = time.Second           // between two attempts to listen
)

// A hub wakes the readers of mailboxes, here and in other processes. It is only ever a hint to look: what there is to
// read is in the database, and a hint that got lost costs a reader at most [safetyPoll].
type hub struct {
	db    *state.DB
	log   logger
	limit int

	mu      sync.Mutex
	waiting map[uint64]map[bell]struct{} // by the tag of the mailbox
	count   int
	tags    map[uint64]struct{} // that other processes have not heard of yet
	some    bell                // rings when there are tags
}

// A bell holds at most one ring until somebody hears it.
type bell chan struct{}

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

func newHub(db *state.DB, log logger, limit int) *hub {
	return &hub{
		db: db, log: log, limit: limit,
		waiting: make(map[uint64]map[bell]struct{}), tags: make(map[uint64]struct{}), some: make(bell, 1),
	}
}

// tag returns what processes call a mailbox among themselves.
func tag(id wire.MailboxID) uint64 {
	h := sha256.Sum256(id[:])
	return binary.BigEndian.Uint64(h[:])
}

// join returns a bell that rings when something may have changed in a mailbox. It has rung once already, so that who
// looked before looks again before waiting, and nothing is missed. The caller calls leave.
func (h *hub) join(id wire.MailboxID) (b bell, leave func(), err error) {
	t := tag(id)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count >= h.limit || len(h.waiting[t]) >= perMailbox {
		return nil, nil, wire.NewProblem(wire.CodeRateLimit, "too many readers wait")
	}
	if h.waiting[t] == nil {
		h.waiting[t] = make(map[bell]struct{})
	}
	b = make(bell, 1)
	b.ring()
	h.waiting[t][b] = struct{}{}
	h.count++
	return b, func() { h.leave(t, b) }, nil
}

func (h *hub) leave(t uint64, b bell) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count--
	delete(h.waiting[t], b)
	if len(h.waiting[t]) == 0 {
		delete(h.waiting, t)
	}
}

// readers returns how many readers wait.
func (h *hub) readers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// publish wakes the readers of a mailbox everywhere. Call it when the change is committed.
func (h *hub) publish(id wire.MailboxID) {
	t := tag(id)
	h.wake(t)
	if h.db.Kind() == state.SQLite {
		return // there is no other process
	}
	h.mu.Lock()
	if len(h.tags) < maxGathered {
		h.tags[t] = struct{}{}
	} // else somebody looks a little later
	h.mu.Unlock()
	h.some.ring()
}

// wake wakes the readers of a mailbox in this process.
func (h *hub) wake(t uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for b := range h.waiting[t] {
		b.ring()
	}
}

// wakeAll wakes all readers in this process.
func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, bells := range h.waiting {
		for b := range bells {
			b.ring()
		}
	}
}

// listen wakes the readers in this process when another process says so, until ctx ends.
func (h *hub) listen(ctx context.Context) error {
	for {
		err := h.db.Listen(ctx, h.wake, h.wakeAll)
		if ctx.Err() != nil {
			return nil
		}
		h.log.trouble("listen", err)
		sleep(ctx, relistenTime)
	}
}

// tell tells other processes whom to wake, until ctx ends. It gathers first, because notifications stand in line in the
// whole database.
func (h *hub) tell(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.some:
		}
		sleep(ctx, gatherTime)
		if err := h.db.Notify(context.WithoutCancel(ctx), h.gathered()); err != nil {
			h.log.trouble("notify", err)
		}
	}
}

// gathered takes the tags that other processes have not heard of.
func (h *hub) gathered() []uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	tags := make([]uint64, 0, len(h.tags))
	for t := range h.tags {
		tags = append(tags, t)
	}
	clear(h.tags)
	return tags
}

// sleep returns after d, or when ctx ends.
func sleep(ctx context.Context, d time.Duration) { wait(ctx, nil, d) }

// wait returns when b rings, after d, or when ctx ends.
func wait(ctx context.Context, b bell, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-b:
	case <-t.C:
	}
}
