package chat

import (
	"time"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// Limits of a message. All of it must also fit into an envelope.
const (
	MaxAttachments = 64
	MaxForgotten   = 256
)

// A MessageID names a message of one sender. Remember it together with the sender's account until the mailbox key of
// its envelope is erased: a second message with both the same is a replay.
type MessageID [16]byte

// NewMessageID returns a random id.
func NewMessageID() MessageID { return MessageID{} }

// String returns id in base64url.
func (id MessageID) String() string { return wire.EncodeText(id[:]) }

// An Expiry says when a message and its blobs go.
type Expiry struct {
	At    int64         // Unix seconds; see [wire.RoundAt]. Every message has one.
	After time.Duration // whole seconds after it was first shown; zero: only at At
}

// A Message is what is said.
type Message struct {
	wire.Unprintable

	ID     MessageID
	Sent   int64 // Unix seconds; in an opened message never outside of what its arrival allows
	Expiry Expiry

	Text         string
	Attachments  []Attachment
	Introduction *Introduction // nil where the recipient is sure to know the sender
	Delivery     wire.Token    // of the sender's mailbox; zero: not given. For accepted contacts only
	Forgotten    []MessageID   // of messages to the sender of this one, which their recipient has forgotten
}

// An Introduction lets the recipient of a message verify it, and answer, without asking any server. A sender includes
// its own until the recipient has written since the manifest was issued.
type Introduction struct {
	wire.Unprintable

	Manifest *Manifest
	Profile  ProfileKey
	Intro    IntroKey
}

// Card returns the contact string of who introduces themselves.
func (i *Introduction) Card() Card { return Card{} }
