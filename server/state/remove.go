package state

import (
	"context"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// DeleteBlob removes a blob, committed or not, and has its objects deleted. Once it has returned nil nobody can read
// the blob, whatever happens next.
func (d *DB) DeleteBlob(ctx context.Context, id wire.BlobID, del wire.Hash) error { return errNotYet }
