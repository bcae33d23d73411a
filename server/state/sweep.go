package state

import (
	"context"
	"iter"
	"time"
)

// Known returns those of keys that are a part, an intent or in the outbox.
func (d *DB) Known(ctx context.Context, keys []string) (map[string]bool, error) { return nil, errNotYet }

// EachPart yields the keys of all parts that begin with prefix, in the order of their bytes. Parts that come or go
// meanwhile may be among them. It ends after the first error.
func (d *DB) EachPart(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield("", errNotYet) }
}

// MarkLost remembers that the objects of these parts are not there, so that nobody waits for them, and returns how many
// of the keys are parts that were not known to be lost.
func (d *DB) MarkLost(ctx context.Context, keys []string) (int, error) { return 0, errNotYet }

// Blobs returns how many blobs there are, open ones included.
func (d *DB) Blobs(ctx context.Context) (int, error) { return 0, errNotYet }

// Lease reports whether holder has name to itself for this length from now on: nobody else has it, or holder had it already.
// With a length of zero the holder gives it back.
func (d *DB) Lease(ctx context.Context, name, holder string, length time.Duration) (bool, error) {
	return false, errNotYet
}

// Beat counts the heartbeats of this database and returns the next one, for the marker in the bucket. A marker that
// has a higher number than [DB.Heartbeat] says that the database was restored from an old copy.
func (d *DB) Beat(ctx context.Context) (int64, error) { return 0, errNotYet }

// Heartbeat returns the last heartbeat.
func (d *DB) Heartbeat(ctx context.Context) (int64, error) { return 0, errNotYet }
