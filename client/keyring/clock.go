package keyring

import "time"

const (
	day     = 24 * 60 * 60
	minute  = 60
	hour    = 60 * minute
	maxTime = 253402300799 // the end of the year 9999, so that no sum overflows
)

// A clock follows that of a server and never goes back, so that turning back the clock of the machine revives nothing.
// All times and offsets are in seconds.
//
// There are two exceptions, both on the word of the server. What the first contact says replaces what the machine
// believed before. And a server that is more than a day ahead of what the clock is sure of is believed at once where
// hiding is concerned, but only after another day where destroying is; if it takes its word back before then, what was
// hidden can be seen again.
type clock struct {
	met    bool  // whether there was a server
	offset int64 // the server's time less the machine's
	mark   int64 // the latest time that has surely come
	lead   lead
}

// A lead is the time of a server that is further ahead than it is believed.
type lead struct {
	offset int64 // the server's time less the machine's
	mark   int64 // the latest time that came by this clock
	since  int64 // when it was first said, by this clock; 0 if there is no lead
}

// machine returns the time of the machine.
func machine() int64 { return min(max(time.Now().Unix(), 0), maxTime) }

// now returns the time at which things can no longer be seen.
func (c *clock) now() int64 {
	if c.lead.since == 0 {
		return c.sure()
	}
	ahead := min(machine()+c.lead.offset, maxTime)
	c.lead.mark = max(c.lead.mark, ahead)
	if ahead-c.lead.since >= day {
		c.offset, c.mark = c.lead.offset, max(c.mark, c.lead.mark)
		c.lead = lead{}
	}
	return max(c.sure(), c.lead.mark)
}

// sure returns the time at which things may be destroyed. It follows a lead that has lasted a day only after a call of
// now.
func (c *clock) sure() int64 {
	c.mark = max(c.mark, min(machine()+c.offset, maxTime))
	return c.mark
}

// observe follows the server's time.
func (c *clock) observe(server int64) {
	if server <= 0 || server > maxTime {
		return
	}
	if !c.met {
		*c = clock{met: true, offset: server - machine(), mark: server}
		return
	}
	c.now()
	if server <= c.sure()+day {
		c.offset, c.mark, c.lead = server-machine(), max(c.mark, server), lead{}
		return
	}
	c.suspect(server)
}

// suspect follows a server that is far ahead. The day of doubt begins again if it says something else than before.
func (c *clock) suspect(server int64) {
	drift := server - machine() - c.lead.offset
	if c.lead.since == 0 || drift < -hour || drift > hour {
		c.lead = lead{offset: server - machine(), mark: server, since: server}
		return
	}
	c.lead.offset += drift
	c.lead.since += drift
	c.lead.mark = max(c.lead.mark, server)
}

// Now returns the time in Unix seconds: that of the server, as far as it is known. It never goes back, except where
// the first contact with a server, or the server's taking back of a time more than a day ahead, says so.
func (r *Ring) Now() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.now()
	moved := max(r.clock.mark-r.written.mark, r.clock.lead.mark-r.written.lead.mark)
	if moved >= minute {
		r.noteTime()
	}
	return now
}

// Observe tells the ring what time it is by the client's server, in Unix seconds. The first time sets the ring's
// clock, which then follows, but is not set back. A time more than 24 hours ahead of the clock hides at once what goes
// before it, but [Ring.Forget] destroys that only when it has stood for another 24 hours.
func (r *Ring) Observe(server int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock.observe(server)
	r.noteTime()
}

// noteTime writes down the time where nobody waits to hear of an error: whatever is written next says it again.
func (r *Ring) noteTime() { _ = r.keepTime() }

// keepTime writes down the time if it is not the one on disk.
func (r *Ring) keepTime() error {
	r.clock.now()
	if err := r.ready(); err != nil || r.clock == r.written {
		return err
	}
	return r.save(sameRoot)
}
