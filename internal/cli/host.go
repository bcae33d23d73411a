package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/storage"
)

// A host is the folder, storage and database of a server, open.
type host struct {
	folder string
	record serveRecord
	lock   *os.File // nil where several processes may serve
	store  storage.Store
	db     *state.DB
}

// openHost opens what a server keeps. The caller closes it.
func (c *serverSettings) openHost(ctx context.Context, u *ui) (*host, error) {
	folder, err := c.folder(u)
	if err != nil {
		return nil, err
	}
	h := &host{folder: folder}
	if h.record, err = c.record(folder); err != nil {
		return nil, err
	}
	if err := h.open(ctx, u, c); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func (h *host) open(ctx context.Context, u *ui, c *serverSettings) (err error) {
	if err := makeFolder(h.folder); err != nil {
		return err
	}
	if err := h.takeLock(); err != nil {
		return err
	}
	if s := c.source("database"); s.from == "--database" && hasPassword(c.database) {
		u.warn("the password in --database shows in the list of processes; MAYFLY_DATABASE_FILE keeps it from there")
	}
	if h.db, err = h.record.openDatabase(ctx); err != nil {
		return err
	}
	h.store, err = c.openStore(ctx, h.record.Storage)
	return err
}

// takeLock keeps a second serve away from a folder with a database in it, which is not made for two.
func (h *host) takeLock() error {
	if !strings.HasPrefix(h.record.Database, "sqlite:") {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(h.folder, "serve.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	h.lock = f
	ok, err := lockFile(f)
	if err == nil && !ok {
		err = fmt.Errorf("another serve runs in %s", h.folder)
		err = withHint(err, "stop it, or give this one another --state; several can share a PostgreSQL database")
	}
	return err
}

// close closes what is open of h.
func (h *host) close() error {
	var errs []error
	if h.store != nil {
		errs = append(errs, closeStore(h.store))
	}
	if h.db != nil {
		errs = append(errs, h.db.Close())
	}
	if h.lock != nil {
		errs = append(errs, h.lock.Close())
	}
	return errors.Join(errs...)
}
