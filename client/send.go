package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/media"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// An Outgoing is a message to be sent.
type Outgoing struct {
	To    []string // names of contacts
	Text  string
	Files []File
	TTL   time.Duration  // when it goes, everywhere; 0 means the server's default
	After time.Duration  // the recipients forget it so long after they first saw it; 0 means at the end of TTL
	AsIs  bool           // send the files untouched, metadata and all
	Strip *media.Options // what to keep of them
}

// SendOptions say how to send. The zero value is fine.
type SendOptions struct {
	Resume   string                         // as in [UploadOptions], for the whole message
	Stripped func(i int, f *media.File)     // as in [UploadOptions], for file i
	Progress func(i int, sent, total int64) // as in [UploadOptions], for file i
}

// A Sent says what became of a message.
type Sent struct {
	ID chat.MessageID
	At int64 // when it goes, in Unix seconds by the server's clock
}

// An outgoingRecord is what the ring remembers of a message under way: once a blob may be committed, or an envelope
// posted, they are those and no others.
type outgoingRecord struct {
	ID      hidden
	Sent    int64 // Unix seconds; 0: not yet decided, and nothing committed
	At      int64 // Unix seconds
	Blobs   []wire.BlobID
	Letters []letter
}

// A letter is an envelope for one device of a recipient. The envelope itself is a record of its own.
type letter struct {
	To      string
	Account chat.AccountID
	Server  chat.Server
	Mailbox wire.MailboxID
	Access  hidden
	Posted  bool
}

// An outgoing is a message under way.
type outgoing struct {
	c      *Client
	r      *remote // our own server
	id     *chat.Identity
	name   string // in the ring
	bucket keyring.Bucket
	rec    outgoingRecord
	out    *Outgoing
	opts   *SendOptions

	uploads   []*upload
	forgotten []chat.MessageID // what is told beside the words
}

// Send strips, seals and uploads the files of a message, and posts it to everybody in To. A nil opts means the zero
// SendOptions. Either all goes out or, as far as that can be had, nothing: files are readable once all of them are
// there, and posted after that. After a failure the same call with the same Resume goes on where it stopped.
func (c *Client) Send(ctx context.Context, out Outgoing, opts *SendOptions) (*Sent, error) {
	if opts == nil {
		opts = new(SendOptions)
	}
	o, err := c.openOutgoing(ctx, &out, opts)
	if err != nil {
		return nil, err
	}
	if o.posted() { // and a crash came before the end of finish
		return o.sent(), o.finish()
	}
	recipients, err := o.recipients()
	if err != nil {
		return nil, err
	}
	if err := o.stage(ctx); err != nil {
		return nil, err
	}
	if err := o.address(ctx, recipients); err != nil {
		return nil, err
	}
	if err := o.commit(ctx); err != nil {
		return nil, err
	}
	if err := o.post(ctx); err != nil {
		return nil, err
	}
	return o.sent(), o.finish()
}

func (o *outgoing) sent() *Sent { return &Sent{ID: chat.MessageID(o.rec.ID), At: o.rec.At} }

// posted reports whether every letter is at its mailbox.
func (o *outgoing) posted() bool {
	waits := func(l letter) bool { return !l.Posted }
	return len(o.rec.Letters) > 0 && !slices.ContainsFunc(o.rec.Letters, waits)
}

// openOutgoing goes on with a message of the same name, or begins one.
func (c *Client) openOutgoing(ctx context.Context, out *Outgoing, opts *SendOptions) (*outgoing, error) {
	id, err := c.enrolled()
	if err != nil {
		return nil, err
	}
	r, err := c.remote(ctx, id.Server)
	if err != nil {
		return nil, err
	}
	if err := c.maintain(ctx, r, id); err != nil {
		return nil, err
	}
	if err := c.abandonIfRestored(); err != nil {
		return nil, err
	}
	o := &outgoing{c: c, r: r, id: id, name: opts.Resume, out: out, opts: opts}
	if o.name == "" {
		o.name = newName()
	}
	return o, o.load()
}

func (o *outgoing) load() (err error) {
	known, err := o.c.get(kindOutgoing, o.name, &o.rec)
	if err != nil {
		return err
	}
	if known {
		o.bucket, _, _ = o.c.Ring.At(kindOutgoing, o.name)
		return nil
	}
	o.rec.ID = hide(chat.NewMessageID())
	o.bucket, err = o.c.Ring.OwnBucket(o.c.Ring.Now() + int64(resumeLife/time.Second))
	if err != nil {
		return err
	}
	return o.save()
}

