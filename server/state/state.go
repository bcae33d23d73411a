// Package state is what a Mayfly server remembers.
package state

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
)

var errNotYet = errors.New("state: not there yet")

// Errors to match. What is absent, expired, removed and forbidden is one and the same [ErrGone].
var (
	ErrGone        = errors.New("state: it expired, was removed, never existed or is not for you")
	ErrConflict    = errors.New("state: something else is there already")
	ErrTicket      = errors.New("state: the tickets were spent, have expired or do not suffice")
	ErrInvite      = errors.New("state: the invite was used, has expired or never was")
	ErrQuota       = errors.New("state: the quota for today is used up")
	ErrFull        = errors.New("state: the server has no room")
	ErrMailboxFull = errors.New("state: the mailbox has no room")
	ErrIncomplete  = errors.New("state: parts are missing")
	ErrReplay      = errors.New("state: the nonce was used before")
	ErrBadRequest  = errors.New("state: a number is out of its range")
	// ErrLate means that an object was stored so slowly that it is being deleted again. To send it again helps.
	ErrLate = errors.New("state: the object took too long to store")
	// ErrNewer means that a later version of the program made this database.
	ErrNewer = errors.New("state: the database was made by a newer version of the program")
)

// A Kind says which database holds the state.
type Kind string

// The kinds of databases.
const (
	SQLite   Kind = "sqlite"
	Postgres Kind = "postgres"
)

// A DB is the state of one server. Its methods may be called by many goroutines at once, and several processes may
// have the same database open.
//
// A transaction that has begun runs to its end even if its context ends, but never longer than 30 seconds.
type DB struct {
	w, r *sql.DB
	kind Kind
}

// Open opens the state at dsn, which is "sqlite:PATH" or an address "postgres://…", and brings its tables up to date.
// A file that is not there is made, with its folder, for nobody else to read. The caller must call [DB.Close].
func Open(ctx context.Context, dsn string) (*DB, error) { return nil, errNotYet }

// Close empties the log of an SQLite file and closes the database.
func (d *DB) Close() error { return errNotYet }

// Kind returns which database holds the state.
func (d *DB) Kind() Kind { return d.kind }

// Now returns the time by the clock of the database, in Unix seconds.
func (d *DB) Now(ctx context.Context) (int64, error) { return 0, errNotYet }

// Ping writes a row and reads it again.
func (d *DB) Ping(ctx context.Context) error { return errNotYet }

// ServerKey returns the server's identity, which all of its processes share. It was made with the database.
func (d *DB) ServerKey(ctx context.Context) (ed25519.PrivateKey, error) { return nil, errNotYet }

// Instance returns the random id of this database, for the marker in the bucket that belongs to it.
func (d *DB) Instance(ctx context.Context) ([16]byte, error) { return [16]byte{}, errNotYet }
