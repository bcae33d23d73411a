package client

import (
	"context"
	"errors"
	"strings"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A blobRecord remembers the delete key of a blob until the blob goes.
type blobRecord struct {
	Server chat.Server
	Delete hidden
}

// Remove has the server forget a file that this client uploaded. To remove one that is gone is no error.
func (c *Client) Remove(ctx context.Context, a *chat.Attachment) error {
	return c.removeBlob(ctx, a.Blob)
}

func (c *Client) removeBlob(ctx context.Context, id wire.BlobID) error {
	var blob blobRecord
	ok, err := c.get(kindBlob, id.String(), &blob)
	if err != nil || !ok {
		return err
	}
	r, err := c.remote(ctx, blob.Server)
	if err != nil {
		return err
	}
	if err := r.removeBlob(ctx, id, blob.Delete.token()); err != nil {
		return err
	}
	return c.Ring.Delete(kindBlob, id.String())
}

func (r *remote) removeBlob(ctx context.Context, id wire.BlobID, key wire.Token) error {
	_, err := r.do(ctx, &call{method: "DELETE", path: wire.BlobPath(id), bearer: &key})
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}

// trim returns the text of err without the name of this package, for the middle of a sentence.
func trim(err error) string { return strings.TrimPrefix(err.Error(), "client: ") }
