package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/wire"
)

const serveMore = `
Without flags it listens on this machine only, keeps all it has in one folder, and prints
an invite for the first who joins. For others to reach it, give it --public-url and either
--tls-cert and --tls-key or a proxy that speaks TLS (--trusted-proxies). A bucket is one
flag away: --storage s3+https://HOST/BUCKET/PREFIX.
`

// serveCommand runs a server until it is told to end.
type serveCommand struct {
	serverSettings
}

func (c *serveCommand) settings() []setting { return c.table() }

func (c *serveCommand) run(ctx context.Context, u *ui, args []string) (err error) {
	if err := noArguments(args); err != nil {
		return err
	}
	cfg, err := c.serverConfig(u)
	if err != nil {
		return err
	}
	ends, err := c.listenAll(&cfg)
	if err != nil {
		return err
	}
	defer ends.close()
	h, err := c.openHost(ctx, u)
	if err != nil {
		return err
	}
	defer finish(&err, h.close)
	s, err := server.New(cfg, h.store, h.db)
	if err != nil {
		return err
	}
	h.record.PublicURL = cfg.PublicURL
	if err := h.record.save(h.folder); err != nil {
		return err
	}
	return h.serve(ctx, u, c, s, ends)
}

// serve answers until ctx ends, and says so.
func (h *host) serve(ctx context.Context, u *ui, c *serveCommand, s *server.Server, ends *endpoints) error {
	running := start(ctx, s, ends)
	err := h.announce(ctx, u, c)
	if err != nil {
		running.cancel()
	}
	err = errors.Join(err, running.wait())
	if c.readyFile != "" {
		err = errors.Join(err, gone(os.Remove(c.readyFile)))
	}
	return err
}

// gone is err unless that says that there was nothing to remove.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// announce says where the server is, and how to begin.
func (h *host) announce(ctx context.Context, u *ui, c *serveCommand) error {
	u.say("serving %s; all of its state is in %s", h.record.PublicURL, h.folder)
	if err := sayWarnings(ctx, u, h.store); err != nil {
		u.warn("the storage cannot be asked whether it keeps what is deleted: %s", plain(err))
	}
	if err := h.firstInvite(ctx, u, c.enrol); err != nil {
		return err
	}
	if c.readyFile == "" {
		return nil
	}
	return replaceFile(c.readyFile, []byte(h.record.PublicURL+"\n"), 0o644)
}

// firstInvite prints an invite where nobody has joined yet and nobody could.
func (h *host) firstInvite(ctx context.Context, u *ui, enrol string) error {
	if enrol != string(server.EnrolInvite) {
		return nil
	}
	first, err := h.db.Unclaimed(ctx)
	if err != nil || !first {
		return err
	}
	invite, err := newInvite(ctx, h.db, h.record.PublicURL, inviteLife)
	if err != nil {
		return err
	}
	u.say("nobody has joined yet; whoever is the first may type, within %s:", formatDuration(inviteLife))
	u.say("    mayfly id create --invite %s", invite)
	u.say("for everybody else: mayfly admin invite --state %s", h.folder)
	return nil
}

// serverConfig returns c as package server wants it.
func (c *serverSettings) serverConfig(u *ui) (server.Config, error) {
	// A limit that was not chosen gives way to one that was.
	if c.source("max-size").from == "" {
		c.maxSize = min(c.maxSize, c.maxBytes/2)
	}
	if c.source("default-ttl").from == "" {
		c.defaultTTL = min(c.defaultTTL, c.maxTTL)
	}
	if c.maxSize > wire.MaxFileSize {
		return server.Config{}, usagef("--max-size: no file is larger than %s", formatSize(wire.MaxFileSize))
	}
	proxies, err := parseNetworks(c.trustedProxies)
	if err != nil {
		return server.Config{}, err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.logLevel)); err != nil {
		return server.Config{}, err
	}
	cfg := server.Config{
		PublicURL: strings.TrimSuffix(c.publicURL, "/"), Enrol: server.Enrolment(c.enrol),
		DefaultTTL: c.defaultTTL, MaxTTL: c.maxTTL,
		MaxSize: wire.BlobSize(wire.PaddedSize(c.maxSize)), MaxBytes: c.maxBytes,
		DayBytes: c.dayBytes, DayMailboxes: c.dayMailboxes,
		MailboxEnvelopes: c.mailboxEnvelopes, MailboxBytes: c.mailboxBytes, IntroPerDay: c.introPerDay,
		MaxUploads: c.maxUploads, MaxWaiters: c.maxWaiters, RefusalsPerMinute: c.refusalsPerMinute,
		TrustedProxies: proxies,
		Log:            slog.New(slog.NewTextHandler(u.env.Stderr, &slog.HandlerOptions{Level: level})),
	}
	if err := cfg.Validate(); err != nil {
		return cfg, usageError{err}
	}
	return cfg, nil
}

// parseNetworks parses networks such as 10.0.0.0/8, and single addresses.
func parseNetworks(list []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if addr, addrErr := netip.ParseAddr(s); addrErr == nil {
			p, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, usagef("--trusted-proxies: %q is no network such as 10.0.0.0/8", s)
		}
		networks = append(networks, p)
	}
	return networks, nil
}

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

// drainTime is how long requests that are under way may take once the server is told to end.
const drainTime = 20 * time.Second
