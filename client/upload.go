package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/client/seal"
	"github.com/seed-7b314ca8/mayfly/media"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// UploadOptions say how a file is stored. The zero value is the safe one.
type UploadOptions struct {
	TTL      time.Duration           // how long the server keeps it; 0 means the server's default
	AsIs     bool                    // store it untouched, metadata and all
	Strip    *media.Options          // what to keep
	Resume   string                  // names this upload: the same name again within 24 hours goes on with it; "" never does
	Stripped func(*media.File)       // told what is left out, before anything is sent; again if the file changed
	Progress func(sent, total int64) // now and then, in bytes of ciphertext; never concurrently
}

// Limits of an upload.
const (
	transfers  = 4              // parts under way at once
	resumeLife = 24 * time.Hour // how long an upload may be gone on with
	maxStarts  = 4              // how often it begins again before it gives up
)

// Reasons to begin again with a new blob, beside [ErrChanged].
var (
	errSlow = errors.New("client: no part gets through")
	errLost = errors.New("client: the server has lost what was sent of the file")
)

// Upload strips f, seals it under a new key and stores it on our server. A nil opts means the zero UploadOptions. The
// attachment is all that is needed to read the file, and is secret. Upload holds a few sealed parts in memory, never
// the file. A file that cannot be stripped is refused with [ErrMetadata], unless AsIs is set; one that keeps changing
// while it is sent, with [ErrChanged].
func (c *Client) Upload(ctx context.Context, f File, opts *UploadOptions) (*chat.Attachment, error) {
	if opts == nil {
		opts = new(UploadOptions)
	}
	r, err := c.home(ctx)
	if err != nil {
		return nil, err
	}
	u, err := c.stage(ctx, r, &f, *opts)
	if err != nil {
		return nil, err
	}
	if u.rec.At == 0 { // once and for all: to commit again at another time is a conflict
		u.rec.At = wire.RoundAt(r.now(), r.ttl(opts.TTL))
		if err := u.save(); err != nil {
			return nil, err
		}
	}
	if err := u.commit(ctx, u.rec.At); err != nil {
		return nil, err
	}
	return u.attachment(), u.finish()
}

// home returns our own server.
func (c *Client) home(ctx context.Context) (*remote, error) {
	id, err := c.enrolled()
	if err != nil {
		return nil, err
	}
	return c.remote(ctx, id.Server)
}

// ttl returns how long something lives that should live for d.
func (r *remote) ttl(d time.Duration) time.Duration {
	if d <= 0 {
		return time.Duration(r.info.Limits.DefaultTTL) * time.Second
	}
	return d
}

// stage brings all parts of a file to the server and does not commit them. It begins again with a new blob where it
// must, and says so.
func (c *Client) stage(ctx context.Context, r *remote, f *File, o UploadOptions) (*upload, error) {
	if o.Resume == "" {
		o.Resume = newName()
	}
	if err := c.abandonIfRestored(); err != nil {
		return nil, err
	}
	partSize := 0 // the default
	for start := 1; ; start++ {
		src, stripped, err := f.open(o.AsIs, o.Strip)
		if err != nil {
			return nil, err
		}
		if o.Stripped != nil && stripped != nil {
			o.Stripped(stripped)
		}
		u, err := r.openUpload(ctx, src, &o, partSize)
		if err != nil {
			return nil, err
		}
		if err = u.run(ctx); err == nil {
			return u, nil
		}
		again := errors.Is(err, ErrChanged) || errors.Is(err, errSlow) || errors.Is(err, errLost)
		if !again || start == maxStarts {
			if errors.Is(err, ErrChanged) {
				u.abandon(ctx)
			}
			return nil, err
		}
		c.notice("%s: %s; sending it anew", u.src.name(), trim(err))
		if errors.Is(err, errSlow) {
			partSize = max(u.rec.PartSize/4, wire.MinPartSize)
		}
		u.abandon(ctx)
	}
}

// abandonIfRestored gives up the open uploads of a ring that is a copy of another: that one may go on with them.
func (c *Client) abandonIfRestored() error {
	if !c.Ring.Restored() {
		return nil
	}
	for _, kind := range []string{kindUpload, kindDigest, kindOutgoing} {
		if err := c.deleteAll(kind); err != nil {
			return err
		}
	}
	return c.Ring.Adopt()
}

