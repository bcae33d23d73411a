package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// Enrol makes an identity and finds it a place on the server that the invite names: it enrols a key, creates a mailbox
// with its first key, and stores the manifest. Each step is kept in the ring before it is taken and may be repeated, so
// that after a failure the same call goes on where it stopped. An identity that is whole is [ErrIdentityExists].
func (c *Client) Enrol(ctx context.Context, invite string) error {
	if _, err := c.enrolled(); err == nil {
		return ErrIdentityExists
	}
	inv, err := chat.ParseInvite(invite)
	if err != nil {
		return err
	}
	r, err := c.remote(ctx, inv.At())
	if err != nil {
		return err
	}
	id, err := c.nascentIdentity(inv.At())
	if err != nil {
		return err
	}
	r.ours.Store(true)
	r.observe(r.now())
	if err := r.enrol(ctx, id, inv); err != nil {
		return err
	}
	return c.settle(ctx, r, id)
}

// nascentIdentity returns the identity of an enrolment that was broken off at the same server, or a new one.
func (c *Client) nascentIdentity(server chat.Server) (*chat.Identity, error) {
	id, err := c.identity()
	if err == nil && id.Server != server {
		return nil, fmt.Errorf("client: the identity here began to enrol at %s: go on with an invite from there, or use another home", id.Server.URL)
	}
	if !errors.Is(err, ErrNoIdentity) {
		return id, err
	}
	id = chat.NewIdentity(server)
	return id, c.Ring.Put(keyring.Never, kindIdentity, self, id.Encode())
}

func (r *remote) enrol(ctx context.Context, id *chat.Identity, inv chat.Invite) error {
	body, err := json.Marshal(wire.EnrolRequest{Invite: wire.EncodeText(inv.Code[:])})
	if err != nil {
		return err
	}
	key := id.QuotaKey()
	_, err = r.do(ctx, &call{method: "POST", path: wire.PathEnrol, body: body, signer: &key})
	return err
}

// settle makes an enrolled identity a whole one.
func (c *Client) settle(ctx context.Context, r *remote, id *chat.Identity) error {
	if err := r.createMailbox(ctx, id); err != nil {
		return err
	}
	if err := c.rotateMailboxKey(ctx, r, id); err != nil {
		return err
	}
	if err := c.renewManifest(ctx, r, id); err != nil {
		return err
	}
	return c.put(keyring.Never, kindEnrolled, self, struct{}{})
}
