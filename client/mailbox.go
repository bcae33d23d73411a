package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// createMailbox creates the mailbox of id.
func (r *remote) createMailbox(ctx context.Context, id *chat.Identity) error {
	return r.withTickets(ctx, wire.TicketMailbox, 1, func(tickets []wire.Token) error {
		body := wire.AppendRows(nil, wire.Row(id.Mailbox), wire.Row(id.Delivery.Hash()),
			wire.Row(id.Intro.Token().Hash()), tickets[0].Reveal())
		key := id.MailboxOwner()
		_, err := r.do(ctx, &call{method: "POST", path: wire.PathMailboxes, body: body, signer: &key})
		return err
	})
}

// rotateMailboxKey gives the mailbox a new key if it has none, or one that is a week old. The private half is in the
// ring before the public half is anywhere. Whatever a crash left half done, the next call does.
func (c *Client) rotateMailboxKey(ctx context.Context, r *remote, id *chat.Identity) error {
	keys, err := c.mailboxKeys()
	if err != nil {
		return err
	}
	if len(keys) == 0 || keys[len(keys)-1].NeedsRotation(r.now()) {
		next := id.NewMailboxKey(nextEpoch(keys), r.now())
		if err := c.keepMailboxKey(next); err != nil {
			return err
		}
		keys = append(keys, next)
	}
	err = c.publishOnce(ctx, r, id, keys[len(keys)-1])
	if code(err) == wire.CodeConflict {
		err = c.overtake(ctx, r, id)
	}
	if err != nil {
		return err
	}
	for i, old := range keys[:len(keys)-1] {
		if err := c.retireMailboxKey(old, keys[i+1].Created); err != nil {
			return err
		}
	}
	return nil
}

// overtake publishes a key of an epoch after that which the server has: this home is an old copy, restored.
func (c *Client) overtake(ctx context.Context, r *remote, id *chat.Identity) error {
	resp, err := r.do(ctx, &call{
		method: "GET", path: wire.MailboxKeyPath(id.Mailbox), bearer: &id.Delivery, max: wire.MaxMailboxKey,
	})
	if err != nil {
		return err
	}
	theirs, err := chat.ParsePublicMailboxKey(resp.Body)
	if err != nil {
		return err
	}
	own, err := c.manifest()
	if err != nil || own == nil || own.Device(id.Device) == nil {
		return errors.Join(err, fmt.Errorf("%w: our server has a mailbox key before we have a manifest", ErrTampered))
	}
	// Signed by this very device: a server cannot drive our epochs up.
	if err := theirs.Verify(own.Device(id.Device), 0, r.now()); err != nil && !errors.Is(err, chat.ErrExpired) {
		return err
	}
	next := id.NewMailboxKey(theirs.Epoch+1, r.now())
	if err := c.keepMailboxKey(next); err != nil {
		return err
	}
	return c.publishOnce(ctx, r, id, next)
}

// nextEpoch returns the epoch after those of keys, which are in order.
func nextEpoch(keys []*chat.MailboxKey) uint32 {
	if len(keys) == 0 {
		return 1
	}
	return keys[len(keys)-1].Epoch + 1
}

func (c *Client) keepMailboxKey(k *chat.MailboxKey) error {
	bucket, err := c.Ring.OwnBucket(k.EraseAt(0))
	if err != nil {
		return err
	}
	return c.Ring.Put(bucket, kindMailboxKey, epochName(k.Epoch), k.Encode())
}

func (c *Client) retireMailboxKey(old *chat.MailboxKey, successor int64) error {
	bucket, _, ok := c.Ring.At(kindMailboxKey, epochName(old.Epoch))
	if !ok {
		return nil
	}
	return c.Ring.Hasten(bucket, old.EraseAt(successor))
}

func (c *Client) publishOnce(ctx context.Context, r *remote, id *chat.Identity, k *chat.MailboxKey) error {
	name := epochName(k.Epoch)
	if _, ok := c.Ring.Get(kindPublished, name); ok {
		return nil
	}
	owner := id.MailboxOwner()
	_, err := r.do(ctx, &call{
		method: "PUT", path: wire.PutMailboxKeyPath(id.Mailbox, k.Epoch), body: k.Sign(id), signer: &owner,
	})
	if err != nil {
		return err
	}
	bucket, err := c.Ring.Bucket(k.NotAfter)
	if err != nil {
		return err
	}
	return c.put(bucket, kindPublished, name, struct{}{})
}