func (c *Client) deleteAll(kind string) error {
	var names []string
	for name := range c.Ring.All(kind) {
		names = append(names, name)
	}
	for _, name := range names {
		if err := c.Ring.Delete(kind, name); err != nil {
			return err
		}
	}
	return nil
}

// An uploadRecord is what the ring remembers of a blob under way. Secret, salt, id, share and digests live together, so
// that never two ciphertexts arise for one part (docs/FORMAT.md, rule S1).
type uploadRecord struct {
	Secret, Salt  hidden
	Delete, Token hidden
	Tickets       []hidden

	FileSize, ModTime int64 // of the original; ModTime in Unix nanoseconds
	Plan              hidden
	Length            int64
	PartSize          int
	TTL               int64 // in seconds
	At                int64 // when it goes, in Unix seconds; 0: not yet decided, or by the message that it is part of
	AsIs              bool

	Created bool
	ID      wire.BlobID
	Share   hidden
}

// An upload is a blob under way.
type upload struct {
	r      *remote
	name   string // in the ring
	bucket keyring.Bucket
	src    *source
	rec    uploadRecord
	sealer *seal.Sealer

	progress func(sent, total int64)
	mu       sync.Mutex
	sent     int64 // bytes that the server has
}

// openUpload goes on with an upload of the same file under the same name, or begins one.
func (r *remote) openUpload(ctx context.Context, src *source, o *UploadOptions, partSize int) (*upload, error) {
	if partSize == 0 {
		partSize = wire.DefaultPartSize(wire.PaddedSize(src.length))
	}
	u := &upload{r: r, name: o.Resume, src: src, progress: o.Progress}
	fresh := newUploadRecord(src, int64(r.ttl(o.TTL)/time.Second), partSize)
	known, err := r.c.get(kindUpload, u.name, &u.rec)
	if err != nil {
		return nil, err
	}
	if known && u.rec.goesOnWith(&fresh) {
		u.bucket, _, _ = r.c.Ring.At(kindUpload, u.name)
		return u, nil
	}
	if known {
		u.bucket, _, _ = r.c.Ring.At(kindUpload, u.name)
		r.c.notice("%s: the file has changed since it was begun; sending it anew", src.name())
		u.abandon(ctx)
	}
	u.rec = fresh
	u.bucket, err = r.c.Ring.OwnBucket(r.c.Ring.Now() + int64(resumeLife/time.Second))
	if err != nil {
		return nil, err
	}
	return u, u.save()
}

func newUploadRecord(src *source, ttl int64, partSize int) uploadRecord {
	rec := uploadRecord{
		Secret: hide(seal.NewSecret().Reveal()), Salt: hide(seal.NewSalt()),
		Delete: hide(wire.NewToken().Reveal()), Token: hide(wire.NewToken().Reveal()),
		FileSize: src.file.Size, Plan: hide(src.plan), Length: src.length, PartSize: partSize, TTL: ttl, AsIs: src.asIs,
	}
	if !src.file.ModTime.IsZero() {
		rec.ModTime = src.file.ModTime.UnixNano()
	}
	return rec
}

// goesOnWith reports whether an upload of the file that fresh describes may go on with rec's blob. The part size may be
// another: a slow link made it smaller.
func (rec *uploadRecord) goesOnWith(fresh *uploadRecord) bool {
	return rec.FileSize == fresh.FileSize && rec.ModTime == fresh.ModTime && rec.Plan.row() == fresh.Plan.row() &&
		rec.Length == fresh.Length && rec.TTL == fresh.TTL && rec.AsIs == fresh.AsIs
}

func (u *upload) save() error { return u.r.c.put(u.bucket, kindUpload, u.name, &u.rec) }

// run brings to the server what it lacks of the blob.
func (u *upload) run(ctx context.Context) error {
	if err := u.create(ctx); err != nil {
		return err
	}
	if err := u.newSealer(); err != nil {
		return err
	}
	missing, err := u.missing(ctx)
	if err != nil {
		return err
	}
	if err := u.putParts(ctx, missing); err != nil {
		return u.diagnose(ctx, err)
	}
	return u.src.unchanged()
}

func (u *upload) newSealer() (err error) {
	key := seal.Derive(seal.SecretOf(u.rec.Secret.row()), wire.ShareOf(u.rec.Share.row()), u.rec.ID)
	u.sealer, err = seal.NewSealer(key, seal.Salt(u.rec.Salt), u.rec.Length, u.rec.PartSize)
	return err
}

