package client

import (
	"fmt"

	"github.com/seed-7b314ca8/mayfly/client/chat"
)

// identity returns who we are.
func (c *Client) identity() (*chat.Identity, error) {
	value, ok := c.Ring.Get(kindIdentity, self)
	if !ok {
		return nil, ErrNoIdentity
	}
	return chat.ParseIdentity(value)
}

// enrolled returns who we are, and is an error before all of the enrolment is done.
func (c *Client) enrolled() (*chat.Identity, error) {
	if _, ok := c.Ring.Get(kindEnrolled, self); !ok {
		return nil, ErrNoIdentity
	}
	return c.identity()
}

// Card returns our contact string, which is secret from all but those who may write to us.
func (c *Client) Card() (string, error) {
	id, err := c.enrolled()
	if err != nil {
		return "", err
	}
	return id.Card().Encode(), nil
}

// Self returns who we are and at which server.
func (c *Client) Self() (chat.AccountID, chat.Server, error) {
	id, err := c.enrolled()
	if err != nil {
		return chat.AccountID{}, chat.Server{}, err
	}
	return id.Account(), id.Server, nil
}

// manifest returns our newest manifest, or nil.
func (c *Client) manifest() (*chat.Manifest, error) {
	value, ok := c.Ring.Get(kindManifest, self)
	if !ok {
		return nil, nil
	}
	return chat.ParseManifest(value)
}

// mailboxKeys returns the private halves of our mailbox keys that are not yet erased, oldest first.
func (c *Client) mailboxKeys() ([]*chat.MailboxKey, error) {
	var keys []*chat.MailboxKey
	for _, value := range c.Ring.All(kindMailboxKey) {
		key, err := chat.ParseMailboxKey(value)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// epochName names a mailbox key in the ring, so that names sort as epochs do.
func epochName(epoch uint32) string { return fmt.Sprintf("%010d", epoch) }
