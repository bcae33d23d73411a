package chat

import "github.com/seed-7b314ca8/mayfly/wire"

// An Invite enrols one quota key at a server, and nothing else. Its code is worth a place there, so it prints as
// [key].
type Invite struct {
	wire.Unprintable

	URL    string // of the server, in the form that [NormalizeURL] gives
	Code   [wire.InviteCodeSize]byte
	Server wire.PublicKey
}

// ParseInvite is the inverse of [Invite.Encode]. It takes an address in any form that [NormalizeURL] does, and white
// space around it.
func ParseInvite(s string) (i Invite, err error) {
	var secret [len(i.Code) + len(i.Server)]byte
	i.URL, err = parseText(textInvite, s, secret[:])
	if err != nil {
		return Invite{}, err
	}
	c := cursor{b: secret[:]}
	i.Code, i.Server = c.half(), c.row()
	return i, nil
}

// Encode returns URL, "/i#1." and base64url of code and server id.
func (i Invite) Encode() string {
	return encodeText(textInvite, i.URL, i.secret())
}

// secret returns what stands behind the version.
func (i Invite) secret() []byte {
	var b builder
	b.add(i.Code[:], i.Server[:])
	return b
}

// At returns the server that i enrols at.
func (i Invite) At() Server { return Server{URL: i.URL, ID: i.Server} }
