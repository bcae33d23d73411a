package client

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// Kinds of records in the ring.
const (
	kindIdentity   = "identity"    // self: who we are
	kindManifest   = "manifest"    // self: our newest manifest
	kindSealed     = "sealed"      // self: our newest manifest as its locator holds it
	kindMailboxKey = "mailbox-key" // one for each epoch, gone when its time is up
	kindPublished  = "published"   // by epoch, or "manifest": it is on our server
	kindEnrolled   = "enrolled"    // self: all of an enrolment is done
	kindContact    = "contact"     // by name
	kindRequest    = "request"     // by account: a stranger who wrote
	kindTicket     = "ticket"      // by random name
	kindUpload     = "upload"      // by name: a blob under way
	kindDigest     = "digest"      // by upload and part
	kindOutgoing   = "outgoing"    // by name: a message under way
	kindEnvelope   = "envelope"    // by message under way and recipient
	kindBlob       = "blob"        // by id: its delete key, which only we have
	kindSent       = "sent"        // by message: what only we can delete
	kindMessage    = "message"     // by sender and id
	kindSeen       = "seen"        // by sender and id: not to be taken twice
	kindOwed       = "owed"        // by sender and id: a message we forgot, and have to say so
	kindDownload   = "download"    // by message and attachment
	kindUnfinished = "unfinished"  // by name of the unfinished file; outlives its message, or nobody would remove the file
)

// self is the id of records of which there is one.
const self = "self"

// recordVersion is the first byte of every record whose form is this package's own; JSON follows.
const recordVersion = 1

// put stores v as a record.
func (c *Client) put(b keyring.Bucket, kind, id string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("client: record %s: %w", kind, err) // names no value
	}
	return c.Ring.Put(b, kind, id, append([]byte{recordVersion}, text...))
}

// get loads a record into v. It is not ok if there is none.
func (c *Client) get(kind, id string, v any) (ok bool, err error) {
	value, ok := c.Ring.Get(kind, id)
	if !ok {
		return false, nil
	}
	return true, decodeRecord(kind, value, v)
}

func decodeRecord(kind string, value []byte, v any) error {
	if len(value) == 0 || value[0] != recordVersion {
		return fmt.Errorf("client: a newer Mayfly wrote the %s records of this home: use that one", kind)
	}
	if err := json.Unmarshal(value[1:], v); err != nil {
		return fmt.Errorf("client: a %s record is damaged", kind) // the error could quote it
	}
	return nil
}

// hidden are secret bytes in a record: sealed by the ring, and printed by nobody.
type hidden []byte

func hide[T ~[32]byte | ~[24]byte | ~[16]byte](b T) hidden {
	h := make(hidden, len(b))
	for i := range h {
		h[i] = b[i]
	}
	return h
}

func (h hidden) row() (r wire.Row) {
	copy(r[:], h)
	return r
}

func (h hidden) token() wire.Token { return wire.TokenOf(h.row()) }

// Format implements [fmt.Formatter].
func (hidden) Format(f fmt.State, _ rune) { io.WriteString(f, "[key]") }

// LogValue implements [slog.LogValuer].
func (hidden) LogValue() slog.Value { return slog.StringValue("[key]") }

// newName returns a random name for a record.
func newName() string {
	var b [10]byte
	rand.Read(b[:])
	return base32.StdEncoding.EncodeToString(b[:])
}
