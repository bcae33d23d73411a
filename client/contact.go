package client

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A Contact is somebody we accepted, or, among requests, somebody who asks to be.
type Contact struct {
	Name     string // ours for them; for a request, what to accept it by
	Account  chat.AccountID
	Server   chat.Server
	Verified bool // the safety number was compared
	Heard    bool // they wrote to us
}

// A contactRecord is what the ring remembers of a contact, or of a stranger.
type contactRecord struct {
	Card     hidden            // their contact string
	Manifest []byte            // the newest that was verified
	Epochs   map[uint32]uint32 // the newest mailbox key seen, by device
	Delivery hidden            // their delivery key, if they gave it
	Verified bool
	Heard    int64 // when they sent the last message that we have, in Unix seconds; 0: none

	name string
	card chat.Card
}

// contact loads the contact called name.
func (c *Client) contact(name string) (*contactRecord, error) {
	rec := &contactRecord{name: name}
	ok, err := c.get(kindContact, name, rec)
	if err == nil && !ok {
		err = fmt.Errorf("%w: %q", ErrNoContact, name)
	}
	if err != nil {
		return nil, err
	}
	return rec, rec.parse()
}

func (rec *contactRecord) parse() (err error) {
	rec.card, err = chat.ParseCard(string(rec.Card))
	return err
}

func (c *Client) saveContact(rec *contactRecord) error {
	return c.put(keyring.Never, kindContact, rec.name, rec)
}

// contactOf loads the contact that an account is, or nil.
func (c *Client) contactOf(account chat.AccountID) (*contactRecord, error) {
	recs, err := c.contacts(kindContact)
	if err != nil {
		return nil, err
	}
	for _, rec := range recs {
		if rec.card.Account == account {
			return rec, nil
		}
	}
	return nil, nil
}

// contacts loads all contacts, or all requests.
func (c *Client) contacts(kind string) (recs []*contactRecord, err error) {
	for name, value := range c.Ring.All(kind) {
		rec := &contactRecord{name: name}
		if err := decodeRecord(kind, value, rec); err != nil {
			return nil, err
		}
		if err := rec.parse(); err != nil {
			return nil, err
		}
		recs = append(recs, rec)
	}
	return recs, nil
}

func (rec *contactRecord) public() Contact {
	return Contact{
		Name: rec.name, Account: rec.card.Account, Server: rec.card.Server, Verified: rec.Verified,
		Heard: rec.Heard > 0,
	}
}

// Contacts returns all contacts, by name.
func (c *Client) Contacts() ([]Contact, error) { return c.list(kindContact) }

// Requests returns the strangers who wrote and were not accepted. The Name of each is what [Client.AddContact] takes.
func (c *Client) Requests() ([]Contact, error) { return c.list(kindRequest) }

func (c *Client) list(kind string) (list []Contact, err error) {
	recs, err := c.contacts(kind)
	for _, rec := range recs {
		list = append(list, rec.public())
	}
	return list, err
}

// Contact returns the contact called name; the error matches [ErrNoContact] if there is none.
func (c *Client) Contact(name string) (Contact, error) {
	rec, err := c.contact(name)
	if err != nil {
		return Contact{}, err
	}
	return rec.public(), nil
}

// AddContact accepts somebody under a name of ours: by their contact string, or by the name of a request. Messages of
// theirs that came as requests are messages from then on.
func (c *Client) AddContact(name, card string) (Contact, error) {
	if _, err := c.enrolled(); err != nil {
		return Contact{}, err
	}
	if err := checkName(name); err != nil {
		return Contact{}, err
	}
	rec, err := c.newContact(card)
	if err != nil {
		return Contact{}, err
	}
	if err := c.checkFree(name, rec.card.Account); err != nil {
		return Contact{}, err
	}
	rec.name = name
	if err := c.saveContact(rec); err != nil {
		return Contact{}, err
	}
	return rec.public(), c.Ring.Delete(kindRequest, rec.card.Account.String())
}

// newContact makes a record of a contact string or of a request. What a request brought along is taken over.
func (c *Client) newContact(card string) (*contactRecord, error) {
	rec := new(contactRecord)
	parsed, err := chat.ParseCard(card)
	if err != nil {
		return c.request(strings.TrimSpace(card), err)
	}
	if known, err := c.request(parsed.Account.String(), nil); err == nil {
		rec = known
	}
	rec.Card, rec.card = hidden(parsed.Encode()), parsed
	return rec, nil
}

// request loads a request by its name. If there is none, the error is what else was wrong with the name.
func (c *Client) request(name string, otherwise error) (*contactRecord, error) {
	rec := new(contactRecord)
	ok, err := c.get(kindRequest, name, rec)
	if err == nil && !ok {
		err = errors.Join(otherwise, ErrNoContact)
	}
	if err != nil {
		return nil, err
	}
	return rec, rec.parse()
}

// checkFree refuses a second contact of one name, a second name for one account, and ourselves.
func (c *Client) checkFree(name string, account chat.AccountID) error {
	if me, _, err := c.Self(); err != nil || me == account {
		return errors.Join(err, fmt.Errorf("%w: that contact string is our own", ErrContactExists))
	}
	if other, err := c.contactOf(account); err != nil || other != nil {
		if other == nil || other.name == name {
			return errors.Join(err, fmt.Errorf("%w: %q", ErrContactExists, name))
		}
		return fmt.Errorf("%w: it is called %q", ErrContactExists, other.name)
	}
	if _, err := c.contact(name); err == nil {
		return fmt.Errorf("%w: %q is somebody else", ErrContactExists, name)
	}
	return nil
}

// checkName refuses names that could not be typed, or would be misread.
func checkName(name string) error {
	bad := func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) || r == ',' }
	if name == "" || len(name) > 64 || strings.ContainsFunc(name, bad) || strings.HasPrefix(name, "-") {
		return fmt.Errorf("client: %q cannot be the name of a contact: it takes 1 to 64 letters, digits or signs, without spaces and commas", name)
	}
	return nil
}

// SafetyNumber returns what to compare with a contact, face to face or on the telephone.
func (c *Client) SafetyNumber(name string) (string, error) {
	me, _, err := c.Self()
	if err != nil {
		return "", err
	}
	rec, err := c.contact(name)
	if err != nil {
		return "", err
	}
	return chat.SafetyNumber(me, rec.card.Account), nil
}

// SetVerified remembers whether the safety number of a contact was compared.
func (c *Client) SetVerified(name string, verified bool) error {
	rec, err := c.contact(name)
	if err != nil {
		return err
	}
	rec.Verified = verified
	return c.saveContact(rec)
}

// access returns what to show at the mailbox of a contact: the delivery key if they gave it, or else the intro key.
func (rec *contactRecord) access() []wire.Token {
	intro := rec.card.Intro.Token()
	if len(rec.Delivery) == 0 {
		return []wire.Token{intro}
	}
	return []wire.Token{rec.Delivery.token(), intro}
}
