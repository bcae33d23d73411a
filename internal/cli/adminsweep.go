package cli

import (
	"context"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/server/state"
)

const adminSweepMore = `
Compares storage and database, both ways. An object that no row knows of is deleted once it
is two days old; a part whose object is missing is marked as lost. It should find neither.
serve does so by itself once a day. With --dry-run it only counts.
` + adminMore

// adminSweepCommand compares storage and database.
type adminSweepCommand struct {
	adminServer
	dryRun bool
}

func (c *adminSweepCommand) settings() []setting {
	return append(
		c.adminServer.settings(),
		setting{name: "dry-run", help: "count, and change nothing", value: toggle(&c.dryRun)},
	)
}

func (c *adminSweepCommand) run(ctx context.Context, u *ui, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	return c.with(ctx, u, func(s *server.Server, _ *state.DB) error {
		r, err := s.Sweep(ctx, c.dryRun)
		u.print("objects  %d\n", r.Objects)
		u.print("orphans  %d, %s\n", r.Orphans, formatSize(r.Bytes))
		u.print("lost     %s\n", plural(r.Lost, "part"))
		return err
	})
}
