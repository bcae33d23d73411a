package state

import (
	"context"
	"time"
)

// An OutboxRow is an object to delete.
type OutboxRow struct {
	Key   string
	Tries int // how often it was claimed, this time included
}

// ClaimOutbox returns at most n objects to delete, and gives them to nobody else for the length of the lease, rounded up
// to seconds. Who was too slow may still delete them and say so: that the next does so too is harmless.
func (d *DB) ClaimOutbox(ctx context.Context, n int, lease time.Duration) ([]OutboxRow, error) {
	return nil, errNotYet
}

// ForgetOutbox forgets objects that are deleted, or never were.
func (d *DB) ForgetOutbox(ctx context.Context, keys []string) error { return errNotYet }

// RetryOutbox puts objects back that could not be deleted, to be claimed again after a while: from a minute after the
// first try to a day after the twelfth.
func (d *DB) RetryOutbox(ctx context.Context, keys []string) error { return errNotYet }

// OutboxStats returns how many objects are to be deleted, and how long the oldest of them has waited, in seconds.
func (d *DB) OutboxStats(ctx context.Context) (rows int, oldest int64, err error) {
	return 0, 0, errNotYet
}
