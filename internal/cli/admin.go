package cli

import (
	"context"
	"errors"

	"github.com/seed-7b314ca8/mayfly/server/state"
)

// adminMore stands below the usage of every command that needs the server's own database.
const adminMore = `
It works on the server's own database, on the machine where serve runs, whether serve is up
or down.
`

// An adminDatabase is what a command of admin needs that works on the server's database alone.
type adminDatabase struct {
	server serverSettings
}

func (c *adminDatabase) settings() []setting { return c.server.pick("config", "state", "database") }

// open opens the database that the last serve used. The caller closes it.
func (c *adminDatabase) open(ctx context.Context, u *ui) (serveRecord, *state.DB, error) {
	r, err := c.server.known(u)
	if err != nil {
		return r, nil, err
	}
	db, err := r.openDatabase(ctx)
	return r, db, err
}

// noArguments is a usage error if there are any.
func noArguments(args []string) error {
	if len(args) > 0 {
		return usagef("it takes no argument %q", args[0])
	}
	return nil
}

// finish closes something at the end of a function and adds what goes wrong to its error.
func finish(err *error, closing func() error) { *err = errors.Join(*err, closing()) }
