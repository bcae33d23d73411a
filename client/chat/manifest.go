package chat

import "github.com/seed-7b314ca8/mayfly/wire"

// MaxDevices is how many devices a manifest lists at most.
const MaxDevices = 8

// SealedManifestSize is the length of every sealed manifest in bytes, so that the number of devices does not show.
const SealedManifestSize = 4 << 10

// Caps say what a device can do. Unknown ones are kept and mean nothing.
type Caps uint32

// CapSessions says that a device has sessions. What is not sent in one is refused from it and not sent to it.
const CapSessions Caps = 1

// A Device is what contacts know of a device.
type Device struct {
	ID      uint32
	Key     wire.PublicKey // signs its mailbox keys and its messages
	Server  Server         // of its mailbox
	Mailbox wire.MailboxID
	Caps    Caps
}

// A Head names one manifest in the history of an account. The zero Head stands before the first.
type Head struct {
	Seq  uint64
	Hash wire.Hash
}

// A Manifest is what an account says of itself: its devices. It is signed by the account key. A Manifest comes from
// [Identity.NewManifest], [ParseManifest] or [OpenManifest], all of which give a signature that holds, and is not to be
// changed.
type Manifest struct {
	Key      wire.PublicKey // of the account
	Seq      uint64         // from 1
	Prev     wire.Hash      // of the one before; zero in the first
	Issued   int64          // Unix seconds
	NotAfter int64          // Unix seconds
	Devices  []Device       // by ascending ID; at least one

	raw []byte
}

// NewManifest returns the next manifest of id, which lists the one device that id is. Prev is the one before, or nil.
func (id *Identity) NewManifest(prev *Manifest, now int64) *Manifest { return nil }

// ParseManifest is the inverse of [Manifest.Encode]. It verifies the signature, and nothing else: see
// [Manifest.Verify].
func ParseManifest(b []byte) (*Manifest, error) { return nil, ErrMalformed }

// OpenManifest is the inverse of [Manifest.Seal]. It verifies the signature, and nothing else: see [Manifest.Verify].
func OpenManifest(profile ProfileKey, sealed []byte) (*Manifest, error) { return nil, ErrMalformed }

// Verify reports whether m is of this account, is valid now and goes on from what was seen of the account: [ErrForged],
// [ErrExpired], [ErrRollback] and [ErrEquivocation] tell why not.
func (m *Manifest) Verify(account AccountID, seen Head, now int64) error { return ErrForged }

// NeedsRenewal reports whether the owner of m should issue the next, so that nobody meets an expired one.
func (m *Manifest) NeedsRenewal(now int64) bool { return false }

// Encode returns the signed bytes of m, which are not secret to contacts.
func (m *Manifest) Encode() []byte { return m.raw }

// Seal returns what the locator holds: m, padded, under the owner's profile key.
func (m *Manifest) Seal(profile ProfileKey) []byte { return nil }

// Account returns whose m is.
func (m *Manifest) Account() AccountID { return AccountOf(m.Key) }

// Hash returns the hash that names m.
func (m *Manifest) Hash() wire.Hash { return wire.Hash{} }

// Head returns what to remember of m.
func (m *Manifest) Head() Head { return Head{Seq: m.Seq, Hash: m.Hash()} }

// Device returns the device with this id, or nil.
func (m *Manifest) Device(id uint32) *Device { return nil }
