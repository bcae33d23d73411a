package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/storage/storagetest"
)

const adminCheckMore = `
Tries every promise that Mayfly needs of its storage, on the one that serve uses or on that of URL, and says ok or
FAIL for each. It writes below a prefix of its own, and takes away again what it wrote. It also warns of what would
keep deleted files: old versions, object lock, replication. Exit code 1 if a promise is broken.
`

// adminCheckCommand tries whether a storage is good enough.
type adminCheckCommand struct {
	server serverSettings
}

func (c *adminCheckCommand) settings() []setting {
	return c.server.pick("config", "state", "storage", "s3-access-key", "s3-secret-key")
}

func (c *adminCheckCommand) run(ctx context.Context, u *ui, args []string) (err error) {
	storageURL, err := c.url(u, args)
	if err != nil {
		return err
	}
	store, err := c.server.openStore(ctx, storageURL)
	if err != nil {
		return err
	}
	defer finish(&err, func() error { return closeStore(store) })
	failed, err := checkRules(ctx, u, store)
	if err != nil {
		return err
	}
	if err := sayWarnings(ctx, u, store); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("the storage breaks %s of %d", plural(failed, "promise"), len(storagetest.Rules))
	}
	return nil
}

// url returns which storage to check.
func (c *adminCheckCommand) url(u *ui, args []string) (string, error) {
	switch {
	case len(args) > 1:
		return "", usagef("one storage at a time")
	case len(args) == 1:
		return args[0], nil
	case c.server.storage != "":
		return c.server.storage, nil
	}
	r, err := c.server.known(u)
	return r.Storage, err
}

func checkRules(ctx context.Context, u *ui, store storage.Store) (failed int, err error) {
	prefix := "check/" + strings.ToLower(rand.Text())
	for _, rule := range storagetest.Rules {
		err := rule.Check(ctx, store, prefix)
		switch {
		case ctx.Err() != nil:
			return failed, ctx.Err()
		case err != nil:
			failed++
			u.print("FAIL  %s: %s\n", rule.Name, plain(err))
		default:
			u.print("ok    %s\n", rule.Name)
		}
	}
	return failed, nil
}

func sayWarnings(ctx context.Context, u *ui, store storage.Store) error {
	w, ok := store.(storage.Warner)
	if !ok {
		return nil
	}
	warnings, err := w.Warnings(ctx)
	for _, warning := range warnings {
		u.warn("%s", warning)
	}
	return err
}
