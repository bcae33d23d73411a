package chat

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// An Identity is an account as one of its devices holds it: the secrets of account, device and mailbox, and the keys
// that were made for one server, none of which another server ever sees.
//
// To block somebody, replace Profile, Intro and Delivery, store the manifest at the new locator, tell the server of
// the mailbox, and send the new ones to everybody else.
type Identity struct {
	wire.Unprintable

	Server   Server         // where mailbox and locator are
	Device   uint32         // this device among those of the account
	Mailbox  wire.MailboxID // its address
	Profile  ProfileKey
	Intro    IntroKey
	Delivery wire.Token // the mailbox's delivery key: for accepted contacts

	account, device, quota, owner SigningKey
}

// NewIdentity returns a new account with one device, whose mailbox is to be at server.
func NewIdentity(server Server) *Identity {
	id := &Identity{
		Server: server, Device: newDeviceID(), Profile: NewProfileKey(), Intro: NewIntroKey(), Delivery: wire.NewToken(),
		account: NewSigningKey(), device: NewSigningKey(), quota: NewSigningKey(), owner: NewSigningKey(),
	}
	rand.Read(id.Mailbox[:])
	return id
}

// newDeviceID returns a random number, so that no device ever has that of another before it. Zero is none.
func newDeviceID() uint32 {
	var b [4]byte
	for {
		rand.Read(b[:])
		if n := binary.BigEndian.Uint32(b[:]); n != 0 {
			return n
		}
	}
}

// ParseIdentity is the inverse of [Identity.Encode].
func ParseIdentity(b []byte) (*Identity, error) {
	c, err := begin(b, "identity")
	if err != nil {
		return nil, err
	}
	id := new(Identity)
	id.Server = c.server()
	id.Device = c.u32()
	id.Mailbox = c.row()
	id.Profile, id.Intro = ProfileKeyOf(c.row()), IntroKeyOf(c.half())
	id.Delivery = wire.TokenOf(c.row())
	for _, k := range id.keys() {
		*k = signingKeyOf(c.row())
	}
	c.must(id.Device != 0)
	if err := c.end("identity"); err != nil {
		return nil, err
	}
	return id, nil
}

// Encode returns id, secrets included, for the ring.
func (id *Identity) Encode() []byte {
	b := preamble()
	b.server(id.Server)
	b.u32(id.Device)
	profile, intro, delivery := id.Profile.Reveal(), id.Intro.Reveal(), id.Delivery.Reveal()
	b.add(id.Mailbox[:], profile[:], intro[:], delivery[:])
	for _, k := range id.keys() {
		seed := k.Reveal()
		b.add(seed[:])
	}
	return b
}

// keys lists the signing keys of id in the order in which they are encoded.
func (id *Identity) keys() []*SigningKey {
	return []*SigningKey{&id.account, &id.device, &id.quota, &id.owner}
}

// Account returns who id is.
func (id *Identity) Account() AccountID { return AccountOf(id.account.Public()) }

// Card returns what id gives to others.
func (id *Identity) Card() Card {
	return Card{Server: id.Server, Account: id.Account(), Profile: id.Profile, Intro: id.Intro}
}

// QuotaKey returns the key that asks the server for tickets.
func (id *Identity) QuotaKey() SigningKey { return id.quota }

// MailboxOwner returns the key that reads and rules the mailbox.
func (id *Identity) MailboxOwner() SigningKey { return id.owner }

// LocatorKey returns the key that replaces the manifest. All devices of the account that hold its seed have it, and it
// differs from server to server.
func (id *Identity) LocatorKey() SigningKey {
	seed := id.account.Reveal()
	return signingKeyOf(derive(seed[:], "mayfly/locator/v1"+string(id.Server.ID[:])))
}

// Introduction returns what a message says of its sender to somebody who may not know them. The manifest is the
// current one of id.
func (id *Identity) Introduction(own *Manifest) *Introduction {
	return &Introduction{Manifest: own, Profile: id.Profile, Intro: id.Intro}
}
