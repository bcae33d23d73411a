// Package state is everything that a Mayfly server remembers, apart from the objects in its storage, which are
// ciphertext. What follows is the complete list, table by table and column by column.
//
// Times are Unix seconds by the clock of the database: for SQLite that of this machine, for PostgreSQL its server's, so
// that processes with different clocks agree. Hashes are SHA-256. A column called at says when the row goes; from then
// on nothing reads it, and [DB.Reap] removes it.
//
//	server       one row: the server itself
//	  one          always 1
//	  seed         of the Ed25519 key that is the server's identity
//	  instance     a random id, which the marker in the bucket repeats
//	  bytes        the room that all blobs together have reserved, in bytes
//	  beat         how many heartbeats there have been; a restored copy has fewer than the marker says
//	invite       who may enrol
//	  hash         of the code; the row goes when it is used
//	  at           when it goes
//	quota_key    who is enrolled
//	  key          the public key, and nothing else about whoever has it
//	  suspended    1 if the operator took its rights
//	usage        what a quota key had issued in a day
//	  key          the quota key
//	  at           the end of the day, when the row goes
//	  bytes        of the tickets for blobs
//	  mailboxes    how many tickets for mailboxes, links and locators
//	nonce        signed requests that must not be repeated
//	  hash         of key and nonce
//	  at           when such a request would be too old anyway
//	ticket       permissions to store something; nothing says whose
//	  hash         of the ticket; the row goes when it is spent
//	  kind         what it buys
//	  at           when it goes, rounded up to hours
//	blob         sealed files
//	  id           which the address of the blob contains
//	  share        the server's half of the secret
//	  read_hash    of the token to read with
//	  delete_hash  of the key to delete with
//	  upload_hash  of the token to upload with
//	  size         of the sealed file in bytes
//	  part_size    S, the most bytes of a part
//	  ttl          how long it may live from commit on, in seconds
//	  open         1 until it is committed
//	  at           when it goes: as the sender chose, and while it is open a day after the last part
//	  ticket       hash of the first ticket that paid for it, until it is committed
//	  request      hash of all that the request to create it said, until it is committed
//	part         pieces of blobs
//	  blob         to which it belongs
//	  n            which piece it is, from 0
//	  key          of the object that holds it
//	  digest       its SHA-256
//	  size         in bytes
//	  lost         1 if the object was found missing
//	intent       objects that are being stored
//	  key          of the object
//	  at           when it is given up
//	outbox       objects that are being deleted
//	  key          of the object
//	  at           when to try; while somebody is trying, when somebody else may
//	  since        when it came here
//	  tries        how often it was tried
//	mailbox      where envelopes wait
//	  id           its address
//	  owner        the public key of the device that reads it
//	  delivery_hash  of the key to post with
//	  intro_hash   of the other key to post with, for whoever has a contact string
//	  last         the number of the last envelope
//	  intro_day    the end of the last day on which the intro key was used
//	  intro_count  how many envelopes came with it on that day
//	mailbox_key  what envelopes are sealed to
//	  mailbox      its mailbox
//	  epoch        the number of the key
//	  key          the signed public key, which the server does not understand
//	envelope     sealed messages that wait
//	  mailbox      where
//	  n            its number there
//	  received     when it came
//	  at           when it goes
//	  via          which of the two keys it came with
//	  size         in bytes
//	  body         the sealed message
//	seen         envelopes that must not come twice
//	  mailbox      where it came
//	  hash         of the envelope
//	  at           when the envelope goes, or would have gone had it not been fetched
//	locator      encrypted manifests
//	  id           which only contacts of the owner can compute
//	  owner        the public key that may replace it
//	  n            the version of the body
//	  body         the encrypted manifest
//	  at           when it goes: a year after it was last replaced, rounded up to hours
//	lease        which process does what only one should
//	  name         of the task
//	  holder       a random name of the process
//	  at           when anybody else may have it
//
// A further table, goose_db_version, says which migrations the database has seen, and when.
//
// # What is removed
//
// On SQLite removed bytes are overwritten (secure_delete), and no copy is left in the log after [DB.Checkpoint]. On
// PostgreSQL they stay in dead rows until a vacuum, which Checkpoint runs for the tables from which this process
// removed something; a transaction that is older than the removal, of a backup say, makes that wait for the next one.
// A vacuum frees the space of dead rows and does not overwrite it. They stay in the write-ahead log until PostgreSQL
// recycles it, and in whatever archives, replicas and backups the operator makes, of SQLite files too. Keep those no
// longer than the longest time to live.
package state

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

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
// A transaction that has begun runs to its end even if its context ends, but on PostgreSQL never longer than 30 seconds.
type DB struct {
	w, r    *sql.DB // for writing and reading; the same on PostgreSQL
	kind    Kind
	dialect dialect
	pg      *pgx.ConnConfig // nil on SQLite
	shed    shed
}

// begin makes the server's identity, unless it is there.
func (d *DB) begin(ctx context.Context) error {
	var seed, instance [32]byte
	rand.Read(seed[:])
	rand.Read(instance[:])
	return d.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO server (one, seed, instance, bytes, beat) VALUES (1, $1, $2, 0, 0)
			ON CONFLICT (one) DO NOTHING`, seed[:], instance[:16])
		return err
	})
}

// Kind returns which database holds the state.
func (d *DB) Kind() Kind { return d.kind }

// Now returns the time by the clock of the database, in Unix seconds.
func (d *DB) Now(ctx context.Context) (int64, error) { return d.reading(ctx).now() }

// Ping writes a row and changes it, as only what was really written can be. [DB.Reap] removes it.
func (d *DB) Ping(ctx context.Context) error {
	name := "ping " + rand.Text()
	for _, length := range []time.Duration{time.Minute, 0} {
		ok, err := d.Lease(ctx, name, name, length)
		if err != nil {
			return err
		}
		if !ok {
			return errors.New("state: what was written cannot be read")
		}
	}
	return nil
}

// ServerKey returns the server's identity, which all of its processes share. It was made with the database.
func (d *DB) ServerKey(ctx context.Context) (ed25519.PrivateKey, error) {
	var seed [ed25519.SeedSize]byte
	if err := d.reading(ctx).get(ErrGone, []any{into(seed[:])}, `SELECT seed FROM server`); err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed[:]), nil
}

// Instance returns the random id of this database, for the marker in the bucket that belongs to it.
func (d *DB) Instance(ctx context.Context) (id [16]byte, err error) {
	return id, d.reading(ctx).get(ErrGone, []any{into(id[:])}, `SELECT instance FROM server`)
}
