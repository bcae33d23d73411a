package chat

import "github.com/seed-7b314ca8/mayfly/wire"

// A SigningKey is an Ed25519 key that prints as [key].
type SigningKey struct {
	wire.Unprintable
	seed [32]byte
}

// NewSigningKey returns a random key.
func NewSigningKey() SigningKey { return SigningKey{} }

// Public returns the public half of k.
func (k SigningKey) Public() wire.PublicKey { return wire.PublicKey{} }

// Sign returns the 64 bytes of the signature of message.
func (k SigningKey) Sign(message []byte) []byte { return nil }

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
func NewIdentity(server Server) *Identity { return nil }

// ParseIdentity is the inverse of [Identity.Encode].
func ParseIdentity(b []byte) (*Identity, error) { return nil, ErrMalformed }

// Encode returns id, secrets included, for the ring.
func (id *Identity) Encode() []byte { return nil }

// Account returns who id is.
func (id *Identity) Account() AccountID { return AccountID{} }

// Card returns what id gives to others.
func (id *Identity) Card() Card { return Card{} }

// QuotaKey returns the key that asks the server for tickets.
func (id *Identity) QuotaKey() SigningKey { return id.quota }

// MailboxOwner returns the key that reads and rules the mailbox.
func (id *Identity) MailboxOwner() SigningKey { return id.owner }

// LocatorKey returns the key that replaces the manifest. All devices of the account that hold its seed have it, and it
// differs from server to server.
func (id *Identity) LocatorKey() SigningKey { return SigningKey{} }

// Introduction returns what a message says of its sender to somebody who may not know them. The manifest is the
// current one of id.
func (id *Identity) Introduction(own *Manifest) *Introduction { return nil }