// publishedManifest is the id of the record which says that our newest manifest is at its locator.
const publishedManifest = "manifest"

// renewManifest stores our first manifest, or the next where the newest is growing old.
func (c *Client) renewManifest(ctx context.Context, r *remote, id *chat.Identity) error {
	m, err := c.manifest()
	if err != nil {
		return err
	}
	_, stored := c.Ring.Get(kindPublished, publishedManifest)
	if stored && m != nil && !m.NeedsRenewal(r.now()) {
		return nil
	}
	if stored || m == nil {
		m = id.NewManifest(m, r.now())
		if err := c.keepManifest(m); err != nil {
			return err
		}
	}
	err = r.storeManifest(ctx, id, m)
	if code(err) == wire.CodeConflict {
		err = c.catchUp(ctx, r, id)
	}
	if err != nil {
		return err
	}
	return c.put(keyring.Never, kindPublished, publishedManifest, struct{}{})
}

// keepManifest remembers a manifest that is not stored yet.
func (c *Client) keepManifest(m *chat.Manifest) error {
	if err := c.Ring.Delete(kindPublished, publishedManifest); err != nil {
		return err
	}
	if err := c.Ring.Delete(kindSealed, self); err != nil {
		return err
	}
	return c.Ring.Put(keyring.Never, kindManifest, self, m.Encode())
}

// sealedManifest returns our newest manifest as its locator should hold it. It is sealed once: after a lost answer the
// server must be told the same again.
func (c *Client) sealedManifest(id *chat.Identity, m *chat.Manifest) ([]byte, error) {
	if sealed, ok := c.Ring.Get(kindSealed, self); ok {
		return sealed, nil
	}
	sealed := m.Seal(id.Profile)
	return sealed, c.Ring.Put(keyring.Never, kindSealed, self, sealed)
}

// catchUp stores the manifest after that which the locator has: this home is an old copy, restored.
func (c *Client) catchUp(ctx context.Context, r *remote, id *chat.Identity) error {
	resp, err := r.do(ctx, &call{method: "GET", path: wire.LocatorPath(id.Profile.Locator()), max: wire.MaxManifest})
	if err != nil {
		return err
	}
	theirs, err := chat.OpenManifest(id.Profile, resp.Body)
	if err != nil {
		return err
	}
	if theirs.Account() != id.Account() {
		return fmt.Errorf("%w: our own manifest is somebody else's", ErrTampered)
	}
	if own, err := c.manifest(); err != nil || own != nil && theirs.Seq < own.Seq {
		return errors.Join(err, fmt.Errorf("%w: our server shows an older manifest of ours than we have", ErrTampered))
	}
	next := id.NewManifest(theirs, r.now())
	if err := c.keepManifest(next); err != nil {
		return err
	}
	return r.storeManifest(ctx, id, next)
}

func (r *remote) storeManifest(ctx context.Context, id *chat.Identity, m *chat.Manifest) error {
	sealed, err := r.c.sealedManifest(id, m)
	if err != nil {
		return err
	}
	locator, key := id.Profile.Locator(), id.LocatorKey()
	if m.Seq > 1 {
		_, err := r.do(ctx, &call{method: "PUT", path: wire.PutLocatorPath(locator, m.Seq), body: sealed, signer: &key})
		return err
	}
	return r.withTickets(ctx, wire.TicketLocator, 1, func(tickets []wire.Token) error {
		body := append(wire.AppendRows(nil, wire.Row(locator), tickets[0].Reveal()), sealed...)
		_, err := r.do(ctx, &call{method: "POST", path: wire.CreateLocatorPath(m.Seq), body: body, signer: &key})
		return err
	})
}

// maintain does what a device owes its contacts now and then: a fresh mailbox key, a manifest that is not about to
// expire, and word of what it forgot.
func (c *Client) maintain(ctx context.Context, r *remote, id *chat.Identity) error {
	if err := c.rotateMailboxKey(ctx, r, id); err != nil {
		return err
	}
	return c.renewManifest(ctx, r, id)
}
