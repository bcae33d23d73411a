package cli

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"time"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

const adminInviteMore = `
An invite lets one person join, once: mayfly id create --invite INVITE. It stands alone on
standard output. Give it to that person only, by a way you trust, for it also says which
server is the right one.
` + adminMore

const inviteLife = 7 * 24 * time.Hour

// adminInviteCommand makes invites.
type adminInviteCommand struct {
	adminDatabase
	count int
	ttl   time.Duration
}

func (c *adminInviteCommand) settings() []setting {
	return append(
		c.adminDatabase.settings(),
		setting{name: "count", arg: "N", help: "how many, a line each", value: count(&c.count, 1)},
		setting{name: "ttl", arg: "DURATION", help: "how long they are good", value: duration(&c.ttl, inviteLife)},
	)
}

func (c *adminInviteCommand) run(ctx context.Context, u *ui, args []string) (err error) {
	if err := noArguments(args); err != nil {
		return err
	}
	if c.ttl <= 0 {
		return usagef("--ttl: an invite is good for a second at least")
	}
	r, db, err := c.open(ctx, u)
	if err != nil {
		return err
	}
	defer finish(&err, db.Close)
	for range c.count {
		invite, err := newInvite(ctx, db, r.PublicURL, c.ttl)
		if err != nil {
			return err
		}
		u.print("%s\n", invite)
	}
	return nil
}

// newInvite adds an invite to the database and returns it as text.
func newInvite(ctx context.Context, db *state.DB, publicURL string, ttl time.Duration) (string, error) {
	key, err := db.ServerKey(ctx)
	if err != nil {
		return "", err
	}
	invite := chat.Invite{URL: publicURL, Server: wire.PublicKey(key.Public().(ed25519.PublicKey))}
	rand.Read(invite.Code[:])
	if err := db.AddInvite(ctx, wire.Sum(invite.Code[:]), ttl); err != nil {
		return "", err
	}
	return invite.Encode(), nil
}
