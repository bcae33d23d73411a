package cli

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"

	"github.com/seed-7b314ca8/mayfly/server"
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
	// Should the last serve have been killed, its file says what is not so.
	if err := c.removeReadyFile(); err != nil {
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
	err := h.announce(ctx, u, c, ends)
	if err != nil {
		running.cancel()
	}
	return errors.Join(err, running.wait(), c.removeReadyFile())
}

func (c *serveCommand) removeReadyFile() error {
	if c.readyFile == "" {
		return nil
	}
	if err := os.Remove(c.readyFile); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// announce says where the server is, and how to begin.
func (h *host) announce(ctx context.Context, u *ui, c *serveCommand, ends *endpoints) error {
	u.say("serving %s; its folder is %s", h.record.PublicURL, h.folder)
	if ends.metrics != nil {
		u.say("metrics are at http://%s/metrics", ends.metrics.Addr())
	}
	if exposed(h.record.PublicURL) {
		u.warn("clients do not go to %s without TLS, unless they are told --allow-http", h.record.PublicURL)
	}
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

// exposed reports whether others can listen to what is said to the server at this address.
func exposed(publicURL string) bool {
	u, err := url.Parse(publicURL)
	if err != nil || u.Scheme == "https" || u.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip == nil || !ip.IsLoopback()
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
