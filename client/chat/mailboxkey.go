package chat

import (
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// Times in the life of a mailbox key.
const (
	MailboxKeyLife   = 60 * 24 * time.Hour // from its making to its not-after
	MailboxKeyRotate = 7 * 24 * time.Hour  // from its making to its successor's
	MailboxKeyGrace  = 30 * 24 * time.Hour // from its successor's making to its erasure
)

// A MailboxKey is the private half of a mailbox key: envelopes of its epoch open with it.
type MailboxKey struct {
	wire.Unprintable

	Mailbox  wire.MailboxID
	Epoch    uint32 // from 1; every key has a higher one than the key before
	Created  int64  // Unix seconds
	NotAfter int64  // Unix seconds

	seed [32]byte
}

// NewMailboxKey returns a new key for the mailbox of id.
func (id *Identity) NewMailboxKey(epoch uint32, now int64) *MailboxKey { return nil }

// ParseMailboxKey is the inverse of [MailboxKey.Encode].
func ParseMailboxKey(b []byte) (*MailboxKey, error) { return nil, ErrMalformed }

// Encode returns k, its secret included, for the ring.
func (k *MailboxKey) Encode() []byte { return nil }

// NeedsRotation reports whether k, the newest key, should have a successor.
func (k *MailboxKey) NeedsRotation(now int64) bool { return false }

// EraseAt returns when k must be erased: 30 days after its successor was made, which is zero if there is none, and at
// not-after in any case.
func (k *MailboxKey) EraseAt(successorCreated int64) int64 { return 0 }

// Sign returns the public half of k, signed by the device that id is, in the form that the server keeps.
func (k *MailboxKey) Sign(id *Identity) []byte { return nil }

// A PublicMailboxKey is what senders seal envelopes to.
type PublicMailboxKey struct {
	Epoch    uint32
	NotAfter int64 // Unix seconds

	pub, sig []byte
}

// ParsePublicMailboxKey parses what the server keeps. The key must still be verified.
func ParsePublicMailboxKey(b []byte) (*PublicMailboxKey, error) { return nil, ErrMalformed }

// Verify reports whether k is a key for the mailbox of device, signed by it, not of a lower epoch than was seen, not
// expired, and not valid for longer than a key may be.
func (k *PublicMailboxKey) Verify(device *Device, seen uint32, now int64) error { return ErrForged }

// Encode is the inverse of [ParsePublicMailboxKey].
func (k *PublicMailboxKey) Encode() []byte { return nil }
