package chat

import (
	"testing"
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// start is the time at which the stories of the tests begin: 2026-11-23 12:00 UTC.
const start = 1795435200

const day = int64(24 * time.Hour / time.Second)

var (
	home = Server{URL: "https://home.example.org", ID: wire.PublicKey{1}}
	away = Server{URL: "https://away.example.org:8443/mayfly", ID: wire.PublicKey{2}}
)

// A person is an identity with what its device remembers and publishes.
type person struct {
	*Identity
	manifest *Manifest
	keys     []*MailboxKey
	public   *PublicMailboxKey // of the newest key
}

func newPerson(t testing.TB, server Server) *person {
	t.Helper()
	p := &person{Identity: NewIdentity(server)}
	p.manifest = p.NewManifest(nil, start)
	p.rotate(t, start)
	return p
}

// rotate gives p its next mailbox key.
func (p *person) rotate(t testing.TB, now int64) {
	t.Helper()
	k := p.NewMailboxKey(uint32(len(p.keys)+1), now)
	p.keys = append(p.keys, k)
	public, err := ParsePublicMailboxKey(k.Sign(p.Identity))
	if err != nil {
		t.Fatal(err)
	}
	p.public = public
}

// address returns where others write to p.
func (p *person) address() *Address {
	return &Address{Account: p.Account(), Device: p.manifest.Device(p.Device), Key: p.public}
}

// newMessage returns a message that says text and brings along whatever sealing needs.
func newMessage(text string) *Message {
	return &Message{ID: NewMessageID(), Sent: start, Expiry: Expiry{At: start + 7*day}, Text: text}
}

// seal returns the envelope in which p says m to another.
func (p *person) seal(t testing.TB, to *person, m *Message) []byte {
	t.Helper()
	envelope, err := SealEnvelope(p.Identity, p.manifest, to.address(), m)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

// open opens an envelope that has just come to p.
func (p *person) open(envelope []byte) (*Frame, error) {
	return OpenEnvelope(p.Identity, p.keys, arrived(envelope), start+60)
}

// receive opens and verifies an envelope that has just come to p.
func (p *person) receive(envelope []byte, known *Manifest) (*Message, error) {
	f, err := p.open(envelope)
	if err != nil {
		return nil, err
	}
	m, _, err := f.Verify(known)
	return m, err
}

// arrived returns what the server says of an envelope that it got a minute after the start.
func arrived(envelope []byte) *wire.Item {
	return &wire.Item{Seq: 1, Received: start + 60, At: start + 7*day, Via: wire.ViaDelivery, Envelope: envelope}
}

// newAttachment returns an attachment that describes some blob.
func newAttachment(name string) Attachment {
	const length = 3 << 20
	size := wire.BlobSize(wire.PaddedSize(length))
	return Attachment{
		Blob: wire.BlobID{3}, Root: wire.Hash{5}, Size: size, PartSize: 1 << 20, Length: length,
		Name: name, Type: "image/jpeg",
	}
}
