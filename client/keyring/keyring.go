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
	"fmt"
	"io"
	"math"
	"sync"
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
	// ErrFull says that there are as many buckets as there can be.
	ErrFull = errors.New("keyring: too many buckets")
	// ErrClosed says that the ring was closed.
	ErrClosed = errors.New("keyring: closed")
)

// A Ring is what one client remembers. One process at a time uses a home; within it a Ring is safe for concurrent use.
type Ring struct {
	store store
	lock  io.Closer // of the home; nil in memory
	here  homeID    // the home that the ring is in

	mu      sync.Mutex
	closed  bool
	vault   vault
	home    homeID // the home that the ring believes to be in
	clock   clock
	written clock // as it is on disk
	buckets map[Bucket]*bucket
	shared  map[int64]*bucket // by their time; without those that have their own
	records index
	seq     uint64 // of the latest entry
	loose   []*log // with something behind their good part that nobody was told of
}

// A homeID tells a home from its copies: where the lock file is on the machine.
type homeID struct{ device, inode uint64 }

func newRing(s store, roots Roots, here homeID) *Ring {
	return &Ring{
		store: s, here: here, vault: vault{store: s, roots: roots},
		buckets: make(map[Bucket]*bucket), shared: make(map[int64]*bucket), records: make(index),
	}
}

// Memory returns a ring of which nothing is on a disk.
func Memory() *Ring {
	r := newRing(make(memory), new(memoryRoots), homeID{})
	if err := r.create(); err != nil {
		panic("keyring: internal error: " + err.Error()) // memory does not fail
	}
	return r
}

// create makes the ring of a home that has none. The root key rests before anything is sealed under it.
func (r *Ring) create() error {
	switch _, err := r.vault.roots.Load(); {
	case err == nil:
		return fmt.Errorf("%w: a root key, another home's perhaps, or what is left of an attempt to make this one", ErrExists)
	case !errors.Is(err, ErrNoRoot):
		return err
	}
	r.home = r.here
	r.add(r.newBucket(Never, Forever, sharedBucket))
	err := r.vault.create(r.encode())
	if err != nil {
		return errors.Join(err, r.store.remove(ringName), r.vault.roots.Store())
	}
	return nil
}

// open reads the ring of a home, and clears away what a crash may have left.
func (r *Ring) open() error {
	plain, err := r.vault.open()
	if err != nil {
		return err
	}
	if err := r.decode(plain); err != nil {
		return err
	}
	if err := r.sweep(); err != nil {
		return err
	}
	return r.load()
}

// sweep removes the files of buckets that are no more.
func (r *Ring) sweep() error {
	names, err := r.store.list()
	if err != nil {
		return err
	}
	known := make(map[string]bool)
	for _, b := range r.buckets {
		known[b.log.name.String()] = true
	}
	var left []string
	for _, name := range names {
		if isLogName(name) && !known[name] {
			left = append(left, name)
		}
	}
	return r.store.remove(left...)
}

// ready says whether the ring can be changed. After a failure, what is on the disk is made to be what is in memory
// first.
func (r *Ring) ready() error {
	if r.closed {
		return ErrClosed
	}
	if err := r.cutLoose(); err != nil {
		return err
	}
	if r.vault.unsure {
		return r.save(sameRoot)
	}
	return nil
}

// save writes the ring file.
func (r *Ring) save(choice rootChoice) error {
	if choice == newRoot {
		if err := r.vault.renew(); err != nil {
			return err
		}
	}
	if err := r.vault.write(r.encode()); err != nil {
		return err
	}
	r.written = r.clock
	return nil
}

// Close writes down the time and gives the home to the next. The ring remembers nothing after that.
func (r *Ring) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	err := r.keepTime()
	r.closed = true
	r.destroy(r.all())
	r.vault.close()
	if r.lock == nil {
		return err
	}
	return errors.Join(err, r.lock.Close())
}

// Restored reports whether this home is a copy of the one that the ring was last used in. Uploads that were under way
// must not be resumed in it. It remains true until [Ring.Adopt]. What tells is the place of the lock file on the disk: a
// copy of a whole disk is not noticed, and a disk that comes back under another number passes for a copy.
func (r *Ring) Restored() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.home != r.here
}

// Adopt makes a restored home the ring's own.
func (r *Ring) Adopt() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(); err != nil {
		return err
	}
	old := r.home
	r.home = r.here
	err := r.save(sameRoot)
	if err != nil {
		r.home = old
	}
	return err
}
