package chat

import "github.com/seed-7b314ca8/mayfly/wire"

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
	return nil, ErrInvalid
}

// OpenEnvelope opens what waited in the mailbox of id with the one of keys that it was sealed to, and refuses what is
// addressed to somebody else or past its time. The frame it returns is not yet verified: anybody may have made it.
//
// Now is the time, which may be far later than that at which item was received.
func OpenEnvelope(id *Identity, keys []*MailboxKey, item *wire.Item, now int64) (*Frame, error) {
	return nil, ErrMalformed
}

// A Frame is an opened envelope whose sender is not yet verified.
type Frame struct {
	wire.Unprintable
}

// Sender returns the account that the frame says it is from: whose manifest to verify it against.
func (f *Frame) Sender() AccountID { return AccountID{} }

// ManifestHash returns the hash of the sender's manifest that the frame names.
func (f *Frame) ManifestHash() wire.Hash { return wire.Hash{} }

// Introduced reports whether the frame brings the manifest along.
func (f *Frame) Introduced() bool { return false }

// Epoch returns that of the mailbox key that the frame came under.
func (f *Frame) Epoch() uint32 { return 0 }

// Verify verifies the frame and returns its message, and the sender's manifest that it was verified against, which is
// to be remembered if its Seq is higher than that of known.
//
// Known is the newest manifest of the sender that the recipient verified, or nil for a stranger. If neither it nor what
// the frame brings along is the manifest that the frame names, the error is [ErrUnknownManifest]. A frame under an
// older manifest than known is accepted only if known still lists the same device.
func (f *Frame) Verify(known *Manifest) (*Message, *Manifest, error) {
	return nil, nil, ErrUnknownManifest
}
