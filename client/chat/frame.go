package chat

import (
	"fmt"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// frameMessage is the type of a frame that carries a signed message. Type 2 is that of sessions.
const frameMessage = 1

const messageLabel = "mayfly/message/v1"

// sentBefore is how much older than its arrival a message may say that it is.
const sentBefore = 48 * time.Hour

// maxAfter is the longest After.
const maxAfter = wire.EnvelopeLife

// A Frame is an opened envelope whose sender is not yet verified.
type Frame struct {
	wire.Unprintable

	sender   AccountID
	device   uint32
	manifest wire.Hash
	to       destination
	message  *Message
	received int64

	signed, sig []byte
}

// A destination is whom a frame is for.
type destination struct {
	account AccountID
	device  uint32
	mailbox wire.MailboxID
	epoch   uint32
}

// Sender returns the account that the frame says it is from: whose manifest to verify it against.
func (f *Frame) Sender() AccountID { return f.sender }

// ManifestHash returns the hash of the sender's manifest that the frame names.
func (f *Frame) ManifestHash() wire.Hash { return f.manifest }

// Introduced reports whether the frame brings the manifest along.
func (f *Frame) Introduced() bool { return f.message.Introduction != nil }

// Epoch returns that of the mailbox key that the frame came under.
func (f *Frame) Epoch() uint32 { return f.to.epoch }

// signFrame returns the frame in which id says m to a destination. The bytes that are signed are the bytes that are
// sent: nobody encodes them again.
func signFrame(id *Identity, manifest wire.Hash, to destination, m *Message) ([]byte, error) {
	body, err := m.body()
	if err != nil {
		return nil, err
	}
	account := id.Account()
	b := builder(messageLabel)
	b.u8(Suite)
	b.add(account[:])
	b.u32(id.Device)
	b.add(manifest[:], to.account[:])
	b.u32(to.device)
	b.add(to.mailbox[:])
	b.u32(to.epoch)
	b.add(m.ID[:])
	b.num(m.Sent)
	b.num(m.Expiry.At)
	b.u32(uint32(m.Expiry.After / time.Second))
	b.u32(uint32(len(body)))
	b.add(body)
	return append(append([]byte{frameMessage}, b...), id.device.Sign(b)...), nil
}

// parseFrame is the inverse of signFrame. It verifies nothing.
func parseFrame(b []byte) (*Frame, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("%w frame", ErrMalformed)
	}
	if b[0] != frameMessage {
		return nil, fmt.Errorf("%w (frame of type %d)", ErrVersion, b[0])
	}
	signed := cursor{b: b[1:]}
	signed.must(len(signed.b) >= signatureSize)
	f := &Frame{signed: signed.take(len(signed.b) - signatureSize)}
	f.sig = signed.take(signatureSize)
	if err := signed.end("frame"); err != nil {
		return nil, err
	}
	return f, f.parseSigned(&cursor{b: f.signed})
}

func (f *Frame) parseSigned(c *cursor) error {
	c.must(string(c.take(len(messageLabel))) == messageLabel)
	if suite := c.u8(); !c.fail && suite != Suite {
		return fmt.Errorf("%w (frame of suite %d)", ErrVersion, suite)
	}
	f.sender, f.device, f.manifest = c.row(), c.u32(), c.row()
	f.to = destination{account: c.row(), device: c.u32(), mailbox: c.row(), epoch: c.u32()}
	m := &Message{ID: c.half(), Sent: c.num()}
	m.Expiry = Expiry{At: c.num(), After: time.Duration(c.u32()) * time.Second}
	c.must(m.ID != MessageID{} && m.Expiry.After <= maxAfter)
	body := c.take(int(c.u32()))
	if err := c.end("frame"); err != nil {
		return err
	}
	f.message = m
	return m.parseBody(body)
}

// admit decides whether what f says of itself lets the recipient go on. Who signed it is not known yet.
func (f *Frame) admit(us destination, received, now int64) error {
	m := f.message
	switch {
	case f.to != us:
		return ErrNotForUs
	case now >= m.Expiry.At:
		return fmt.Errorf("%w: the message", ErrExpired)
	case m.Expiry.At > received+seconds(wire.EnvelopeLife+wire.MaxRounding):
		return fmt.Errorf("%w frame: it expires later than anything may", ErrMalformed)
	}
	if i := m.Introduction; i != nil && (i.Manifest.Account() != f.sender || i.Manifest.Hash() != f.manifest) {
		return fmt.Errorf("%w: introduced by the manifest of another", ErrForged)
	}
	f.received = received
	m.Sent = min(max(m.Sent, received-seconds(sentBefore)), received+seconds(wire.SignatureWindow))
	return nil
}

// Verify verifies the frame and returns its message, and the sender's manifest that it was verified against, which is
// to be remembered if its Seq is higher than that of known.
//
// Known is the newest manifest of the sender that the recipient verified, or nil for a stranger. If neither it nor what
// the frame brings along is the manifest that the frame names, the error is [ErrUnknownManifest]. A frame under an
// older manifest than known is accepted only if known still lists the same device.
func (f *Frame) Verify(known *Manifest) (*Message, *Manifest, error) {
	m, err := f.named(known)
	if err != nil {
		return nil, nil, err
	}
	device := m.Device(f.device)
	switch {
	case device == nil:
		return nil, nil, fmt.Errorf("%w: from a device that its account does not have", ErrForged)
	case !verify(device.Key, f.signed, f.sig):
		return nil, nil, fmt.Errorf("%w: the signature of a message", ErrForged)
	case device.Caps&CapSessions != 0:
		return nil, nil, ErrDowngrade
	case f.received >= m.NotAfter:
		return nil, nil, fmt.Errorf("%w: the sender's manifest", ErrExpired)
	}
	return f.message, m, nil
}

// named returns the manifest that f names, if it agrees with the one that is known.
func (f *Frame) named(known *Manifest) (*Manifest, error) {
	if known != nil && known.Account() != f.sender {
		return nil, fmt.Errorf("%w: the known manifest is of another account", ErrForged)
	}
	if known != nil && known.Hash() == f.manifest {
		return known, nil
	}
	if !f.Introduced() {
		return nil, ErrUnknownManifest
	}
	m := f.message.Introduction.Manifest
	switch {
	case known == nil:
		return m, nil
	case m.Seq < known.Seq:
		return m, f.stillListed(m, known)
	case !m.follows(known.Head()):
		return nil, fmt.Errorf("%w: number %d", ErrEquivocation, m.Seq)
	}
	return m, nil
}

// stillListed returns an error unless the newest manifest lists the sending device as the older one does. Otherwise
// who has a stolen device could go on with an old manifest after it was struck off.
func (f *Frame) stillListed(older, newest *Manifest) error {
	then, today := older.Device(f.device), newest.Device(f.device)
	switch {
	case then == nil || today == nil || then.Key != today.Key:
		return fmt.Errorf("%w: from a device that its account has no more", ErrRollback)
	case today.Caps&CapSessions != 0:
		return ErrDowngrade
	}
	return nil
}
