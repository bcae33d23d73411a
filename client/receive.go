package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A Received is a message that came.
type Received struct {
	ID          string // of the record; for [Client.Shown]
	seq         uint64
	From        Contact // who sent it, as they are known to us
	Sent        int64   // Unix seconds
	At          int64   // when it goes, in Unix seconds
	After       time.Duration
	Text        string
	Attachments []*chat.Attachment
}

// A messageRecord is a message in the ring, in the bucket of its time.
type messageRecord struct {
	Account     chat.AccountID
	Seq         uint64 // of the envelope: the order of arrival
	Sent, At    int64
	After       int64 // in seconds
	Text        string
	Attachments []hidden
	Shown       bool
}

// Receive brings into the ring what waits in our mailbox, and has the server forget it. If nothing waits, it waits for
// up to wait, which the server cuts to 25 seconds. It returns how many messages came from contacts; they are among
// [Client.Unshown] then. What does not open is dropped, with a notice: it will not open later either.
func (c *Client) Receive(ctx context.Context, wait time.Duration) (int, error) {
	id, err := c.enrolled()
	if err != nil {
		return 0, err
	}
	r, err := c.remote(ctx, id.Server)
	if err != nil {
		return 0, err
	}
	if err := c.maintain(ctx, r, id); err != nil {
		return 0, err
	}
	n, err := (&reader{c: c, r: r, id: id}).read(ctx, min(wait, wire.MaxWait))
	if err != nil {
		return n, err
	}
	return n, c.reportForgotten(ctx)
}

// A reader goes once through a mailbox.
type reader struct {
	c  *Client
	r  *remote
	id *chat.Identity

	keys   []*chat.MailboxKey
	cursor uint64 // of the last envelope that was seen
	done   uint64 // all up to here are dealt with
	stuck  bool   // one behind done is not: it must stay on the server
	fresh  int    // messages from contacts
}

func (rd *reader) read(ctx context.Context, wait time.Duration) (n int, err error) {
	if rd.keys, err = rd.c.mailboxKeys(); err != nil {
		return 0, err
	}
	for {
		items, err := rd.fetch(ctx, wait)
		if err != nil || len(items) == 0 {
			return rd.fresh, err
		}
		for i := range items {
			if err := rd.take(ctx, &items[i]); err != nil {
				return rd.fresh, err
			}
		}
		if err := rd.ack(ctx); err != nil {
			return rd.fresh, err
		}
		wait = 0
	}
}

