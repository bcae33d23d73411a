package state

import "context"

// Listen calls wake for every tag that a process gives to [DB.Notify], this one included, until ctx ends. It calls lost
// when it could not listen for a while, after which anything may have been missed. On SQLite, which has one server
// process, it calls nothing. It returns the error of ctx.
func (d *DB) Listen(ctx context.Context, wake func(tag uint64), lost func()) error { return errNotYet }

// Notify wakes who listens in other processes. Call it after the change is committed, with the tags of many changes at
// once: PostgreSQL takes one such call at a time.
func (d *DB) Notify(ctx context.Context, tags []uint64) error { return errNotYet }
