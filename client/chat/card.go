package chat

import (
	"crypto/rand"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// A Card is what a person gives to others, as a contact string or a QR code, so that they can write to them. Whoever
// has it can find the person's manifest and ask to be a contact; so it prints as [key].
type Card struct {
	wire.Unprintable

	Server  Server // of the locator and of the first device
	Account AccountID
	Profile ProfileKey
	Intro   IntroKey
}

const cardSize = 32 + 32 + 16 + 32

// ParseCard is the inverse of [Card.Encode]. It takes an address in any form that [NormalizeURL] does, and white space
// around it.
func ParseCard(s string) (k Card, err error) {
	var secret [cardSize]byte
	k.Server.URL, err = parseText(textCard, s, secret[:])
	if err != nil {
		return Card{}, err
	}
	c := cursor{b: secret[:]}
	k.Account, k.Profile, k.Intro, k.Server.ID = c.row(), ProfileKeyOf(c.row()), IntroKeyOf(c.half()), c.row()
	return k, nil
}

// Encode returns URL, "/c#1." and base64url of account id, profile key, intro key and server id.
func (k Card) Encode() string {
	return encodeText(textCard, k.Server.URL, k.secret())
}

// secret returns what stands behind the version.
func (k Card) secret() []byte {
	var b builder
	profile, intro := k.Profile.Reveal(), k.Intro.Reveal()
	b.add(k.Account[:], profile[:], intro[:], k.Server.ID[:])
	return b
}

// A ProfileKey finds and opens the manifest of an account. Contacts hold it; servers never do.
type ProfileKey struct{ wire.Veil }

// NewProfileKey returns a random key.
func NewProfileKey() ProfileKey { return ProfileKey{wire.NewVeil()} }

// ProfileKeyOf returns the key that consists of b.
func ProfileKeyOf(b [32]byte) ProfileKey { return ProfileKey{wire.VeilOf(b)} }

// Locator returns where the manifest is.
func (k ProfileKey) Locator() wire.LocatorID {
	b := k.Reveal()
	return derive(b[:], "mayfly/loc/v1")
}

// An IntroKey lets strangers leave a request in a mailbox, within a quota of its own.
type IntroKey struct {
	wire.Unprintable
	veil wire.Veil // over 16 bytes and zeros
}

// NewIntroKey returns a random key.
func NewIntroKey() IntroKey {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand.Read
	return IntroKeyOf(b)
}

// IntroKeyOf returns the key that consists of b.
func IntroKeyOf(b [16]byte) IntroKey {
	var row wire.Row
	copy(row[:], b[:])
	return IntroKey{veil: wire.VeilOf(row)}
}

// Reveal returns the bytes of k.
func (k IntroKey) Reveal() [16]byte {
	row := k.veil.Reveal()
	return [16]byte(row[:])
}

// Token returns what a request shows for k.
func (k IntroKey) Token() wire.Token {
	b := k.Reveal()
	return wire.TokenOf(derive(b[:], "mayfly/intro/v1"))
}
