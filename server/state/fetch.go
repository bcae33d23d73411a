package state

import (
	"context"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// ReadBlob describes a committed blob.
func (d *DB) ReadBlob(ctx context.Context, id wire.BlobID, read wire.Hash) (wire.BlobInfo, error) {
	return wire.BlobInfo{}, errNotYet
}

// ReadParts returns the digests of all parts of a committed blob.
func (d *DB) ReadParts(ctx context.Context, id wire.BlobID, read wire.Hash) ([]wire.Hash, error) {
	return nil, errNotYet
}

// ReadPart returns part n of a committed blob. A part whose object was lost is [ErrGone].
func (d *DB) ReadPart(ctx context.Context, id wire.BlobID, read wire.Hash, n int) (Part, error) {
	return Part{}, errNotYet
}

// ReleaseShare returns the server's half of the secret of a committed blob.
func (d *DB) ReleaseShare(ctx context.Context, id wire.BlobID, read wire.Hash) (wire.Share, error) {
	return wire.Share{}, errNotYet
}
