package client

import (
	"context"

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
// ring before the public half is anywhere; the old one gets its last day.
func (c *Client) rotateMailboxKey(ctx context.Context, r *remote, id *chat.Identity) error {
	keys, err := c.mailboxKeys()
	if err != nil {
		return err
	}
	var newest *chat.MailboxKey
	if len(keys) > 0 {
		newest = keys[len(keys)-1]
	}
	if newest != nil && !newest.NeedsRotation(r.now()) {
		// Publishing again what may have been kept but not published is one small request, and mends every crash.
		return c.publishOnce(ctx, r, id, newest)
	}
	next := id.NewMailboxKey(nextEpoch(newest), r.now())
	if err := c.keepMailboxKey(next); err != nil {
		return err
	}
	if err := c.publishOnce(ctx, r, id, next); err != nil {
		return err
	}
	for _, old := range keys {
		if err := c.retireMailboxKey(old, next.Created); err != nil {
			return err
		}
	}
	return nil
}

func nextEpoch(newest *chat.MailboxKey) uint32 {
	if newest == nil {
		return 1
	}
	return newest.Epoch + 1
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

// kindPublished notes that the mailbox key of an epoch is on the server.
const kindPublished = "published"

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

// renewManifest stores our first manifest, or the next where the newest is growing old.
func (c *Client) renewManifest(ctx context.Context, r *remote, id *chat.Identity) error {
	prev, err := c.manifest()
	if err != nil {
		return err
	}
	_, stored := c.Ring.Get(kindPublished, "manifest")
	if prev != nil && stored && !prev.NeedsRenewal(r.now()) {
		return nil
	}
	next := prev
	if prev == nil || stored {
		next = id.NewManifest(prev, r.now())
		if err := c.Ring.Put(keyring.Never, kindManifest, self, next.Encode()); err != nil {
			return err
		}
		if err := c.Ring.Delete(kindPublished, "manifest"); err != nil {
			return err
		}
	}
	if err := r.storeManifest(ctx, id, next); err != nil {
		return err
	}
	return c.put(keyring.Never, kindPublished, "manifest", struct{}{})
}

func (r *remote) storeManifest(ctx context.Context, id *chat.Identity, m *chat.Manifest) error {
	locator, key := id.Profile.Locator(), id.LocatorKey()
	sealed := m.Seal(id.Profile)
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
