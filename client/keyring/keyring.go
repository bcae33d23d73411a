// Package keyring is what a client remembers at rest, and how it forgets.
//
// A [Ring] holds records: values under a kind and an id. Every record lies in a [Bucket], and every bucket has a time
// at which it goes; [Never] is the one that stays. A bucket is a random key and an append-only file of entries sealed
// under it. The keys of all buckets lie in one small file, sealed under a random root key, which rests somewhere else
// or is wrapped (see [Roots]). To forget a bucket is to write that file again without its key and under a new root
// key, and to destroy the old one. From then on neither the folder, nor any copy of it that was taken before together
// with the root key of today, yields a byte of what was in the bucket.
//
// What the folder shows without a key is the number of files, their random names, the sizes of files and of the
// entries in them, and the times at which they were written.
//
// The package knows nothing of messages or files: kinds and ids are strings, values are bytes.
package keyring

import (
	"errors"
	"iter"
	"math"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// Bounds, in bytes.
const (
	MaxValue = 2 << 20 // of a value
	MaxName  = 255     // of a kind, and of an id
)

// Forever is the time of what does not go, in place of Unix seconds.
const Forever = math.MaxInt64

var (
	// ErrLocked says that another process, or another Ring of this one, uses the home.
	ErrLocked = errors.New("keyring: another process uses this home")
	// ErrExists says that Create found a ring, or a key, where it was to make one.
	ErrExists = errors.New("keyring: there is one already")
	// ErrNoHome says that there is no ring in the folder.
	ErrNoHome = errors.New("keyring: no ring in this folder")
	// ErrNoRoot says that no root key rests where it should.
	ErrNoRoot = errors.New("keyring: no root key")
	// ErrPassphrase says that the passphrase is not the one, or that what it protects is damaged.
	ErrPassphrase = errors.New("keyring: wrong passphrase")
	// ErrCorrupt says that a file is damaged. The error that wraps it says which one, and what to do.
	ErrCorrupt = errors.New("keyring: damaged")
	// ErrVersion says that a file was written by a later version of this program.
	ErrVersion = errors.New("keyring: written by another version")
	// ErrGone says that a bucket is no more, or that its time has come.
	ErrGone = errors.New("keyring: the time of this bucket has come")
	// ErrShared says that the bucket is not one of its own, so that its time stands.
	ErrShared = errors.New("keyring: this bucket is shared")
	// ErrTooLong says that a kind, an id or a value is longer than [MaxName] or [MaxValue].
	ErrTooLong = errors.New("keyring: too long")
	// ErrClosed says that the ring was closed.
	ErrClosed = errors.New("keyring: closed")
)

// A Ring is what one client remembers. One process at a time uses a home; within it a Ring is safe for concurrent use.
type Ring struct{}

// A Bucket names a bucket. Buckets compare with ==.
type Bucket [16]byte

// Never is the bucket that does not go.
var Never Bucket

// A Ref names a record.
type Ref struct{ Kind, ID string }

// A Root is the key that the keys of all buckets are sealed under.
type Root struct {
	wire.Unprintable
	b [32]byte
}

// RootOf returns the root key that consists of b.
func RootOf(b [32]byte) Root { return Root{b: b} }

// Reveal returns the bytes of k, for a [Roots] that keeps them.
func (k Root) Reveal() [32]byte { return k.b }

// Roots is where the root key of one ring rests: [KeyFile], [Passphrase], or the keychain of a system. A Ring calls its
// methods one at a time.
type Roots interface {
	// Load returns the root keys that rest here: one as a rule, two where a replacement was cut short. The error
	// matches [ErrNoRoot] if there is none.
	Load() ([]Root, error)

	// Store has these root keys, and no others, rest here, durably and all or nothing. With none it removes them.
	Store(roots ...Root) error
}

// Passphrase returns a [Roots] that keeps the root key in the folder dir (the home, as a rule), wrapped under
// Argon2id(passphrase). The key is derived once in the life of what is returned. An old copy of the folder and the
// passphrase open what that copy holds.
func Passphrase(dir string, passphrase []byte) Roots { return nil }

// KeyFile returns a [Roots] that keeps the root key in a file of its own, readable by its owner alone. Create makes it;
// it must lie outside the home, and serves one home only. An old copy of the home and of the key file open what that
// copy holds.
func KeyFile(path string) Roots { return nil }

var errUnfinished = errors.New("keyring: not finished")

// Create makes a home in the folder dir, which it makes too if need be, and a root key in roots. The caller closes it.
func Create(dir string, roots Roots) (*Ring, error) { return nil, errUnfinished }

// Open opens the home in the folder dir. The error matches [ErrNoHome] if there is none. The caller closes it.
func Open(dir string, roots Roots) (*Ring, error) { return nil, errUnfinished }

// Memory returns a ring of which nothing is on a disk.
func Memory() *Ring { return new(Ring) }

// Close writes down the time and gives the home to the next. The ring remembers nothing after that.
func (r *Ring) Close() error { return errUnfinished }

// Bucket returns the one bucket of all that goes at that time, in Unix seconds: Never for [Forever]. The error matches
// [ErrGone] if that time has come.
func (r *Ring) Bucket(at int64) (Bucket, error) { return Never, errUnfinished }

// OwnBucket returns a new bucket that goes at that time, and may be made to go earlier.
func (r *Ring) OwnBucket(at int64) (Bucket, error) { return Never, errUnfinished }

// Hasten has a bucket that [Ring.OwnBucket] made go at that time if that is earlier than its own.
func (r *Ring) Hasten(b Bucket, at int64) error { return errUnfinished }

// Put has the ring remember value under kind and id until b goes, and no longer the record that was there, in whatever
// bucket it lay. What it replaces can no longer be read; its bytes go as those of [Ring.Delete] do. The record is on
// disk when Put returns nil; after another error the old one stands.
func (r *Ring) Put(b Bucket, kind, id string, value []byte) error { return errUnfinished }

// Get returns a copy of a record.
func (r *Ring) Get(kind, id string) (value []byte, ok bool) { return nil, false }

// All returns copies of all records of a kind with their ids, in the order of the ids. The loop may use the ring.
func (r *Ring) All(kind string) iter.Seq2[string, []byte] { return func(func(string, []byte) bool) {} }

// At returns the bucket that a record is in, and the time at which it goes: [Forever], or Unix seconds.
func (r *Ring) At(kind, id string) (b Bucket, at int64, ok bool) { return Never, 0, false }

// Delete removes a record from what can be read. Its sealed bytes go with their bucket, or earlier.
func (r *Ring) Delete(kind, id string) error { return errUnfinished }

// Erase deletes records and destroys every value that they ever had: the buckets with a trace of them are written again
// under new keys, and the root key is replaced. Records that were deleted before can be erased too.
func (r *Ring) Erase(refs ...Ref) error { return errUnfinished }

// Forget destroys every bucket whose time has come, and returns how many those were.
func (r *Ring) Forget() (n int, err error) { return 0, errUnfinished }

// Now returns the time in Unix seconds: that of the server, as far as it is known.
func (r *Ring) Now() int64 { return 0 }

// Observe tells the ring what time it is by the client's server, in Unix seconds.
func (r *Ring) Observe(server int64) {}

// Restored reports whether this home is a copy of the one that the ring was last used in. Uploads that were under way
// must not be resumed in it. It remains true until [Ring.Adopt].
func (r *Ring) Restored() bool { return false }

// Adopt makes a restored home the ring's own.
func (r *Ring) Adopt() error { return errUnfinished }
