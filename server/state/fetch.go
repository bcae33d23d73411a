package state

import (
	"context"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// readable is the condition of a blob that may be read: $1 is its id, $2 the hash of the read token.
const readable = `b.id = $1 AND b.read_hash = $2 AND b.open = 0 AND b.at > {now}`

// ReadBlob describes a committed blob.
func (d *DB) ReadBlob(ctx context.Context, id wire.BlobID, read wire.Hash) (info wire.BlobInfo, err error) {
	return info, d.reading(ctx).get(ErrGone, []any{&info.Size, &info.PartSize, &info.At},
		`SELECT b.size, b.part_size, b.at FROM blob b WHERE `+readable, id[:], read[:])
}

// ReadParts returns the digests of all parts of a committed blob.
func (d *DB) ReadParts(ctx context.Context, id wire.BlobID, read wire.Hash) ([]wire.Hash, error) {
	info, err := d.ReadBlob(ctx, id, read)
	if err != nil {
		return nil, err
	}
	return d.reading(ctx).digests(id, wire.Parts(info.Size, info.PartSize))
}

// ReadPart returns part n of a committed blob. A part whose object was lost is [ErrGone].
func (d *DB) ReadPart(ctx context.Context, id wire.BlobID, read wire.Hash, n int) (Part, error) {
	p := Part{N: n}
	return p, d.reading(ctx).get(ErrGone, []any{&p.Key, into(p.Digest[:]), &p.Size}, `SELECT p.key, p.digest, p.size
		FROM blob b JOIN part p ON p.blob = b.id WHERE `+readable+` AND p.n = $3 AND p.lost = 0`, id[:], read[:], n)
}

// ReleaseShare returns the server's half of the secret of a committed blob.
func (d *DB) ReleaseShare(ctx context.Context, id wire.BlobID, read wire.Hash) (wire.Share, error) {
	var share wire.Row
	err := d.reading(ctx).get(ErrGone, []any{into(share[:])}, `SELECT b.share FROM blob b WHERE `+readable, id[:], read[:])
	return wire.ShareOf(share), err
}
