package state

import (
	"context"

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

// A Blob is what the holder of the upload token may know.
type Blob struct {
	Size      int64 // in bytes
	PartSize  int   // in bytes
	TTL       int64 // in seconds
	Parts     int   // how many are there; [wire.Parts] says how many there must be
	Committed bool
	At        int64 // when it goes, in Unix seconds; while it is open, unless another part comes
}

// A Part is a piece of a blob and where it is stored.
type Part struct {
	N      int
	Key    string // of the object
	Digest wire.Hash
	Size   int64 // in bytes
}

// CreateBlob spends tickets and reserves Size of maxBytes, the room that this server has for blobs; zero means as much
// as there is. The same request again, until the blob is committed, returns the first ID and Share. The first ticket
// names the request: with another one it is [ErrConflict]. Other errors are [ErrTicket], [ErrFull] and [ErrBadRequest].
func (d *DB) CreateBlob(ctx context.Context, b NewBlob, maxBytes int64) (wire.Created, error) {
	return wire.Created{}, errNotYet
}

// OpenBlob returns the blob with this upload token, committed or not.
func (d *DB) OpenBlob(ctx context.Context, id wire.BlobID, upload wire.Hash) (Blob, error) {
	return Blob{}, errNotYet
}

// PartDigest returns the digest of part n and whether it is there.
func (d *DB) PartDigest(ctx context.Context, id wire.BlobID, upload wire.Hash, n int) (wire.Hash, bool, error) {
	return wire.Hash{}, false, errNotYet
}

// AddIntent remembers that an object is about to be stored under key, which must be new. Within [IntentLife] it must
// become a part, or it is deleted.
func (d *DB) AddIntent(ctx context.Context, key string) error { return errNotYet }

// DropIntent has the object deleted that was, or was not quite, stored under key. It does nothing if key is no intent.
func (d *DB) DropIntent(ctx context.Context, key string) error { return errNotYet }

// AddPart makes the object p.Key, for which there is an intent, a part of a blob. If the part is there already, with the
// same digest, it returns nil and the new object is deleted. On [ErrConflict] (another digest), [ErrGone] and
// [ErrBadRequest] (no part n of this size) the new object is deleted too. [ErrLate] means that there is no intent any
// more.
func (d *DB) AddPart(ctx context.Context, id wire.BlobID, upload wire.Hash, p Part) error {
	return errNotYet
}

// UploadParts returns the digests of all parts, zero where there is none yet.
func (d *DB) UploadParts(ctx context.Context, id wire.BlobID, upload wire.Hash) ([]wire.Hash, error) {
	return nil, errNotYet
}

// Commit makes a blob readable until at, which must be in the future and no more than its TTL, or maxTTL seconds if
// that is less, and [wire.MaxRounding] from now, else [ErrBadRequest]. It returns at. The same again changes nothing,
// another at is [ErrConflict]. Before all parts are there it is [ErrIncomplete].
func (d *DB) Commit(ctx context.Context, id wire.BlobID, upload wire.Hash, at, maxTTL int64) (int64, error) {
	return 0, errNotYet
}
