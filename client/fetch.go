package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/seal"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// FetchOptions say how a file is read. The zero value is fine.
type FetchOptions struct {
	Progress func(done, total int64) // now and then, in bytes of ciphertext; never concurrently
}

// Fetch writes the file that a describes to w, in pieces and in no order; it is whole, and Length bytes long, when
// Fetch returns nil. Nothing is written that was not authenticated, part by part. Fetch holds a few parts in memory,
// never the file.
func (c *Client) Fetch(ctx context.Context, a *chat.Attachment, w io.WriterAt, opts *FetchOptions) error {
	if opts == nil {
		opts = new(FetchOptions)
	}
	d, err := c.openDownload(ctx, a)
	if err != nil {
		return err
	}
	d.progress = opts.Progress
	return d.run(ctx, w, nil)
}

// A download is a blob on its way to us.
type download struct {
	r        *remote
	a        *chat.Attachment
	token    wire.Token
	key      seal.Key
	verifier *seal.Verifier
	opener   *seal.Opener
	header   *[wire.HeaderSize]byte // of part 0, once it is here

	progress func(done, total int64)
	mu       sync.Mutex
	done     int64
}

// openDownload learns of the server what the digests of the parts are, and gets the share. What the server says is held
// against what the message said.
func (c *Client) openDownload(ctx context.Context, a *chat.Attachment) (*download, error) {
	r, err := c.remote(ctx, a.Server)
	if err != nil {
		return nil, err
	}
	secret := a.Secret
	d := &download{r: r, a: a, token: secret.ReadToken()}
	if err := d.checkInfo(ctx); err != nil {
		return nil, err
	}
	if err := d.getDigests(ctx); err != nil {
		return nil, err
	}
	share, err := d.getShare(ctx)
	if err != nil {
		return nil, err
	}
	d.key = seal.Derive(secret, share, a.Blob)
	return d, nil
}

func (d *download) get(ctx context.Context, method, path string, limit int64) ([]byte, error) {
	resp, err := d.r.do(ctx, &call{method: method, path: path, bearer: &d.token, max: limit})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func (d *download) checkInfo(ctx context.Context) error {
	body, err := d.get(ctx, "GET", wire.BlobPath(d.a.Blob), 0)
	if err != nil {
		return err
	}
	var info wire.BlobInfo
	if json.Unmarshal(body, &info) != nil || info.Size != d.a.Size || info.PartSize != d.a.PartSize {
		return fmt.Errorf("%w: the server has another blob than the message says", ErrTampered)
	}
	return nil
}

func (d *download) getDigests(ctx context.Context) error {
	body, err := d.get(ctx, "GET", wire.PartsPath(d.a.Blob), wire.MaxParts*wire.RowSize)
	if err != nil {
		return err
	}
	rows, err := wire.Rows(body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTampered, err)
	}
	digests := make([]wire.Hash, len(rows))
	for i, row := range rows {
		digests[i] = wire.Hash(row)
	}
	d.verifier, err = seal.NewVerifier(seal.Params{
		Size: d.a.Size, PartSize: d.a.PartSize, Length: d.a.Length, Root: d.a.Root,
	}, digests)
	return err
}

func (d *download) getShare(ctx context.Context) (share wire.Share, err error) {
	body, err := d.get(ctx, "POST", wire.SharePath(d.a.Blob), 0)
	if err != nil {
		return share, err
	}
	if len(body) != wire.RowSize {
		return share, fmt.Errorf("%w: a share has 32 bytes", ErrTampered)
	}
	return wire.ShareOf(wire.Row(body)), nil
}

// run writes to w all parts but those that have holds already. Have is nil, or what an earlier run wrote.
func (d *download) run(ctx context.Context, w io.WriterAt, have func(i int) bool) error {
	if have == nil {
		have = func(int) bool { return false }
	}
	if err := d.first(ctx, w, have); err != nil {
		return err
	}
	buffers := sync.Pool{New: func() any { b := make([]byte, 0, d.opener.Room()); return &b }}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(transfers)
	for i := 1; i < d.verifier.Parts() && ctx.Err() == nil; i++ {
		group.Go(func() error {
			if have(i) {
				d.advance(i)
				return nil
			}
			part, err := d.fetchPart(ctx, i)
			if err != nil {
				return err
			}
			buffer := buffers.Get().(*[]byte)
			defer buffers.Put(buffer)
			return d.write(w, i, part, (*buffer)[:0])
		})
	}
	return group.Wait()
}

// first opens part 0, which has the header that all others open by, unless that is known from an earlier run.
func (d *download) first(ctx context.Context, w io.WriterAt, have func(int) bool) (err error) {
	if d.header != nil {
		if d.opener, err = d.verifier.Open(d.key, *d.header); err != nil {
			return err
		}
		if have(0) {
			d.advance(0)
			return nil
		}
	}
	part, err := d.fetchPart(ctx, 0)
	if err != nil {
		return err
	}
	header := [wire.HeaderSize]byte(part)
	if d.opener, err = d.verifier.Open(d.key, header); err != nil {
		return err
	}
	d.header = &header
	return d.write(w, 0, part, nil)
}

// write opens a part and writes what it holds of the file to its place.
func (d *download) write(w io.WriterAt, i int, part, buffer []byte) error {
	plain, err := d.opener.Part(buffer, i, part)
	if err != nil {
		return err
	}
	defer clear(plain)
	off, _ := d.opener.FileRange(i)
	if len(plain) > 0 {
		if _, err := w.WriteAt(plain, off); err != nil {
			return err
		}
	}
	d.advance(i)
	return nil
}

func (d *download) advance(i int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done += int64(d.verifier.PartSize(i))
	if d.progress != nil {
		d.progress(d.done, d.a.Size)
	}
}

// fetchPart returns a part whose digest is right. One that breaks off is gone on with where it did; one that arrives
// whole and wrong is fetched once more, since a proxy may have damaged it.
func (d *download) fetchPart(ctx context.Context, i int) ([]byte, error) {
	for try := 0; ; try++ {
		part, err := d.getPart(ctx, i)
		if err != nil {
			return nil, err
		}
		if err = d.verifier.Check(i, part); err == nil || try > 0 {
			return part, err
		}
	}
}

func (d *download) getPart(ctx context.Context, i int) (part []byte, err error) {
	size := int64(d.verifier.PartSize(i))
	err = d.r.c.retry(ctx, func() error {
		req := &call{method: "GET", path: wire.PartPath(d.a.Blob, i), bearer: &d.token, max: size}
		if len(part) > 0 {
			req.rng = fmt.Sprintf("bytes=%d-", len(part))
		}
		resp, err := d.r.send(ctx, req)
		if resp != nil && resp.Status == 200 {
			part = resp.Body
		}
		if resp != nil && resp.Status == 206 {
			part = append(part, resp.Body...)
		}
		if int64(len(part)) >= size {
			return nil
		}
		if err == nil {
			err = &transportError{err: errors.New("client: the answer is shorter than the part")}
		}
		return err
	})
	return part, err
}
