package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// head returns what is remembered of the manifest of a contact.
func (rec *contactRecord) head() (chat.Head, error) {
	m, err := rec.manifest()
	if err != nil || m == nil {
		return chat.Head{}, err
	}
	return m.Head(), nil
}

// manifest returns the newest manifest of a contact that we verified, or nil.
func (rec *contactRecord) manifest() (*chat.Manifest, error) {
	if len(rec.Manifest) == 0 {
		return nil, nil
	}
	return chat.ParseManifest(rec.Manifest)
}

// lookup fetches the manifest of a contact from its locator and verifies that it goes on from what we know.
func (c *Client) lookup(ctx context.Context, rec *contactRecord) (*chat.Manifest, error) {
	r, err := c.remote(ctx, rec.card.Server)
	if err != nil {
		return nil, err
	}
	resp, err := r.do(ctx, &call{
		method: "GET", path: wire.LocatorPath(rec.card.Profile.Locator()), max: wire.MaxManifest,
	})
	if err != nil {
		return nil, err
	}
	m, err := chat.OpenManifest(rec.card.Profile, resp.Body)
	if err != nil {
		return nil, err
	}
	seen, err := rec.head()
	if err != nil {
		return nil, err
	}
	if err := m.Verify(rec.card.Account, seen, r.now()); err != nil {
		return nil, err
	}
	return m, c.learn(rec, m)
}

// learn remembers a verified manifest if it is newer than what we know.
func (c *Client) learn(rec *contactRecord, m *chat.Manifest) error {
	seen, err := rec.head()
	if err != nil || m.Seq <= seen.Seq {
		return err
	}
	rec.Manifest = m.Encode()
	return c.saveContact(rec)
}

// mailboxKey fetches the key of the mailbox of a device and verifies it. It returns the permission that did it too.
func (c *Client) mailboxKey(ctx context.Context, rec *contactRecord, d *chat.Device) (*chat.PublicMailboxKey, wire.Token, error) {
	r, err := c.remote(ctx, d.Server)
	if err != nil {
		return nil, wire.Token{}, err
	}
	body, access, err := r.getMailboxKey(ctx, rec, d)
	if err != nil {
		return nil, access, fmt.Errorf("the mailbox of %q does not take anything from us: %w", rec.name, err)
	}
	key, err := chat.ParsePublicMailboxKey(body)
	if err != nil {
		return nil, access, err
	}
	if err := key.Verify(d, rec.Epochs[d.ID], r.now()); err != nil {
		return nil, access, err
	}
	if key.Epoch == rec.Epochs[d.ID] {
		return key, access, nil
	}
	if rec.Epochs == nil {
		rec.Epochs = make(map[uint32]uint32)
	}
	rec.Epochs[d.ID] = key.Epoch
	return key, access, c.saveContact(rec)
}

func (r *remote) getMailboxKey(ctx context.Context, rec *contactRecord, d *chat.Device) (body []byte, access wire.Token, err error) {
	for _, access = range rec.access() {
		var resp *Response
		resp, err = r.do(ctx, &call{
			method: "GET", path: wire.MailboxKeyPath(d.Mailbox), bearer: &access, max: wire.MaxMailboxKey,
		})
		if err == nil {
			return resp.Body, access, nil
		}
		if !errors.Is(err, ErrGone) {
			break
		}
	}
	return nil, access, err
}
