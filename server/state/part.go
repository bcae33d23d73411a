package state

import (
	"context"
	"errors"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// IntentLife is how long an object may take from intent to part.
const IntentLife = time.Hour

// A Part is a piece of a blob and where it is stored.
type Part struct {
	N      int
	Key    string // of the object
	Digest wire.Hash
	Size   int64 // in bytes
}

// PartDigest returns the digest of part n and whether it is there.
func (d *DB) PartDigest(ctx context.Context, id wire.BlobID, upload wire.Hash, n int) (h wire.Hash, there bool, err error) {
	t := d.reading(ctx)
	if _, err := t.openBlob(id, upload, ""); err != nil {
		return h, false, err
	}
	return t.partDigest(id, n)
}

func (t *tx) partDigest(id wire.BlobID, n int) (h wire.Hash, there bool, err error) {
	err = t.get(ErrGone, []any{into(h[:])}, `SELECT digest FROM part WHERE blob = $1 AND n = $2`, id[:], n)
	if errors.Is(err, ErrGone) {
		return h, false, nil
	}
	return h, err == nil, err
}

// AddIntent remembers that an object is about to be stored under key, which must be new. Within [IntentLife] it must
// become a part, or it is deleted.
func (d *DB) AddIntent(ctx context.Context, key string) error {
	return d.write(ctx, func(t *tx) error {
		return t.must(ErrConflict, `INSERT INTO intent (key, at) VALUES ($1, {now} + $2) ON CONFLICT (key) DO NOTHING`,
			key, seconds(IntentLife))
	})
}

// DropIntent has the object deleted that was, or was not quite, stored under key. It does nothing if key is no intent.
func (d *DB) DropIntent(ctx context.Context, key string) error {
	return d.write(ctx, func(t *tx) error { return t.drop([]string{key}) })
}

// drop moves intents to the outbox, those of keys that are any.
func (t *tx) drop(keys []string) error {
	in := list(1, len(keys))
	_, err := t.exec(`INSERT INTO outbox (key, at, since, tries)
		SELECT key, {now}, {now}, 0 FROM intent WHERE key IN `+in+` {lock}`, args(keys)...)
	if err != nil {
		return err
	}
	_, err = t.exec(`DELETE FROM intent WHERE key IN `+in, args(keys)...)
	return err
}

// AddPart makes the object p.Key, for which there is an intent, a part of a blob. If the part is there already, with the
// same digest, it returns nil and the new object is deleted. On [ErrConflict] (another digest), [ErrGone] and
// [ErrBadRequest] (no part n of this size) the new object is deleted too. [ErrLate] means that there is no intent any
// more.
func (d *DB) AddPart(ctx context.Context, id wire.BlobID, upload wire.Hash, p Part) (err error) {
	var refused error
	err = d.write(ctx, func(t *tx) error {
		add, err := t.judge(id, upload, p)
		if refused = err; broken(err) {
			return err
		}
		if !add {
			return t.drop([]string{p.Key})
		}
		return t.add(id, p)
	})
	if err != nil {
		return err
	}
	return refused
}

// broken reports whether err is a failure of the database and no decision about a part.
func broken(err error) bool {
	return err != nil && !errors.Is(err, ErrGone) && !errors.Is(err, ErrConflict) && !errors.Is(err, ErrBadRequest)
}

// judge locks a blob and reports whether p is to become a part of it. If not, and without an error, it is one already.
func (t *tx) judge(id wire.BlobID, upload wire.Hash, p Part) (add bool, err error) {
	b, err := t.openBlob(id, upload, "{lock}")
	if err != nil {
		return false, err
	}
	if !fits(b, p) {
		return false, ErrBadRequest
	}
	digest, there, err := t.partDigest(id, p.N)
	if err == nil && there && digest != p.Digest {
		err = ErrConflict
	}
	return !there, err
}

func fits(b Blob, p Part) bool {
	if p.N < 0 || p.N >= wire.Parts(b.Size, b.PartSize) {
		return false
	}
	_, length := wire.PartRange(b.Size, b.PartSize, p.N)
	return p.Size == length
}

// add makes an intent a part. The blob, which is open, stays for another while.
func (t *tx) add(id wire.BlobID, p Part) error {
	if err := t.must(ErrLate, `DELETE FROM intent WHERE key = $1`, p.Key); err != nil {
		return err
	}
	_, err := t.exec(`INSERT INTO part (blob, n, key, digest, size, lost) VALUES ($1, $2, $3, $4, $5, 0)`,
		id[:], p.N, p.Key, p.Digest[:], p.Size)
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE blob SET at = {now} + $2 WHERE id = $1`, id[:], seconds(wire.OpenLife))
	return err
}
