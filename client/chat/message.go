package chat

import (
	"crypto/rand"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// Limits of a message. All of it must also fit into an envelope.
const (
	MaxAttachments = 64
	MaxForgotten   = 256
)

// A MessageID names a message of one sender. Remember it together with the sender's account at least until the message's
// At: a second message with both the same is a replay.
type MessageID [16]byte

// NewMessageID returns a random id.
func NewMessageID() (id MessageID) {
	rand.Read(id[:])
	return id
}

// String returns id in base64url.
func (id MessageID) String() string { return wire.EncodeText(id[:]) }

// An Expiry says when a message and its blobs go.
type Expiry struct {
	At    int64         // Unix seconds; see [wire.RoundAt]. Every message has one.
	After time.Duration // whole seconds after it was first shown, 30 days at most; zero: only at At
}

// A Message is what is said.
type Message struct {
	wire.Unprintable

	ID     MessageID
	Sent   int64 // Unix seconds; in an opened message never outside of what its arrival allows
	Expiry Expiry

	Text         string // UTF-8. It comes from somebody else: who shows it on a terminal makes it harmless first
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
func (i *Introduction) Card() Card {
	return Card{
		Server: i.Manifest.Devices[0].Server, Account: i.Manifest.Account(), Profile: i.Profile, Intro: i.Intro,
	}
}

// The tags of the sections of a body, in the order in which they stand there. Each is there once or not at all, and
// never empty.
const (
	tagText         = 1
	tagAttachments  = 2
	tagIntroduction = 3
	tagDelivery     = 4
	tagForgotten    = 5
)

// body returns what m says, in the one encoding that it has.
func (m *Message) body() ([]byte, error) {
	if !utf8.ValidString(m.Text) {
		return nil, fmt.Errorf("%w: the text is not UTF-8", ErrInvalid)
	}
	if len(m.Attachments) > MaxAttachments || len(m.Forgotten) > MaxForgotten {
		return nil, ErrTooLong
	}
	attachments, err := m.attachments()
	if err != nil {
		return nil, err
	}
	b := builder{version}
	b.section(tagText, []byte(m.Text))
	b.section(tagAttachments, attachments)
	b.section(tagIntroduction, m.Introduction.encode())
	if delivery := m.Delivery.Reveal(); !m.Delivery.IsZero() {
		b.section(tagDelivery, delivery[:])
	}
	var forgotten builder
	for _, id := range m.Forgotten {
		forgotten.add(id[:])
	}
	b.section(tagForgotten, forgotten)
	return b, nil
}

func (b *builder) section(tag uint8, value []byte) {
	if len(value) == 0 {
		return
	}
	b.u8(tag)
	b.u32(uint32(len(value)))
	b.add(value)
}

func (m *Message) attachments() ([]byte, error) {
	var b builder
	for i := range m.Attachments {
		a, err := m.Attachments[i].Encode()
		if err != nil {
			return nil, err
		}
		b.u16(uint16(len(a))) // far below 64 KiB: names and addresses are at most 255 bytes long
		b.add(a)
	}
	return b, nil
}

func (i *Introduction) encode() []byte {
	if i == nil {
		return nil
	}
	var b builder
	profile, intro := i.Profile.Reveal(), i.Intro.Reveal()
	b.add(profile[:], intro[:], i.Manifest.raw)
	return b
}

// parseBody is the inverse of body. It fills in what m says.
func (m *Message) parseBody(b []byte) error {
	if len(b) == 0 {
		return fmt.Errorf("%w message: it has no body", ErrMalformed)
	}
	if b[0] != version {
		return fmt.Errorf("%w (message of version %d)", ErrVersion, b[0])
	}
	c := &cursor{b: b[1:]}
	for last := uint8(0); len(c.b) > 0 && !c.fail; {
		tag, value := c.u8(), c.take(int(c.u32()))
		c.must(tag > last && len(value) > 0)
		last = tag
		if c.fail {
			break
		}
		if err := m.parseSection(tag, &cursor{b: value}); err != nil {
			return err
		}
	}
	return c.end("message")
}

func (m *Message) parseSection(tag uint8, c *cursor) error {
	switch tag {
	case tagText:
		m.Text = string(c.take(len(c.b)))
		c.must(utf8.ValidString(m.Text))
	case tagAttachments:
		return m.parseAttachments(c)
	case tagIntroduction:
		return m.parseIntroduction(c)
	case tagDelivery:
		m.Delivery = wire.TokenOf(c.row())
		c.must(!m.Delivery.IsZero())
	case tagForgotten:
		c.must(len(c.b) <= MaxForgotten*len(MessageID{}))
		for len(c.b) > 0 && !c.fail {
			m.Forgotten = append(m.Forgotten, c.half())
		}
	default:
		return fmt.Errorf("%w (message with a section %d)", ErrVersion, tag)
	}
	return c.end("message")
}

func (m *Message) parseAttachments(c *cursor) error {
	for len(c.b) > 0 && !c.fail {
		b := c.take(int(c.u16()))
		c.must(len(m.Attachments) < MaxAttachments)
		if c.fail {
			break
		}
		a, err := parseAttachment(b)
		if err != nil {
			return err
		}
		m.Attachments = append(m.Attachments, *a)
	}
	return c.end("message")
}

func (m *Message) parseIntroduction(c *cursor) (err error) {
	m.Introduction = &Introduction{Profile: ProfileKeyOf(c.row()), Intro: IntroKeyOf(c.half())}
	if c.fail {
		return c.end("introduction")
	}
	m.Introduction.Manifest, err = ParseManifest(c.b)
	return err
}
