package server

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/storage"
)

// This file is the only place where things are deleted because of time. What is due is refused before anybody gets
// here: every question that the state answers asks for the time too.

const (
	reapEvery     = 15 * time.Second // the longest sleep
	reapRows      = 1000             // of each table in one transaction
	reapPause     = time.Second      // the shortest
	checkpointGap = 5 * time.Second  // between two checkpoints
	claimRows     = 200              // objects that one janitor takes at once
	claimLease    = 5 * time.Minute
	deleteTime    = time.Minute // for the objects taken at once; well below the lease
)

// An alarm wakes the reaper in time for what becomes due before it wakes by itself.
type alarm struct {
	bell bell

	mu    sync.Mutex
	at    int64 // when it wakes, in Unix seconds
	dirty bool  // rows were removed and may still be on the disk
}

func newAlarm() *alarm { return &alarm{bell: make(bell, 1), at: math.MaxInt64} }

// expect tells the reaper that something goes at a time.
func (a *alarm) expect(at int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at < a.at {
		a.bell.ring()
	}
}

// removed tells the reaper that rows were removed by somebody else.
func (a *alarm) removed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dirty = true
}

// set tells those who call expect when the reaper wakes.
func (a *alarm) set(at int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = at
}

// takeDirty reports whether rows were removed since it was last called.
func (a *alarm) takeDirty() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	dirty := a.dirty
	a.dirty = false
	return dirty
}

// isDirty reports whether rows were removed since takeDirty was last called.
func (a *alarm) isDirty() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dirty
}

// Reap removes what is due, once, and deletes the objects that are to be deleted. Run does so by itself.
func (s *Server) Reap(ctx context.Context) error {
	return errors.Join(s.reapRows(ctx), s.checkpoint(ctx), s.emptyOutbox(ctx))
}

// reap removes what is due until ctx ends. It sleeps until something is.
func (s *Server) reap(ctx context.Context) error {
	var last time.Time // of the last checkpoint
	for ctx.Err() == nil {
		s.report(ctx, "reap", s.reapRows(ctx))
		if time.Since(last) >= checkpointGap {
			last = time.Now()
			s.report(ctx, "checkpoint", s.checkpoint(ctx))
		}
		pause := s.untilDue(ctx)
		if s.reaper.isDirty() {
			pause = min(pause, checkpointGap)
		}
		wait(ctx, s.reaper.bell, pause)
	}
	return nil
}

// report logs a failure, except that of being told to end.
func (s *Server) report(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		s.log.trouble(what, err)
	}
}

// untilDue returns how long it is until the next thing is due, and has the alarm set for it. What is due already is too
// fresh, or in somebody else's hands.
func (s *Server) untilDue(ctx context.Context) time.Duration {
	s.reaper.set(math.MaxInt64) // whatever comes while the database is asked rings
	now, err := s.clock.ask(ctx)
	if err != nil {
		return reapEvery
	}
	due, err := s.db.NextAt(ctx)
	longest := now + seconds(reapEvery)
	if err != nil || due == 0 || due > longest {
		due = longest
	}
	s.reaper.set(due)
	return max(time.Duration(due-now)*time.Second, reapPause)
}

// reapRows removes the rows that are due. From its commit on there is nothing left to read, and the janitors have the
// keys of the objects.
func (s *Server) reapRows(ctx context.Context) error {
	for {
		r, err := s.db.Reap(ctx, reapRows)
		if err != nil {
			return err
		}
		s.metrics.reap(r)
		if r.Blobs+r.Envelopes+r.Intents+r.Tickets+r.Invites+r.Nonces+r.Locators+r.Others > 0 {
			s.reaper.removed()
		}
		if r.Blobs+r.Intents > 0 {
			s.janitor.ring()
		}
		if !r.More {
			return nil
		}
	}
}

// checkpoint sees to it that removed rows leave the disk, if there are any.
func (s *Server) checkpoint(ctx context.Context) error {
	if !s.reaper.takeDirty() {
		return nil
	}
	err := s.db.Checkpoint(ctx)
	if err != nil {
		s.reaper.removed()
	}
	return err
}

// clean is the janitor: it deletes the objects in the outbox until ctx ends.
func (s *Server) clean(ctx context.Context) error {
	for ctx.Err() == nil {
		s.report(ctx, "outbox", s.emptyOutbox(ctx))
		wait(ctx, s.janitor, reapEvery)
	}
	return nil
}

// emptyOutbox deletes objects until nothing in the outbox can be claimed.
func (s *Server) emptyOutbox(ctx context.Context) error {
	for ctx.Err() == nil {
		rows, err := s.db.ClaimOutbox(ctx, claimRows, claimLease)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := s.deleteObjects(ctx, rows); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// deleteObjects deletes objects, forgets those that are deleted and puts the others back. Nobody waits for the store in a
// transaction.
func (s *Server) deleteObjects(ctx context.Context, rows []state.OutboxRow) error {
	keys := make([]string, len(rows))
	for i, row := range rows {
		keys[i] = row.Key
	}
	deleting, cancel := context.WithTimeout(ctx, deleteTime)
	defer cancel()
	err := s.blobs.Delete(deleting, keys...)
	deleted, failed := split(keys, err)
	s.metrics.deleted.Add(float64(len(deleted)))
	if err != nil {
		s.metrics.storeErrors.Inc()
		s.report(ctx, "delete", err)
	}
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	return errors.Join(s.forget(ctx, deleted), s.retry(ctx, failed))
}

func (s *Server) forget(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	s.reaper.removed()
	return s.db.ForgetOutbox(ctx, keys)
}

func (s *Server) retry(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	return s.db.RetryOutbox(ctx, keys)
}

// split divides keys into those that a Delete with this error deleted and those that it did not.
func split(keys []string, err error) (deleted, failed []string) {
	if err == nil {
		return keys, nil
	}
	some, ok := errors.AsType[*storage.DeleteError](err)
	if !ok {
		return nil, keys
	}
	for _, key := range keys {
		if some.Failed[key] != nil {
			failed = append(failed, key)
		} else {
			deleted = append(deleted, key)
		}
	}
	return deleted, failed
}