func (o *outgoing) save() error { return o.c.put(o.bucket, kindOutgoing, o.name, &o.rec) }

// recipients loads everybody in To, before any work is done for one of them.
func (o *outgoing) recipients() (recs []*contactRecord, err error) {
	if len(o.out.To) == 0 {
		return nil, errors.New("client: a message needs somebody to go to")
	}
	for _, name := range o.out.To {
		rec, err := o.c.contact(name)
		if err != nil {
			return nil, err
		}
		same := func(r *contactRecord) bool { return r.name == rec.name }
		if !slices.ContainsFunc(recs, same) {
			recs = append(recs, rec)
		}
	}
	return recs, nil
}

// stage brings all files to the server.
func (o *outgoing) stage(ctx context.Context) error {
	for i := range o.out.Files {
		u, err := o.c.stage(ctx, o.r, &o.out.Files[i], o.uploadOptions(i))
		if err != nil {
			return err
		}
		o.uploads = append(o.uploads, u)
	}
	if o.changed() {
		o.c.notice("a file has changed since the message was begun; sending it as a new message")
		return o.restart()
	}
	return nil
}

func (o *outgoing) uploadOptions(i int) UploadOptions {
	opts := UploadOptions{
		TTL: o.out.TTL, AsIs: o.out.AsIs, Strip: o.out.Strip, Resume: o.uploadName(i),
	}
	if o.opts.Stripped != nil {
		opts.Stripped = func(f *media.File) { o.opts.Stripped(i, f) }
	}
	if o.opts.Progress != nil {
		opts.Progress = func(sent, total int64) { o.opts.Progress(i, sent, total) }
	}
	return opts
}

// changed reports whether envelopes were sealed that speak of other blobs than there are now.
func (o *outgoing) changed() bool {
	return o.rec.Sent != 0 && !slices.Equal(o.rec.Blobs, o.blobs())
}

func (o *outgoing) blobs() (ids []wire.BlobID) {
	for _, u := range o.uploads {
		ids = append(ids, u.rec.ID)
	}
	return ids
}

func (o *outgoing) restart() error {
	if slices.ContainsFunc(o.rec.Letters, func(l letter) bool { return l.Posted }) {
		return fmt.Errorf("%w: part of the recipients have the message already; send the new file as a new message", ErrChanged)
	}
	o.rec = outgoingRecord{ID: hide(chat.NewMessageID())}
	return o.save()
}

// address decides when the message goes, and seals it to everybody. What is decided stays, whatever fails later.
func (o *outgoing) address(ctx context.Context, recipients []*contactRecord) error {
	if o.rec.Sent != 0 {
		return o.checkTime()
	}
	o.rec.Sent = o.r.now()
	o.rec.At = wire.RoundAt(o.rec.Sent, o.r.ttl(o.out.TTL))
	o.rec.Blobs = o.blobs()
	for _, rec := range recipients {
		if err := o.seal(ctx, rec); err != nil {
			return err
		}
	}
	if err := o.c.Ring.Hasten(o.bucket, o.rec.At); err != nil {
		return err
	}
	return o.save()
}

func (o *outgoing) checkTime() error {
	if o.rec.At <= o.r.now() {
		return fmt.Errorf("%w: the time of the message was up before it could be sent; send it anew", ErrGone)
	}
	return nil
}

// seal makes a letter for each device of a recipient.
func (o *outgoing) seal(ctx context.Context, rec *contactRecord) error {
	own, err := o.c.manifest()
	if err != nil {
		return err
	}
	manifest, err := o.c.lookup(ctx, rec)
	if err != nil {
		return fmt.Errorf("client: looking up %q: %w", rec.name, err)
	}
	for i := range manifest.Devices {
		device := &manifest.Devices[i]
		key, access, err := o.c.mailboxKey(ctx, rec, device)
		if err != nil {
			return fmt.Errorf("client: %w", err)
		}
		to := &chat.Address{Account: rec.card.Account, Device: device, Key: key}
		envelope, err := chat.SealEnvelope(o.id, own, to, o.message(rec, device.Server, own))
		if err != nil {
			return err
		}
		if err := o.keep(rec, device, access, envelope); err != nil {
			return err
		}
	}
	return nil
}

