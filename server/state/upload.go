package state

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// A NewBlob is a blob to be. The server makes ID and Share, the client all the rest.
type NewBlob struct {
	ID                   wire.BlobID
	Share                wire.Share
	Read, Delete, Upload wire.Hash // of read token, delete key and upload token
	Size                 int64     // in bytes
	PartSize             int       // in bytes
	TTL                  int64     // in seconds
	Tickets              []wire.Hash
}

// valid reports whether a file could give this blob.
func (b *NewBlob) valid() bool {
	_, ok := wire.PlainSize(b.Size)
	return ok && wire.ValidPartSize(b.PartSize, b.Size) && b.TTL > 0 &&
		len(b.Tickets) > 0 && len(b.Tickets) <= wire.MaxTickets
}

// request returns a hash of all that the client said.
func (b *NewBlob) request() [sha256.Size]byte {
	said := wire.AppendRows(nil, b.Read, b.Delete, b.Upload)
	for _, n := range []int64{b.Size, int64(b.PartSize), b.TTL} {
		said = binary.BigEndian.AppendUint64(said, uint64(n))
	}
	for _, t := range b.Tickets {
		said = append(said, t[:]...)
	}
	return sha256.Sum256(said)
}

// CreateBlob spends tickets and reserves Size of maxBytes, the room that this server has for blobs; zero means as much
// as there is. The same request again, until the blob is committed, returns the first ID and Share. The first ticket
// names the request: with another one it is [ErrConflict]. Other errors are [ErrTicket], [ErrFull] and [ErrBadRequest].
func (d *DB) CreateBlob(ctx context.Context, b NewBlob, maxBytes int64) (wire.Created, error) {
	if !b.valid() {
		return wire.Created{}, ErrBadRequest
	}
	if maxBytes == 0 {
		maxBytes = math.MaxInt64
	}
	err := d.write(ctx, func(t *tx) error { return t.create(&b, maxBytes) })
	if errors.Is(err, ErrTicket) || errors.Is(err, ErrConflict) {
		return d.created(ctx, &b, err)
	}
	return wire.Created{ID: b.ID, Share: b.Share}, err
}

func (t *tx) create(b *NewBlob, maxBytes int64) error {
	kinds, err := t.spend(b.Tickets)
	if err != nil {
		return err
	}
	if !pays(kinds, b.Size) {
		return ErrTicket
	}
	share, request := b.Share.Reveal(), b.request()
	err = t.must(ErrConflict, `INSERT INTO blob
		(id, share, read_hash, delete_hash, upload_hash, size, part_size, ttl, open, at, ticket, request)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, {now} + $9, $10, $11) ON CONFLICT DO NOTHING`,
		b.ID[:], share[:], b.Read[:], b.Delete[:], b.Upload[:], b.Size, b.PartSize, b.TTL, seconds(wire.OpenLife),
		b.Tickets[0][:], request[:])
	if err != nil {
		return err
	}
	return t.must(ErrFull, `UPDATE server SET bytes = bytes + $1 WHERE bytes <= $2`, b.Size, maxBytes-b.Size)
}

// pays reports whether tickets of these kinds are worth a blob of size bytes, and each of them something.
func pays(kinds []wire.TicketKind, size int64) bool {
	for _, k := range kinds {
		if k.Bytes() == 0 {
			return false
		}
		size -= k.Bytes()
	}
	return size <= 0
}

// created returns what the same request created earlier, or refused if there was none.
func (d *DB) created(ctx context.Context, b *NewBlob, refused error) (c wire.Created, err error) {
	var share, request [32]byte
	err = d.reading(ctx).get(refused, []any{into(c.ID[:]), into(share[:]), into(request[:])},
		`SELECT id, share, request FROM blob WHERE ticket = $1 AND open = 1 AND at > {now}`, b.Tickets[0][:])
	if err != nil {
		return wire.Created{}, err
	}
	if request != b.request() {
		return wire.Created{}, ErrConflict
	}
	c.Share = wire.ShareOf(share)
	return c, nil
}

// A Blob is what the holder of the upload token may know.
type Blob struct {
	Size      int64 // in bytes
	PartSize  int   // in bytes
	TTL       int64 // in seconds
	Parts     int   // how many are there; [wire.Parts] says how many there must be
	Committed bool
	At        int64 // when it goes, in Unix seconds; while it is open, unless another part comes
}

// OpenBlob returns the blob with this upload token, committed or not.
func (d *DB) OpenBlob(ctx context.Context, id wire.BlobID, upload wire.Hash) (Blob, error) {
	t := d.reading(ctx)
	b, err := t.openBlob(id, upload, "")
	if err != nil {
		return Blob{}, err
	}
	b.Parts, err = t.parts(id)
	return b, err
}

// openBlob reads a blob, without Parts; lock is "{lock}" if it is about to be changed.
func (t *tx) openBlob(id wire.BlobID, upload wire.Hash, lock string) (b Blob, err error) {
	return b, t.get(ErrGone, []any{&b.Size, &b.PartSize, &b.TTL, &b.Committed, &b.At}, `SELECT size, part_size, ttl, open = 0, at
		FROM blob WHERE id = $1 AND upload_hash = $2 AND at > {now} `+lock, id[:], upload[:])
}

// parts counts the parts of a blob. To trust the number, lock the blob before: a statement sees nothing that was
// committed while it waited.
func (t *tx) parts(id wire.BlobID) (n int, err error) {
	return n, t.get(nil, []any{&n}, `SELECT count(*) FROM part WHERE blob = $1`, id[:])
}

// UploadParts returns the digests of all parts, zero where there is none yet.
func (d *DB) UploadParts(ctx context.Context, id wire.BlobID, upload wire.Hash) ([]wire.Hash, error) {
	t := d.reading(ctx)
	b, err := t.openBlob(id, upload, "")
	if err != nil {
		return nil, err
	}
	return t.digests(id, wire.Parts(b.Size, b.PartSize))
}

// digests returns the digests of the n parts of a blob, zero where there is none.
func (t *tx) digests(id wire.BlobID, n int) ([]wire.Hash, error) {
	hashes := make([]wire.Hash, n)
	err := t.each(func(scan func(...any) error) (bool, error) {
		var i int
		var h wire.Hash
		err := scan(&i, into(h[:]))
		if err == nil && i < n {
			hashes[i] = h
		}
		return true, err
	}, `SELECT n, digest FROM part WHERE blob = $1`, id[:])
	return hashes, err
}

// Commit makes a blob readable until at, which must be in the future and no more than its TTL, or maxTTL seconds if
// that is less, and [wire.MaxRounding] from now, else [ErrBadRequest]. It returns at. The same again changes nothing,
// another at is [ErrConflict]. Before all parts are there it is [ErrIncomplete].
func (d *DB) Commit(ctx context.Context, id wire.BlobID, upload wire.Hash, at, maxTTL int64) (int64, error) {
	return at, d.write(ctx, func(t *tx) error {
		b, err := t.openBlob(id, upload, "{lock}")
		if err != nil {
			return err
		}
		if b.Committed && b.At == at {
			return nil
		}
		if b.Committed {
			return ErrConflict
		}
		n, err := t.parts(id)
		if err != nil {
			return err
		}
		if n < wire.Parts(b.Size, b.PartSize) {
			return ErrIncomplete
		}
		return t.must(ErrBadRequest, `UPDATE blob SET open = 0, at = $2, ticket = NULL, request = NULL
			WHERE id = $1 AND $2 > {now} AND $2 <= {now} + $3`, id[:], at, min(b.TTL, maxTTL)+seconds(wire.MaxRounding))
	})
}
