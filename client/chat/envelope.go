package chat

import (
	"crypto/hpke"
	"fmt"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// Sizes in an envelope, in bytes: what precedes the sealed part (version, suite and epoch), and what X-Wing and the
// tag add to it.
const (
	envelopeHeader = 2 + 4
	kemSize        = 1120
	tagSize        = 16

	envelopeOverhead = envelopeHeader + kemSize + tagSize
)

// An Address is one device of a recipient: where an envelope goes.
type Address struct {
	Account AccountID
	Device  *Device           // of the account's manifest
	Key     *PublicMailboxKey // of the device's mailbox
}

// SealEnvelope returns the envelope that carries m from id, whose current manifest is own, to one device. It verifies
// the mailbox key against the device at the time m.Sent. [ErrTooLong] is a message that does not fit.
//
// Every call gives another envelope. To post again after an unclear answer, post the same one.
func SealEnvelope(id *Identity, own *Manifest, to *Address, m *Message) ([]byte, error) {
	if err := checkSending(id, own, to, m); err != nil {
		return nil, err
	}
	d := destination{account: to.Account, device: to.Device.ID, mailbox: to.Device.Mailbox, epoch: to.Key.Epoch}
	frame, err := signFrame(id, own.Hash(), d, m)
	if err != nil {
		return nil, err
	}
	return d.wrap(to.Key, frame)
}

// wrap seals a frame to the mailbox key of d.
func (d destination) wrap(key *PublicMailboxKey, frame []byte) ([]byte, error) {
	size, err := envelopeSize(len(frame))
	if err != nil {
		return nil, err
	}
	public, err := key.kem()
	if err != nil {
		return nil, err
	}
	plain := pad(frame, size-envelopeOverhead)
	sealed, err := hpke.Seal(public, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), d.info(), plain)
	if err != nil {
		return nil, fmt.Errorf("chat: seal: %w", err)
	}
	envelope := preamble()
	envelope.u32(d.epoch)
	envelope.add(sealed)
	return envelope, nil
}

// info returns what an envelope to d is bound to, beside its key.
func (d destination) info() []byte {
	b := builder("mayfly/env/v1")
	b.add(preamble())
	b.u32(d.epoch)
	b.add(d.mailbox[:])
	return b
}

// envelopeSize returns the smallest size of an envelope that holds a frame of n bytes.
func envelopeSize(n int) (int, error) {
	for _, size := range wire.EnvelopeSizes {
		if envelopeOverhead+lengthSize+n <= size {
			return size, nil
		}
	}
	return 0, ErrTooLong
}

// checkSending refuses what every recipient would.
func checkSending(id *Identity, own *Manifest, to *Address, m *Message) error {
	self := own.Device(id.Device)
	switch {
	case own.Account() != id.Account() || self == nil || self.Key != id.device.Public():
		return fmt.Errorf("%w: the manifest does not list this device", ErrInvalid)
	case (self.Caps|to.Device.Caps)&CapSessions != 0:
		return ErrDowngrade
	case m.Sent >= own.NotAfter:
		return fmt.Errorf("%w: this account's own manifest", ErrExpired)
	case m.Introduction != nil && m.Introduction.Manifest != own:
		return fmt.Errorf("%w: introduced by another manifest than the sender's", ErrInvalid)
	case m.ID == MessageID{}:
		return fmt.Errorf("%w: a message without an id", ErrInvalid)
	}
	if err := m.Expiry.check(m.Sent); err != nil {
		return err
	}
	return to.Key.Verify(to.Device, 0, m.Sent)
}

// check returns an error if a message sent then may not have the expiry e.
func (e Expiry) check(sent int64) error {
	switch {
	case sent < 0 || e.At <= sent:
		return fmt.Errorf("%w: the message would expire before it is sent", ErrInvalid)
	case e.At > sent+seconds(wire.EnvelopeLife+wire.MaxRounding):
		return fmt.Errorf("%w: a message lives for 30 days at most", ErrInvalid)
	case e.After < 0 || e.After > maxAfter || e.After%time.Second != 0:
		return fmt.Errorf("%w: after its first showing a message lives for whole seconds, and 30 days at most", ErrInvalid)
	}
	return nil
}

// OpenEnvelope opens what waited in the mailbox of id with the one of keys that it was sealed to, and refuses what is
// addressed to somebody else or past its time. The frame it returns is not yet verified: anybody may have made it.
//
// Now is the time, which may be far later than that at which item was received.
func OpenEnvelope(id *Identity, keys []*MailboxKey, item *wire.Item, now int64) (*Frame, error) {
	c, err := begin(item.Envelope, "envelope")
	if err != nil {
		return nil, err
	}
	epoch := c.u32()
	if c.fail || !wire.ValidEnvelopeSize(len(item.Envelope)) {
		return nil, fmt.Errorf("%w envelope: %d bytes", ErrMalformed, len(item.Envelope))
	}
	us := destination{account: id.Account(), device: id.Device, mailbox: id.Mailbox, epoch: epoch}
	key := us.key(keys, now)
	if key == nil {
		return nil, ErrUnknownKey
	}
	frame, err := us.unwrap(key, c.b)
	if err != nil {
		return nil, err
	}
	f, err := parseFrame(frame)
	if err != nil {
		return nil, err
	}
	if err := f.admit(us, item.Received, now); err != nil {
		return nil, err
	}
	return f, nil
}

// unwrap returns the frame that was sealed to the mailbox key of d.
func (d destination) unwrap(key *MailboxKey, sealed []byte) ([]byte, error) {
	plain, err := hpke.Open(key.private(), hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), d.info(), sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: the envelope", ErrTampered)
	}
	return unpad(plain, "envelope")
}

// key returns the key of d's mailbox and epoch, or nil. One whose time is up is as good as erased.
func (d destination) key(keys []*MailboxKey, now int64) *MailboxKey {
	for _, k := range keys {
		if k.Mailbox == d.mailbox && k.Epoch == d.epoch && now < k.NotAfter {
			return k
		}
	}
	return nil
}
