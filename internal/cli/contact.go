package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/seed-7b314ca8/mayfly/client"
)

const contactAddMore = `
CONTACT is their contact string, which "mayfly id show" prints for them, or the id of a
request that "mayfly contact list" shows; "-" reads it from standard input. NAME is what
you call them; nobody else learns it.
`

// contactAddCommand accepts somebody.
type contactAddCommand struct {
	homeFlags
}

func (c *contactAddCommand) run(_ context.Context, u *ui, args []string) error {
	if len(args) != 2 {
		return usagef("it takes a name and a contact string")
	}
	name := args[0]
	card, err := u.wordOrStdin(args[1], "contact string")
	if err != nil {
		return err
	}
	return c.with(u, func(cl *client.Client) error {
		if _, err := cl.AddContact(name, card); err != nil {
			return err
		}
		u.say("%s is a contact now", name)
		u.say("to be sure that nobody stands between you: mayfly contact verify %s", name)
		return nil
	})
}

const contactListMore = `
Who wrote to you and is no contact yet is a request; the id behind it is what "mayfly
contact add NAME ID" takes. With --json each line is an object {name, account, server,
verified, request}; the name of a request is its id.
`

// contactListCommand lists contacts and requests.
type contactListCommand struct {
	homeFlags
	json bool
}

func (c *contactListCommand) settings() []setting {
	return append(
		[]setting{{name: "json", help: "print a JSON object for each", value: toggle(&c.json)}},
		c.homeFlags.settings()...,
	)
}

// A contactLine is the promise of "contact list --json".
type contactLine struct {
	Name     string `json:"name"`
	Account  string `json:"account"`
	Server   string `json:"server"`
	Verified bool   `json:"verified"`
	Request  bool   `json:"request"`
}

func (c *contactListCommand) run(_ context.Context, u *ui, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	return c.with(u, func(cl *client.Client) error { return c.list(u, cl) })
}

func (c *contactListCommand) list(u *ui, cl *client.Client) error {
	lines, err := contactLines(cl)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if !c.json {
			u.print("%s\n", line)
		} else if err := u.printJSON(line); err != nil {
			return err
		}
	}
	if len(lines) == 0 {
		u.say("nobody yet; mayfly contact add NAME CONTACT")
	}
	return nil
}

func contactLines(cl *client.Client) ([]contactLine, error) {
	contacts, err := cl.Contacts()
	if err != nil {
		return nil, err
	}
	requests, err := cl.Requests()
	if err != nil {
		return nil, err
	}
	var lines []contactLine
	for i, c := range append(contacts, requests...) {
		lines = append(lines, contactLine{c.Name, c.Account.String(), c.Server.URL, c.Verified, i >= len(contacts)})
	}
	return lines, nil
}

// String returns l for people.
func (l contactLine) String() string {
	switch {
	case l.Request:
		return "request " + l.Name + " at " + l.Server
	case l.Verified:
		return l.Name + " at " + l.Server + ", verified"
	}
	return l.Name + " at " + l.Server
}

const contactVerifyMore = `
Prints a number of sixty digits, which is the same at both ends if nobody stands between
you. Compare it face to face or on the telephone. --yes says that it was the same.
`

// contactVerifyCommand compares safety numbers.
type contactVerifyCommand struct {
	homeFlags
	yes bool
}

func (c *contactVerifyCommand) settings() []setting {
	return append(
		[]setting{{name: "yes", help: "the number is the same at both ends", value: toggle(&c.yes)}},
		c.homeFlags.settings()...,
	)
}

func (c *contactVerifyCommand) run(_ context.Context, u *ui, args []string) error {
	if len(args) != 1 {
		return usagef("it takes the name of one contact")
	}
	return c.with(u, func(cl *client.Client) error { return c.verify(u, cl, args[0]) })
}

func (c *contactVerifyCommand) verify(u *ui, cl *client.Client, name string) error {
	number, err := cl.SafetyNumber(name)
	if err != nil {
		return err
	}
	u.print("%s\n", number)
	if c.yes {
		return sayVerified(u, cl, name)
	}
	answer, err := u.ask("is it the same at the other end? (yes/no) ", visible)
	switch {
	case errors.Is(err, errNoTerminal):
		return withHint(usageError{err}, "if the number is the same at the other end: mayfly contact verify %s --yes", name)
	case err != nil:
		return err
	case strings.EqualFold(answer, "yes") || strings.EqualFold(answer, "y"):
		return sayVerified(u, cl, name)
	}
	u.warn("%s is not verified; if the numbers differ, somebody may stand between you", name)
	return cl.SetVerified(name, false)
}

func sayVerified(u *ui, cl *client.Client, name string) error {
	if err := cl.SetVerified(name, true); err != nil {
		return err
	}
	u.say("%s is verified", name)
	return nil
}
