package chat

import (
	"crypto/hpke"
	"fmt"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// Times in the life of a mailbox key.
const (
	MailboxKeyLife   = 60 * 24 * time.Hour // from its making to its not-after
	MailboxKeyRotate = 7 * 24 * time.Hour  // from its making to its successor's
	MailboxKeyGrace  = 30 * 24 * time.Hour // from its successor's making to its erasure
)

const mailboxKeyLabel = "mayfly/mailbox-key/v1"

// kemPublicSize is the length of an X-Wing public key in bytes.
const kemPublicSize = 1216

// A MailboxKey is the private half of a mailbox key: envelopes of its epoch open with it.
type MailboxKey struct {
	wire.Unprintable

	Mailbox  wire.MailboxID
	Epoch    uint32 // from 1; every key has a higher one than the key before
	Created  int64  // Unix seconds
	NotAfter int64  // Unix seconds

	seed wire.Veil
}

// NewMailboxKey returns a new key for the mailbox of id.
func (id *Identity) NewMailboxKey(epoch uint32, now int64) *MailboxKey {
	return &MailboxKey{
		Mailbox: id.Mailbox, Epoch: epoch, Created: now, NotAfter: now + seconds(MailboxKeyLife), seed: wire.NewVeil(),
	}
}

// ParseMailboxKey is the inverse of [MailboxKey.Encode].
func ParseMailboxKey(b []byte) (*MailboxKey, error) {
	c, err := begin(b, "mailbox key")
	if err != nil {
		return nil, err
	}
	k := &MailboxKey{Mailbox: c.row(), Epoch: c.u32(), Created: c.num(), NotAfter: c.num(), seed: wire.VeilOf(c.row())}
	c.must(k.Epoch != 0)
	if err := c.end("mailbox key"); err != nil {
		return nil, err
	}
	return k, nil
}

// Encode returns k, its secret included, for the ring.
func (k *MailboxKey) Encode() []byte {
	b := preamble()
	b.add(k.Mailbox[:])
	b.u32(k.Epoch)
	b.num(k.Created)
	b.num(k.NotAfter)
	seed := k.seed.Reveal()
	b.add(seed[:])
	return b
}

// NeedsRotation reports whether k, the newest key, should have a successor.
func (k *MailboxKey) NeedsRotation(now int64) bool { return now >= k.Created+seconds(MailboxKeyRotate) }

// EraseAt returns when k must be erased: 30 days after its successor was made, which is zero if there is none, and at
// not-after in any case.
func (k *MailboxKey) EraseAt(successorCreated int64) int64 {
	if successorCreated == 0 {
		return k.NotAfter
	}
	return min(k.NotAfter, successorCreated+seconds(MailboxKeyGrace))
}

// private returns k as HPKE has it.
func (k *MailboxKey) private() hpke.PrivateKey {
	seed := k.seed.Reveal()
	private, err := hpke.MLKEM768X25519().NewPrivateKey(seed[:])
	if err != nil {
		panic(err) // cannot happen: every seed of 32 bytes is a key
	}
	return private
}

// Sign returns the public half of k, signed by the device that id is, in the form that the server keeps.
func (k *MailboxKey) Sign(id *Identity) []byte {
	public := &PublicMailboxKey{Epoch: k.Epoch, NotAfter: k.NotAfter, pub: k.private().PublicKey().Bytes()}
	public.sig = id.device.Sign(public.base(k.Mailbox))
	return public.Encode()
}

// A PublicMailboxKey is what senders seal envelopes to.
type PublicMailboxKey struct {
	Epoch    uint32
	NotAfter int64 // Unix seconds

	pub, sig []byte
}

// ParsePublicMailboxKey parses what the server keeps. The key must still be verified.
func ParsePublicMailboxKey(b []byte) (*PublicMailboxKey, error) {
	c, err := begin(b, "signed mailbox key")
	if err != nil {
		return nil, err
	}
	k := &PublicMailboxKey{Epoch: c.u32(), NotAfter: c.num()}
	k.pub = append(k.pub, c.take(kemPublicSize)...)
	k.sig = append(k.sig, c.take(signatureSize)...)
	c.must(k.Epoch != 0)
	if err := c.end("signed mailbox key"); err != nil {
		return nil, err
	}
	return k, nil
}

// Verify reports whether k is a key for the mailbox of device, signed by it, not of a lower epoch than was seen, not
// expired, and not valid for longer than a key may be.
func (k *PublicMailboxKey) Verify(device *Device, seen uint32, now int64) error {
	switch {
	case !verify(device.Key, k.base(device.Mailbox), k.sig):
		return fmt.Errorf("%w: the signature of a mailbox key", ErrForged)
	case k.Epoch < seen:
		return fmt.Errorf("%w: mailbox key %d after %d", ErrRollback, k.Epoch, seen)
	case now >= k.NotAfter:
		return fmt.Errorf("%w: the mailbox key; its owner has not been here for long", ErrExpired)
	case k.NotAfter > now+seconds(MailboxKeyLife+wire.SignatureWindow):
		return fmt.Errorf("%w: a mailbox key that is valid for more than 60 days", ErrForged)
	}
	return nil
}

// base returns what the device signs.
func (k *PublicMailboxKey) base(mailbox wire.MailboxID) []byte {
	b := builder(mailboxKeyLabel)
	b.add(mailbox[:])
	b.u32(k.Epoch)
	b.add(k.pub)
	b.num(k.NotAfter)
	return b
}

// Encode is the inverse of [ParsePublicMailboxKey].
func (k *PublicMailboxKey) Encode() []byte {
	b := preamble()
	b.u32(k.Epoch)
	b.num(k.NotAfter)
	b.add(k.pub, k.sig)
	return b
}

// kem returns k as HPKE has it. A device may have signed bytes that are no key.
func (k *PublicMailboxKey) kem() (hpke.PublicKey, error) {
	public, err := hpke.MLKEM768X25519().NewPublicKey(k.pub)
	if err != nil {
		return nil, fmt.Errorf("%w mailbox key: %w", ErrMalformed, err)
	}
	return public, nil
}
