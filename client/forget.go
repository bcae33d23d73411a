package client

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// Forget destroys the keys of all whose time is up, and the files of unfinished downloads of it. A program calls it
// before anything else. It returns how much went.
func (c *Client) Forget() (int, error) {
	if err := c.removeUnfinished(); err != nil {
		return 0, err
	}
	return c.Ring.Forget()
}

// An owedRecord says that a message is forgotten from Due on, and that its sender is owed word of that. It names the
// message and holds nothing of it, and goes with the message's own time, when nobody waits for word any more.
type owedRecord struct {
	Due int64 // Unix seconds
	At  int64 // Unix seconds
}

// owe remembers that the sender of a message is to be told when we have forgotten it.
func (c *Client) owe(name string, rec *messageRecord, due int64) error {
	bucket, err := c.Ring.Bucket(rec.At)
	if err != nil {
		return err
	}
	return c.put(bucket, kindOwed, name, owedRecord{Due: due, At: rec.At})
}

// reportForgotten tells the senders of messages with a time after reading that this device has forgotten them.
func (c *Client) reportForgotten(ctx context.Context) error {
	due := make(map[chat.AccountID][]string)
	last := make(map[chat.AccountID]int64)
	for name, value := range c.Ring.All(kindOwed) {
		var owed owedRecord
		if decodeRecord(kindOwed, value, &owed) != nil || owed.Due > c.Ring.Now() {
			continue
		}
		account, _ := accountOf(name)
		due[account] = append(due[account], name)
		last[account] = max(last[account], owed.At)
	}
	for account, names := range due {
		sender, err := c.contactOf(account)
		if err != nil {
			return err
		}
		if sender == nil {
			continue
		}
		if err := c.reportTo(ctx, sender, names, last[account]); err != nil {
			c.notice("%q does not know yet that a message was forgotten: %s", sender.name, trim(err))
		}
	}
	return nil
}

// reportTo tells one contact which of their messages were forgotten, in a message that goes when those would have.
func (c *Client) reportTo(ctx context.Context, sender *contactRecord, names []string, at int64) error {
	ids := make([]chat.MessageID, 0, len(names))
	for _, name := range names[:min(len(names), chat.MaxForgotten)] {
		_, text := accountOf(name)
		id, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(id) != len(chat.MessageID{}) {
			return errors.New("client: the name of a message is damaged")
		}
		ids = append(ids, chat.MessageID(id))
	}
	if err := c.tell(ctx, sender, at, ids); err != nil {
		return err
	}
	for _, name := range names[:len(ids)] {
		if err := c.Ring.Delete(kindOwed, name); err != nil {
			return err
		}
	}
	return nil
}

// tell posts a message without words to a contact.
func (c *Client) tell(ctx context.Context, to *contactRecord, at int64, forgotten []chat.MessageID) error {
	id, err := c.enrolled()
	if err != nil {
		return err
	}
	r, err := c.remote(ctx, id.Server)
	if err != nil {
		return err
	}
	o := &outgoing{c: c, r: r, id: id, name: newName(), out: new(Outgoing)}
	if o.bucket, err = c.Ring.OwnBucket(at); err != nil {
		return err
	}
	o.rec = outgoingRecord{ID: hide(chat.NewMessageID()), Sent: r.now(), At: at}
	o.forgotten = forgotten
	if err := o.seal(ctx, to); err != nil {
		return err
	}
	if err := o.post(ctx); err != nil {
		return err
	}
	return o.finish()
}

// forgottenBy notes that a recipient has forgotten messages of ours. When all recipients of one have, its blobs go.
func (c *Client) forgottenBy(ctx context.Context, account chat.AccountID, ids []chat.MessageID) error {
	for _, id := range ids {
		var rec sentRecord
		ok, err := c.get(kindSent, id.String(), &rec)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		rec.Waiting = slices.DeleteFunc(rec.Waiting, func(a chat.AccountID) bool { return a == account })
		bucket, _, _ := c.Ring.At(kindSent, id.String())
		if err := c.put(bucket, kindSent, id.String(), rec); err != nil {
			return err
		}
	}
	c.removeForgotten(ctx)
	return nil
}

// removeForgotten deletes the blobs of messages that all recipients have forgotten. What fails now is tried again the
// next time, and goes by itself at the latest.
func (c *Client) removeForgotten(ctx context.Context) {
	for name, value := range c.Ring.All(kindSent) {
		var rec sentRecord
		if decodeRecord(kindSent, value, &rec) != nil || len(rec.Waiting) > 0 {
			continue
		}
		if err := c.removeAll(ctx, rec.Blobs); err != nil {
			c.notice("a file that all recipients have forgotten stays on the server for now: %s", trim(err))
			continue
		}
		if err := c.Ring.Delete(kindSent, name); err != nil {
			c.notice("the ring cannot be written: %s", trim(err))
		}
	}
}

func (c *Client) removeAll(ctx context.Context, ids []wire.BlobID) error {
	for _, id := range ids {
		if err := c.removeBlob(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