// create creates the blob, if the server has not done so yet. The tickets are in the record before they are shown: the
// first of them names the blob where the answer was lost.
func (u *upload) create(ctx context.Context) error {
	if u.rec.Created {
		return nil
	}
	for try := 0; ; try++ {
		if err := u.takeTickets(ctx); err != nil {
			return err
		}
		created, err := u.r.createBlob(ctx, &u.rec)
		if code(err) == wire.CodeTicket && try == 0 {
			u.rec.Tickets = nil
			continue
		}
		if err != nil {
			return err
		}
		u.rec.Created, u.rec.ID, u.rec.Share = true, created.ID, hide(created.Share.Reveal())
		return u.save()
	}
}

func (u *upload) takeTickets(ctx context.Context) error {
	if len(u.rec.Tickets) > 0 {
		return nil
	}
	kind, n := wire.TicketsFor(u.rec.blobSize())
	held, err := u.r.takeTickets(ctx, kind, n)
	if err != nil {
		return err
	}
	for _, t := range held {
		u.rec.Tickets = append(u.rec.Tickets, t.Token)
	}
	err = u.save()
	u.r.returnTickets(held, err == nil)
	return err
}

func (rec *uploadRecord) blobSize() int64 { return wire.BlobSize(wire.PaddedSize(rec.Length)) }

func (rec *uploadRecord) readToken() wire.Token { return seal.SecretOf(rec.Secret.row()).ReadToken() }

func (r *remote) createBlob(ctx context.Context, rec *uploadRecord) (wire.Created, error) {
	body := wire.AppendRows(nil, wire.Row(rec.readToken().Hash()), wire.Row(rec.Delete.token().Hash()),
		wire.Row(rec.Token.token().Hash()))
	for _, t := range rec.Tickets {
		body = wire.AppendRows(body, t.row())
	}
	params := wire.CreateParams{Size: rec.blobSize(), PartSize: int64(rec.PartSize), TTL: rec.TTL}
	resp, err := r.do(ctx, &call{method: "POST", path: wire.CreatePath(params), body: body})
	if err != nil {
		return wire.Created{}, err
	}
	return wire.ParseCreated(resp.Body)
}

// missing returns the parts that the server lacks. Those that it has must be those that were sent.
func (u *upload) missing(ctx context.Context) (missing []int, err error) {
	token := u.rec.Token.token()
	resp, err := u.r.do(ctx, &call{
		method: "GET", path: wire.PartsPath(u.rec.ID), bearer: &token, max: wire.MaxParts * wire.RowSize,
	})
	if errors.Is(err, ErrGone) {
		return nil, errLost
	}
	if err != nil {
		return nil, err
	}
	rows, err := wire.Rows(resp.Body)
	if err != nil || len(rows) != u.sealer.Parts() {
		return nil, errLost
	}
	for i, row := range rows {
		if row == (wire.Row{}) {
			missing = append(missing, i)
			continue
		}
		if digest, ok := u.digest(i); !ok || wire.Row(digest) != row {
			return nil, errLost
		}
		u.sent += int64(u.sealer.PartSize(i))
	}
	u.report()
	return missing, nil
}

func (u *upload) digestName(i int) string { return fmt.Sprintf("%s/%05d", u.name, i) }

// digest returns what the ring recorded of a part before it was first sent.
func (u *upload) digest(i int) (h wire.Hash, ok bool) {
	value, ok := u.r.c.Ring.Get(kindDigest, u.digestName(i))
	return h, ok && copy(h[:], value) == len(h)
}

func (u *upload) putParts(ctx context.Context, missing []int) error {
	buffers := sync.Pool{New: func() any { b := make([]byte, 0, u.sealer.Room()); return &b }}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(transfers)
	for _, i := range missing {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			buffer := buffers.Get().(*[]byte)
			defer buffers.Put(buffer)
			part, err := u.sealPart((*buffer)[:0], i)
			if err != nil {
				return err
			}
			*buffer = part
			return u.putPart(ctx, i, part)
		})
	}
	return group.Wait()
}

// sealPart appends a part to dst. Its digest is in the ring, durably, before anybody can send the part; one that was
// there already must be the same.
func (u *upload) sealPart(dst []byte, i int) ([]byte, error) {
	part, err := u.sealer.Part(dst, i, u.src.content)
	if err != nil {
		return nil, err
	}
	digest := wire.Sum(part)
	known, ok := u.digest(i)
	if ok && known != digest {
		return nil, ErrChanged
	}
	if !ok {
		err = u.r.c.Ring.Put(u.bucket, kindDigest, u.digestName(i), digest[:])
	}
	return part, err
}