func (rd *reader) fetch(ctx context.Context, wait time.Duration) (items []wire.Item, err error) {
	owner := rd.id.MailboxOwner()
	resp, err := rd.r.do(ctx, &call{
		method: "GET", path: wire.InboxPath(rd.id.Mailbox, rd.cursor, int64(wait/time.Second)), signer: &owner,
		max: wire.MaxInbox + wire.MaxEnvelope,
	})
	if err != nil {
		return nil, err
	}
	for b := resp.Body; len(b) > 0; {
		var item wire.Item
		if item, b, err = wire.ParseItem(b); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func (rd *reader) ack(ctx context.Context) error {
	if rd.done == 0 {
		return nil
	}
	owner := rd.id.MailboxOwner()
	_, err := rd.r.do(ctx, &call{method: "DELETE", path: wire.AckPath(rd.id.Mailbox, rd.done), signer: &owner})
	return err
}

// take deals with one envelope. An error ends the reading: the ring cannot be read or written.
func (rd *reader) take(ctx context.Context, item *wire.Item) error {
	rd.cursor = item.Seq
	err := rd.open(ctx, item)
	if err != nil && (worthRetrying(err) || ctx.Err() != nil) {
		rd.stuck = true // it may be verified another time
		rd.c.notice("a message waits until its sender can be looked up: %s", trim(err))
		return ctx.Err()
	}
	if w, ok := errors.AsType[*ringError](err); ok {
		return w.err
	}
	if err != nil {
		rd.c.notice("a message did not open and was dropped: %s", trim(err))
	}
	if !rd.stuck {
		rd.done = item.Seq
	}
	return nil
}

// A ringError says that the ring could not be read or written, so that nothing may be acknowledged.
type ringError struct{ err error }

func (e *ringError) Error() string { return e.err.Error() }
func (e *ringError) Unwrap() error { return e.err }

// ofRing makes a ringError of err, if that is one.
func ofRing(err error) error {
	if err == nil {
		return nil
	}
	return &ringError{err}
}

// open opens an envelope, verifies it, and remembers what it says.
func (rd *reader) open(ctx context.Context, item *wire.Item) error {
	frame, err := chat.OpenEnvelope(rd.id, rd.keys, item, rd.c.Ring.Now())
	if err != nil {
		return err
	}
	sender, err := rd.c.contactOf(frame.Sender())
	if err != nil {
		return ofRing(err)
	}
	if sender == nil {
		return rd.openRequest(frame)
	}
	m, manifest, err := rd.verify(ctx, frame, sender)
	if err != nil {
		return fmt.Errorf("from %q: %w", sender.name, err)
	}
	if rd.c.seen(sender.card.Account, m) {
		return nil
	}
	if err := rd.c.learn(sender, manifest); err != nil {
		return ofRing(err)
	}
	return ofRing(rd.accept(ctx, sender, m))
}

// verify verifies a frame against what we know of its sender, which it brings up to date if need be.
func (rd *reader) verify(ctx context.Context, f *chat.Frame, sender *contactRecord) (*chat.Message, *chat.Manifest, error) {
	known, err := sender.manifest()
	if err != nil {
		return nil, nil, ofRing(err)
	}
	m, manifest, err := f.Verify(known)
	if !errors.Is(err, chat.ErrUnknownManifest) {
		return m, manifest, err
	}
	if known, err = rd.c.lookup(ctx, sender); err != nil {
		return nil, nil, err
	}
	return f.Verify(known)
}

// accept remembers a message of a contact.
func (rd *reader) accept(ctx context.Context, sender *contactRecord, m *chat.Message) error {
	sender.Heard = max(sender.Heard, m.Sent)
	if !m.Delivery.IsZero() {
		sender.Delivery = hide(m.Delivery.Reveal())
	}
	if err := rd.c.saveContact(sender); err != nil {
		return err
	}
	if err := rd.c.forgottenBy(ctx, sender.card.Account, m.Forgotten); err != nil {
		return err
	}
	if m.Text != "" || len(m.Attachments) > 0 {
		rd.fresh++
	}
	return rd.c.keepMessage(sender.card.Account, m, rd.cursor)
}

// openRequest verifies the frame of a stranger by what it brings along. Nothing is fetched on its account: a stranger's
// message must not make us speak to a server of the stranger's choice.
func (rd *reader) openRequest(f *chat.Frame) error {
	rec, known, err := rd.c.knownRequest(f.Sender())
	if err != nil {
		return ofRing(err)
	}
	m, manifest, err := f.Verify(known)
	if err != nil {
		return fmt.Errorf("from a stranger: %w", err)
	}
	if rd.c.seen(f.Sender(), m) {
		return nil
	}
	if rec == nil {
		if m.Introduction == nil {
			return errors.New("client: a stranger did not say who they are")
		}
		rec = &contactRecord{Card: hidden(m.Introduction.Card().Encode())}
	}
	rec.Heard = m.Sent
	rec.Manifest = manifest.Encode()
	if !m.Delivery.IsZero() {
		rec.Delivery = hide(m.Delivery.Reveal())
	}
	return ofRing(rd.c.keepRequest(f.Sender(), rec, m, rd.cursor))
}

// maxRequests is how many strangers are remembered at once.
const maxRequests = 100

func (c *Client) knownRequest(account chat.AccountID) (*contactRecord, *chat.Manifest, error) {
	rec, err := c.request(account.String(), nil)
	if errors.Is(err, ErrNoContact) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	manifest, err := rec.manifest()
	return rec, manifest, err
}

// keepRequest remembers a stranger for as long as what they said.
func (c *Client) keepRequest(account chat.AccountID, rec *contactRecord, m *chat.Message, seq uint64) error {
	name := account.String()
	if _, known := c.Ring.Get(kindRequest, name); !known {
		requests, err := c.Requests()
		if err != nil {
			return err
		}
		if len(requests) >= maxRequests {
			c.notice("a request was dropped: %d strangers wait for an answer already", maxRequests)
			return nil
		}
	}
	bucket, err := c.Ring.Bucket(m.Expiry.At)
	if err != nil {
		return err
	}
	if _, at, ok := c.Ring.At(kindRequest, name); !ok || at < m.Expiry.At {
		err = c.put(bucket, kindRequest, name, rec)
	}
	if err != nil {
		return err
	}
	return c.keepMessage(account, m, seq)
}

func messageName(account chat.AccountID, id chat.MessageID) string {
	return account.String() + "/" + id.String()
}

// seen reports whether a message was taken before. A message past its time is refused anyway, so that its name need
// not outlive it.
func (c *Client) seen(account chat.AccountID, m *chat.Message) bool {
	_, ok := c.Ring.Get(kindSeen, messageName(account, m.ID))
	return ok
}

// keepMessage remembers a message, and that it came. What has a time of its own after it was shown gets a bucket of its
// own.
func (c *Client) keepMessage(account chat.AccountID, m *chat.Message, seq uint64) error {
	name := messageName(account, m.ID)
	shared, err := c.Ring.Bucket(m.Expiry.At)
	if errors.Is(err, keyring.ErrGone) {
		return nil // its time came while it was read
	}
	if err != nil {
		return err
	}
	if m.Text != "" || len(m.Attachments) > 0 {
		bucket := shared
		if m.Expiry.After > 0 {
			if bucket, err = c.Ring.OwnBucket(m.Expiry.At); err != nil {
				return err
			}
		}
		rec, err := newMessageRecord(account, m, seq)
		if err != nil {
			return err
		}
		if err := c.put(bucket, kindMessage, name, rec); err != nil {
			return err
		}
	}
	return c.put(shared, kindSeen, name, struct{}{})
}

func newMessageRecord(account chat.AccountID, m *chat.Message, seq uint64) (*messageRecord, error) {
	rec := &messageRecord{
		Account: account, Seq: seq, Sent: m.Sent, At: m.Expiry.At, After: int64(m.Expiry.After / time.Second), Text: m.Text,
	}
	for i := range m.Attachments {
		b, err := m.Attachments[i].Encode()
		if err != nil {
			return nil, err
		}
		rec.Attachments = append(rec.Attachments, b)
	}
	return rec, nil
}

// Unshown returns the messages of contacts that were not shown yet, the oldest first.
func (c *Client) Unshown() (list []*Received, err error) {
	id, err := c.enrolled()
	if err != nil {
		return nil, err
	}
	for name, value := range c.Ring.All(kindMessage) {
		rec := new(messageRecord)
		if err := decodeRecord(kindMessage, value, rec); err != nil {
			return nil, err
		}
		from, err := c.contactOf(rec.Account)
		if err != nil {
			return nil, err
		}
		if rec.Shown || from == nil {
			continue
		}
		m, err := rec.received(name, from, id.Server)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b *Received) int {
		return cmp.Or(cmp.Compare(a.Sent, b.Sent), cmp.Compare(a.seq, b.seq))
	})
	return list, nil
}

func (rec *messageRecord) received(name string, from *contactRecord, home chat.Server) (*Received, error) {
	m := &Received{
		ID: name, seq: rec.Seq, From: from.public(), Sent: rec.Sent, At: rec.At, After: time.Duration(rec.After) * time.Second,
		Text: rec.Text,
	}
	for _, b := range rec.Attachments {
		a, err := chat.ParseAttachment(b)
		if err != nil {
			return nil, err
		}
		if a.Server == (chat.Server{}) {
			a.Server = home
		}
		m.Attachments = append(m.Attachments, &a)
	}
	return m, nil
}

// Shown remembers that a message was shown, so that it is not shown again. If its sender set a time for that, it runs
// from now.
func (c *Client) Shown(m *Received) error {
	var rec messageRecord
	ok, err := c.get(kindMessage, m.ID, &rec)
	if err != nil || !ok {
		return err
	}
	bucket, _, ok := c.Ring.At(kindMessage, m.ID)
	if !ok {
		return nil
	}
	rec.Shown = true
	if err := c.put(bucket, kindMessage, m.ID, rec); err != nil || rec.After == 0 {
		return err
	}
	due := c.Ring.Now() + rec.After
	if err := c.owe(m.ID, &rec, due); err != nil {
		return err
	}
	return c.Ring.Hasten(bucket, due)
}

// accountOf returns whose message a record of that name is.
func accountOf(name string) (chat.AccountID, string) {
	account, id, _ := strings.Cut(name, "/")
	a, _ := chat.ParseAccountID(account) // we wrote it
	return a, id
}