func (o *outgoing) keep(rec *contactRecord, d *chat.Device, access wire.Token, envelope []byte) error {
	o.rec.Letters = append(o.rec.Letters, letter{
		To: rec.name, Account: rec.card.Account, Server: d.Server, Mailbox: d.Mailbox, Access: hide(access.Reveal()),
	})
	return o.c.Ring.Put(o.bucket, kindEnvelope, o.envelopeName(len(o.rec.Letters)-1), envelope)
}

func (o *outgoing) uploadName(i int) string { return fmt.Sprintf("%s.%d", o.name, i) }

func (o *outgoing) envelopeName(i int) string { return fmt.Sprintf("%s/%d", o.name, i) }

// message returns what one recipient is told. Who has written to us since our manifest was issued knows it; all others
// get what they need to verify the message and to answer.
func (o *outgoing) message(rec *contactRecord, at chat.Server, own *chat.Manifest) *chat.Message {
	m := &chat.Message{
		ID: chat.MessageID(o.rec.ID), Sent: o.rec.Sent, Expiry: chat.Expiry{At: o.rec.At, After: o.out.After},
		Text: o.out.Text, Delivery: o.id.Delivery, Forgotten: o.forgotten,
	}
	if rec.Heard <= own.Issued {
		m.Introduction = o.id.Introduction(own)
	}
	for _, u := range o.uploads {
		a := *u.attachment()
		if a.Server == at {
			a.Server = chat.Server{}
		}
		m.Attachments = append(m.Attachments, a)
	}
	return m
}

// commit makes all blobs readable.
func (o *outgoing) commit(ctx context.Context) error {
	for _, u := range o.uploads {
		if err := u.commit(ctx, o.rec.At); err != nil {
			return err
		}
	}
	return nil
}

// post leaves the letters that are not yet posted. To post one twice is harmless: it is the same envelope.
func (o *outgoing) post(ctx context.Context) error {
	for i := range o.rec.Letters {
		l := &o.rec.Letters[i]
		if l.Posted {
			continue
		}
		if err := o.postLetter(ctx, l, o.envelopeName(i)); err != nil {
			return fmt.Errorf("client: posting to %q: %w", l.To, err)
		}
		l.Posted = true
		if err := o.save(); err != nil {
			return err
		}
	}
	return nil
}

func (o *outgoing) postLetter(ctx context.Context, l *letter, name string) error {
	envelope, ok := o.c.Ring.Get(kindEnvelope, name)
	if !ok {
		return fmt.Errorf("%w: its time is up", ErrGone)
	}
	r, err := o.c.remote(ctx, l.Server)
	if err != nil {
		return err
	}
	return r.post(ctx, l.Mailbox, l.Access.token(), o.rec.At, envelope)
}

func (r *remote) post(ctx context.Context, to wire.MailboxID, access wire.Token, at int64, envelope []byte) error {
	_, err := r.do(ctx, &call{method: "POST", path: wire.PostPath(to, at), body: envelope, bearer: &access})
	return err
}

// A sentRecord is what the ring remembers of a sent message until it goes: what only we can delete, and who still has
// it.
type sentRecord struct {
	Blobs   []wire.BlobID
	Waiting []chat.AccountID // recipients who have not reported that they forgot it
}

// finish forgets how the message came to be.
func (o *outgoing) finish() error {
	if o.out.After > 0 {
		if err := o.keepSent(); err != nil {
			return err
		}
	}
	for i := range o.out.Files {
		if err := o.c.dropUpload(o.uploadName(i)); err != nil {
			return err
		}
	}
	if err := o.c.Ring.Delete(kindOutgoing, o.name); err != nil {
		return err
	}
	if err := o.c.Ring.Hasten(o.bucket, o.c.Ring.Now()); err != nil {
		return err
	}
	_, err := o.c.Forget()
	return err
}

func (o *outgoing) keepSent() error {
	rec := sentRecord{Blobs: o.rec.Blobs}
	for _, l := range o.rec.Letters {
		rec.Waiting = append(rec.Waiting, l.Account)
	}
	bucket, err := o.c.Ring.Bucket(o.rec.At)
	if errors.Is(err, keyring.ErrGone) {
		return nil // its time came while it was posted: the server has deleted it
	}
	if err != nil {
		return err
	}
	return o.c.put(bucket, kindSent, chat.MessageID(o.rec.ID).String(), rec)
}
