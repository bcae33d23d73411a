package cli

import (
	"context"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/storage"
)

const adminReapMore = `
serve does so by itself, at the latest fifteen seconds after something is due. This is for
when it is down, or to see whether the storage lets go.
` + adminMore

// An adminServer is what a command of admin needs that works on the server's database and storage.
type adminServer struct {
	server serverSettings
}

func (c *adminServer) settings() []setting {
	return c.server.pick("config", "state", "database", "storage", "s3-access-key", "s3-secret-key")
}

// with calls work with the server that the last serve was, not answering anybody.
func (c *adminServer) with(ctx context.Context, u *ui, work func(*server.Server, *state.DB) error) (err error) {
	r, err := c.server.known(u)
	if err != nil {
		return err
	}
	db, err := r.openDatabase(ctx)
	if err != nil {
		return err
	}
	defer finish(&err, db.Close)
	var store storage.Store
	if store, err = c.server.openStore(ctx, r.Storage); err != nil {
		return err
	}
	defer finish(&err, func() error { return closeStore(store) })
	s, err := server.New(server.Config{PublicURL: r.PublicURL}, store, db)
	if err != nil {
		return err
	}
	return work(s, db)
}

// adminReapCommand removes what is due.
type adminReapCommand struct {
	adminServer
}

func (c *adminReapCommand) run(ctx context.Context, u *ui, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	return c.with(ctx, u, func(s *server.Server, db *state.DB) error {
		if err := s.Reap(ctx); err != nil {
			return err
		}
		n, oldest, err := db.OutboxStats(ctx)
		if err == nil && n > 0 {
			u.warn("%s could not be removed from the storage yet, the oldest for %s", plural(n, "object"), plural(oldest, "second"))
		}
		return err
	})
}
