package cli

import (
	"context"
	"errors"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
)

const idCreateMore = `
An invite comes from whoever runs the server: mayfly admin invite. "-" reads it from
standard input. There is no name, number or address to give; you are a key in --home,
sealed with a passphrase that nobody can replace. If it breaks off, the same command goes
on where it stopped.
`

// idCreateCommand makes an identity.
type idCreateCommand struct {
	homeFlags
	invite string
}

func (c *idCreateCommand) settings() []setting {
	return append(
		[]setting{{name: "invite", arg: "INVITE", help: "the invite; - reads it from standard input", value: text(&c.invite, "")}},
		c.homeFlags.settings()...,
	)
}

func (c *idCreateCommand) run(ctx context.Context, u *ui, args []string) (err error) {
	if err := noArguments(args); err != nil {
		return err
	}
	if c.invite == "" {
		return usagef("an invite is missing: --invite INVITE")
	}
	invite, err := u.wordOrStdin(c.invite, "invite")
	if err != nil {
		return err
	}
	if _, err := chat.ParseInvite(invite); err != nil {
		return usageError{err}
	}
	cl, err := c.open(u)
	if errors.Is(err, keyring.ErrNoHome) {
		cl, err = c.create(u)
	}
	if err != nil {
		return err
	}
	defer finish(&err, cl.Ring.Close)
	if err := cl.Enrol(ctx, invite); err != nil {
		return err
	}
	_, server, err := cl.Self()
	if err != nil {
		return err
	}
	u.say("you are at %s now", server.URL)
	u.say("your contact string, to give to people: mayfly id show")
	return nil
}

const idShowMore = `
Who has it can write to you, and you decide whether to answer. Give it to people by a way
that you trust; it stands alone on standard output.
`

// idShowCommand prints the contact string.
type idShowCommand struct {
	homeFlags
}

func (c *idShowCommand) run(_ context.Context, u *ui, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	return c.with(u, func(cl *client.Client) error {
		card, err := cl.Card()
		if err != nil {
			return err
		}
		account, server, err := cl.Self()
		if err != nil {
			return err
		}
		u.say("account %s at %s", account, server.URL)
		u.print("%s\n", card)
		return nil
	})
}
