package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/media"
	"github.com/seed-7b314ca8/mayfly/server"
	"github.com/seed-7b314ca8/mayfly/wire"
)

const demoMore = `
Starts a server of its own, lets two people join it, and sends FILE, or a photo that it
makes itself, from one to the other. It shows what was taken out, what the server holds,
and that nothing is left when the time is up. Each of these is checked: if one is not so,
it says so and fails. All happens on this machine, in a folder that is removed at the end.
`

// demoCommand does the whole main job before one's eyes.
type demoCommand struct {
	ttl time.Duration
}

func (c *demoCommand) settings() []setting {
	return []setting{
		{name: "ttl", arg: "DURATION", help: "how long the photo lives; more where it is large", value: duration(&c.ttl, 10*time.Second)},
	}
}

func (c *demoCommand) run(ctx context.Context, u *ui, args []string) (err error) {
	if len(args) > 1 {
		return usagef("it takes one file at most")
	}
	if c.ttl < time.Second || c.ttl > time.Hour {
		return usagef("--ttl: the demo waits until the time is up; from 1s to 1h")
	}
	photo, err := demoPhoto(u, args)
	if err != nil {
		return err
	}
	defer photo.Close()
	stripped, err := media.Strip(photo, photo.size, nil)
	if err != nil {
		return withHint(fmt.Errorf("%s: %w", photo.name, err), "the demo shows what can be cleaned, such as a photo or a video from a telephone; mayfly send --as-is sends anything")
	}
	dir, err := os.MkdirTemp("", "mayfly-demo-")
	if err != nil {
		return err
	}
	defer finish(&err, func() error { return os.RemoveAll(dir) })
	d := &demo{u: u, dir: dir, ttl: c.lifetime(photo.size), photo: photo, stripped: stripped}
	defer finish(&err, d.close)
	return d.run(ctx)
}

// lifetime returns the time to live: enough for both ways of a large file.
func (c *demoCommand) lifetime(size int64) time.Duration {
	const perSecond = 8 << 20
	return c.ttl + time.Duration(size/perSecond)*time.Second
}

// demoPhoto opens the file that was named, or makes one.
func demoPhoto(u *ui, args []string) (*input, error) {
	if len(args) == 1 {
		return u.openInput(args[0])
	}
	data, err := makePhoto()
	return &input{bytes.NewReader(data), io.NopCloser(nil), "photo.jpg", int64(len(data))}, err
}

// A demo is a server and two people on this machine.
type demo struct {
	u        *ui
	dir      string
	ttl      time.Duration
	photo    *input
	stripped *media.File
	probes   []probe

	host       *host
	server     *server.Server
	service    *service
	alice, bob *client.Client

	blob     chat.Attachment // what bob was told of the photo
	saved    *client.Saved
	received *client.Received
}

// run does one thing after another and says what it does.
func (d *demo) run(ctx context.Context) error {
	d.u.print("Two people, one server and one photo, all on this machine.\n")
	for i, step := range []func(context.Context) error{
		d.startServer, d.join, d.clean, d.send, d.look, d.receive, d.expire,
	} {
		d.u.print("\n%d. ", i+1)
		if err := step(ctx); err != nil {
			return err
		}
	}
	d.u.print("\nAll of this was checked, and was so.\n")
	return nil
}

func (d *demo) close() error {
	var errs []error
	for _, c := range []*client.Client{d.alice, d.bob} {
		if c != nil {
			errs = append(errs, c.Ring.Close())
		}
	}
	if d.service != nil {
		d.service.cancel()
		errs = append(errs, d.service.wait())
	}
	if d.host != nil {
		errs = append(errs, d.host.close())
	}
	return errors.Join(errs...)
}

func (d *demo) folder(name string) string { return filepath.Join(d.dir, name) }

func (d *demo) startServer(ctx context.Context) error {
	c := new(serveCommand)
	c.settings()
	c.state, c.listen, c.logLevel = d.folder("server"), "127.0.0.1:0", "error"
	c.maxSize, c.maxBytes, c.dayBytes = wire.MaxFileSize, 4*wire.MaxFileSize, 4*wire.MaxFileSize
	cfg, err := c.serverConfig(d.u)
	if err != nil {
		return err
	}
	ends, err := c.listenAll(&cfg)
	if err != nil {
		return err
	}
	if d.host, err = c.openHost(ctx, d.u); err != nil {
		ends.close()
		return err
	}
	d.server, err = server.New(cfg, d.host.store, d.host.db)
	if err != nil {
		ends.close()
		return err
	}
	d.host.record.PublicURL = cfg.PublicURL
	d.service = start(ctx, d.server, ends)
	d.u.print("A server runs at %s. It keeps sealed files in a folder, and a small database.\n", cfg.PublicURL)
	return nil
}

func (d *demo) join(ctx context.Context) (err error) {
	if d.alice, err = d.person(ctx, "alice"); err != nil {
		return err
	}
	if d.bob, err = d.person(ctx, "bob"); err != nil {
		return err
	}
	if err := befriend(d.alice, "bob", d.bob); err != nil {
		return err
	}
	if err := befriend(d.bob, "alice", d.alice); err != nil {
		return err
	}
	d.u.print("Alice and Bob join with an invite each, and give each other their contact strings.\n" +
		"   The server knows neither their names nor that they know each other.\n")
	return nil
}

// person makes somebody at the server.
func (d *demo) person(ctx context.Context, name string) (*client.Client, error) {
	invite, err := newInvite(ctx, d.host.db, d.host.record.PublicURL, time.Minute)
	if err != nil {
		return nil, err
	}
	ring, err := keyring.Create(d.folder(name), keyring.KeyFile(d.folder(name+".key")))
	if err != nil {
		return nil, err
	}
	c := &client.Client{Ring: ring, Transport: client.NewHTTPTransport(), Retry: 10 * time.Second}
	return c, c.Enrol(ctx, invite)
}

func befriend(c *client.Client, name string, other *client.Client) error {
	card, err := other.Card()
	if err != nil {
		return err
	}
	_, err = c.AddContact(name, card)
	return err
}
