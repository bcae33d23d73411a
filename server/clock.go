package server

import (
	"context"
	"sync"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
)

// A clock tells the database's time without asking the database on every request.
type clock struct {
	db *state.DB

	mu    sync.Mutex
	asked time.Time // when the database was last asked, by this process's monotonic clock
	unix  int64     // and what it said
}

// now returns the database's time in Unix seconds. What it returns may be up to a second old.
func (c *clock) now(ctx context.Context) (int64, error) {
	c.mu.Lock()
	unix, fresh := c.unix, !c.asked.IsZero() && time.Since(c.asked) < time.Second
	c.mu.Unlock()
	if fresh {
		return unix, nil
	}
	return c.ask(ctx)
}

// ask returns the database's time in Unix seconds as it is now.
func (c *clock) ask(ctx context.Context) (int64, error) {
	asked := time.Now() // before the question, so that the answer is never taken for newer than it is
	unix, err := c.db.Now(ctx)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.unix = asked, unix
	return unix, nil
}

// estimate returns the database's time in Unix seconds, as far as this process can tell without asking.
func (c *clock) estimate() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unix + int64(time.Since(c.asked)/time.Second)
}
