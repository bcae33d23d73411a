package chat

import (
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// MaxDevices is how many devices a manifest lists at most.
const MaxDevices = 8

// Times in the life of a manifest.
const (
	ManifestLife  = 90 * 24 * time.Hour
	ManifestRenew = 30 * 24 * time.Hour // after which its owner issues the next
)

const (
	manifestLabel = "mayfly/manifest-signature/v1"
	historyLabel  = "mayfly/manifest-hash/v1"
)

// Caps say what a device can do. Unknown ones are kept and mean nothing.
type Caps uint32

// CapSessions says that a device has sessions. What is not sent in one is refused from it and not sent to it.
const CapSessions Caps = 1

// A Device is what contacts know of a device.
type Device struct {
	ID      uint32         // not zero
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
	Prev     wire.Hash      // of the one before; zero in the first, and only there
	Issued   int64          // Unix seconds
	NotAfter int64          // Unix seconds
	Devices  []Device       // by ascending ID; at least one

	raw []byte // as it was signed, with the signature
}

// NewManifest returns the next manifest of id, which lists the one device that id is. Prev is the one before, or nil.
func (id *Identity) NewManifest(prev *Manifest, now int64) *Manifest {
	m := &Manifest{
		Key: id.account.Public(), Seq: 1, Issued: now, NotAfter: now + seconds(ManifestLife), Devices: []Device{id.self()},
	}
	if prev != nil {
		m.Seq, m.Prev = prev.Seq+1, prev.Hash()
	}
	unsigned := m.unsigned()
	m.raw = append(unsigned, id.account.Sign(labelled(manifestLabel, unsigned))...)
	return m
}

// self returns what contacts know of the device that id is.
func (id *Identity) self() Device {
	return Device{ID: id.Device, Key: id.device.Public(), Server: id.Server, Mailbox: id.Mailbox}
}

// unsigned returns what the account key signs, behind a label.
func (m *Manifest) unsigned() []byte {
	b := preamble()
	b.add(m.Key[:])
	b.u64(m.Seq)
	b.add(m.Prev[:])
	b.num(m.Issued)
	b.num(m.NotAfter)
	b.u8(uint8(len(m.Devices)))
	for _, d := range m.Devices {
		b.u32(d.ID)
		b.add(d.Key[:])
		b.server(d.Server)
		b.add(d.Mailbox[:])
		b.u32(uint32(d.Caps))
	}
	return b
}

// ParseManifest is the inverse of [Manifest.Encode]. It verifies the signature, and nothing else: see
// [Manifest.Verify].
func ParseManifest(b []byte) (*Manifest, error) {
	c, err := begin(b, "manifest")
	if err != nil {
		return nil, err
	}
	m := &Manifest{Key: c.row(), Seq: c.u64(), Prev: c.row(), Issued: c.num(), NotAfter: c.num()}
	c.must(m.Seq != 0 && (m.Seq == 1) == (m.Prev == wire.Hash{}))
	m.Devices = c.devices()
	sig := c.take(signatureSize)
	if err := c.end("manifest"); err != nil {
		return nil, err
	}
	m.raw = append([]byte(nil), b...)
	if !verify(m.Key, labelled(manifestLabel, m.body()), sig) {
		return nil, fmt.Errorf("%w: the signature of a manifest", ErrForged)
	}
	return m, nil
}

// devices reads the list of devices. In ascending order there is one encoding of every list, and no device twice.
func (c *cursor) devices() []Device {
	n := int(c.u8())
	c.must(n >= 1 && n <= MaxDevices)
	var list []Device
	for last := uint32(0); n > 0 && !c.fail; n-- {
		d := Device{ID: c.u32(), Key: c.row(), Server: c.server(), Mailbox: c.row(), Caps: Caps(c.u32())}
		c.must(d.ID > last)
		last = d.ID
		list = append(list, d)
	}
	return list
}

// body returns the part of m that is signed.
func (m *Manifest) body() []byte { return m.raw[:len(m.raw)-signatureSize] }

// Verify reports whether m is of this account, is valid now and goes on from what was seen of the account: [ErrForged],
// [ErrExpired], [ErrRollback] and [ErrEquivocation] tell why not.
func (m *Manifest) Verify(account AccountID, seen Head, now int64) error {
	switch {
	case m.Account() != account:
		return fmt.Errorf("%w: a manifest of another account", ErrForged)
	case m.Seq < seen.Seq:
		return fmt.Errorf("%w: manifest %d after %d", ErrRollback, m.Seq, seen.Seq)
	case !m.follows(seen):
		return fmt.Errorf("%w: number %d", ErrEquivocation, m.Seq)
	case now >= m.NotAfter:
		return fmt.Errorf("%w: the manifest; its owner has not been here for long", ErrExpired)
	}
	return nil
}

// follows reports whether m may stand in one history with what was seen of it, which is not later.
func (m *Manifest) follows(seen Head) bool {
	switch {
	case seen == Head{}:
		return true
	case m.Seq == seen.Seq:
		return m.Hash() == seen.Hash
	case m.Seq-1 == seen.Seq:
		return m.Prev == seen.Hash
	}
	return true // there were others in between, which nobody can show any more
}

// NeedsRenewal reports whether the owner of m should issue the next, so that nobody meets an expired one.
func (m *Manifest) NeedsRenewal(now int64) bool { return now >= m.Issued+seconds(ManifestRenew) }

// Encode returns the signed bytes of m, which are not secret to contacts.
func (m *Manifest) Encode() []byte { return append([]byte(nil), m.raw...) }

// Account returns whose m is.
func (m *Manifest) Account() AccountID { return AccountOf(m.Key) }

// Hash returns the hash that names m: of what was signed, without the signature, of which there may be several.
func (m *Manifest) Hash() wire.Hash { return wire.Sum(labelled(historyLabel, m.body())) }

// Head returns what to remember of m.
func (m *Manifest) Head() Head { return Head{Seq: m.Seq, Hash: m.Hash()} }

// Device returns the device with this id, or nil.
func (m *Manifest) Device(id uint32) *Device {
	for i := range m.Devices {
		if m.Devices[i].ID == id {
			return &m.Devices[i]
		}
	}
	return nil
}

// SealedManifestSize is the length of every sealed manifest in bytes, so that the number of devices does not show.
const SealedManifestSize = 4 << 10

// paddedManifest is the length of what is sealed: a u32 length, the manifest, and zeros.
const paddedManifest = SealedManifestSize - 2 - chacha20poly1305.NonceSizeX - chacha20poly1305.Overhead

// Seal returns what the locator holds: m, padded, under the owner's profile key. Every call returns other bytes.
func (m *Manifest) Seal(profile ProfileKey) []byte {
	sealed := preamble()
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	rand.Read(nonce)
	sealed.add(nonce)
	plain := pad(m.raw, paddedManifest)
	return profile.aead().Seal(sealed, nonce, plain, profile.manifestContext())
}

// OpenManifest is the inverse of [Manifest.Seal]. It verifies the signature, and nothing else: see [Manifest.Verify].
func OpenManifest(profile ProfileKey, sealed []byte) (*Manifest, error) {
	c, err := begin(sealed, "sealed manifest")
	if err != nil {
		return nil, err
	}
	nonce := c.take(chacha20poly1305.NonceSizeX)
	if c.fail || len(sealed) != SealedManifestSize {
		return nil, fmt.Errorf("%w sealed manifest: %d bytes", ErrMalformed, len(sealed))
	}
	plain, err := profile.aead().Open(nil, nonce, c.b, profile.manifestContext())
	if err != nil {
		return nil, fmt.Errorf("%w: sealed manifest", ErrTampered)
	}
	raw, err := unpad(plain, "sealed manifest")
	if err != nil {
		return nil, err
	}
	return ParseManifest(raw)
}

func (k ProfileKey) aead() cipher.AEAD {
	secret := k.Reveal()
	key := derive(secret[:], "mayfly/manifest/v1")
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		panic(err) // cannot happen: the key has the right length
	}
	return aead
}

// manifestContext is what the seal of a manifest binds beside it: version, suite and where it is.
func (k ProfileKey) manifestContext() []byte {
	b, locator := preamble(), k.Locator()
	b.add(locator[:])
	return b
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