func (u *upload) putPart(ctx context.Context, i int, part []byte) error {
	token := u.rec.Token.token()
	_, err := u.r.do(ctx, &call{
		method: "PUT", path: wire.PartPath(u.rec.ID, i), body: part, bearer: &token, digest: true,
	})
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sent += int64(len(part))
	u.report()
	return nil
}

func (u *upload) report() {
	if u.progress != nil {
		u.progress(u.sent, u.rec.blobSize())
	}
}

// diagnose tells what kind of failure broke off a transfer.
func (u *upload) diagnose(ctx context.Context, err error) error {
	_, broken := errors.AsType[*transportError](err)
	switch {
	case errors.Is(err, ErrGone), code(err) == wire.CodeConflict:
		return errLost
	case broken && u.sent == 0 && u.rec.PartSize > wire.MinPartSize && u.r.alive(ctx):
		return errSlow
	case broken || code(err) != "" || errors.Is(err, context.Canceled):
		return err
	}
	if changed := u.src.unchanged(); changed != nil { // which would explain why it could not be read
		return changed
	}
	return err
}

// alive reports whether the server answers small requests.
func (r *remote) alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := r.hello(ctx)
	return err == nil
}

// commit makes the blob readable until at. All parts are there.
func (u *upload) commit(ctx context.Context, at int64) error {
	if err := u.r.c.Ring.Hasten(u.bucket, at); err != nil {
		return err
	}
	bucket, err := u.r.c.Ring.Bucket(at)
	if err != nil {
		return err
	}
	blob := blobRecord{Server: u.r.server, Delete: u.rec.Delete}
	if err := u.r.c.put(bucket, kindBlob, u.rec.ID.String(), blob); err != nil {
		return err
	}
	token := u.rec.Token.token()
	_, err = u.r.do(ctx, &call{method: "POST", path: wire.CommitPath(u.rec.ID, at), bearer: &token})
	return err
}

// attachment returns what a message says of the blob.
func (u *upload) attachment() *chat.Attachment {
	digests := make([]wire.Hash, u.sealer.Parts())
	for i := range digests {
		digests[i], _ = u.digest(i) // run has put all of them there
	}
	return &chat.Attachment{
		Server: u.r.server, Blob: u.rec.ID, Secret: seal.SecretOf(u.rec.Secret.row()),
		Root: seal.RootOf(u.rec.blobSize(), u.rec.PartSize, digests),
		Size: u.rec.blobSize(), PartSize: u.rec.PartSize, Length: u.rec.Length,
		Name: u.src.name(), Type: u.src.mediaType(), AsIs: u.rec.AsIs,
	}
}

// finish forgets how the blob came to be.
func (u *upload) finish() error {
	if err := u.drop(); err != nil {
		return err
	}
	_, err := u.r.c.Forget()
	return err
}

// drop takes the upload out of the ring. Its keys die with its bucket, at the next Forget.
func (u *upload) drop() error { return u.r.c.dropUpload(u.name) }

func (c *Client) dropUpload(name string) error {
	bucket, _, ok := c.Ring.At(kindUpload, name)
	if !ok {
		return nil
	}
	if err := c.Ring.Delete(kindUpload, name); err != nil {
		return err
	}
	return c.Ring.Hasten(bucket, c.Ring.Now())
}

// abandon gives the blob up: it is deleted as far as the server can be reached; otherwise it goes by itself.
func (u *upload) abandon(ctx context.Context) {
	if u.rec.Created {
		if err := u.r.removeBlob(ctx, u.rec.ID, u.rec.Delete.token()); err != nil {
			u.r.c.notice("what was sent of %s stays on the server, sealed, for a day: %s", u.src.name(), trim(err))
		}
	}
	if err := u.dropAll(); err != nil {
		u.r.c.notice("the ring cannot be written: %s", trim(err))
	}
}

// dropAll takes the upload and the digests of its parts out of the ring, so that another may have its name.
func (u *upload) dropAll() error {
	for i := range wire.Parts(u.rec.blobSize(), u.rec.PartSize) {
		if err := u.r.c.Ring.Delete(kindDigest, u.digestName(i)); err != nil {
			return err
		}
	}
	return u.drop()
}
