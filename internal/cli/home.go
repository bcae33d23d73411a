package cli

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
)

// A homeFlags says which client this is: the folder that remembers, what opens it, and how it reaches servers.
type homeFlags struct {
	home, keyFile string
	passphrase    secret
	allowHTTP     bool
	retry         time.Duration
}

func (h *homeFlags) settings() []setting {
	return []setting{
		{
			name: "home", arg: "DIR", value: text(&h.home, ""),
			help: "where this client remembers", otherwise: "mayfly in your state folder",
			more: "One command at a time uses it. All in it is sealed; what has had its time is gone from it after the next command.",
		},
		{
			name: "key-file", arg: "FILE", value: text(&h.keyFile, ""),
			help: "the key in FILE opens the home, in place of a passphrase",
			more: "`id create` makes it. It lies outside the home, serves one home only, and is replaced whenever something goes.",
		},
		{
			name: "passphrase", arg: "TEXT", secret: true, value: hush(&h.passphrase),
			help: "the file with the passphrase that opens the home",
			more: "Asked for on the terminal where it is not given. A passphrase in the variable itself shows to every " +
				"program that you start from there.",
		},
		{
			name: "retry", arg: "DURATION", value: duration(&h.retry, 2*time.Minute),
			help: "how long to go on trying while a server does not answer",
		},
		{
			name: "allow-http", value: toggle(&h.allowHTTP),
			help: "reach servers that are not on this machine without TLS, too",
			more: "Then who listens on the way sees who talks to the server, when and how much, and can take the part of either.",
		},
	}
}

// folder returns the home.
func (h *homeFlags) folder(u *ui) (string, error) {
	if h.home != "" {
		return filepath.Abs(h.home)
	}
	dir, err := u.stateFolder("mayfly")
	if err != nil {
		return "", withHint(usageError{err}, "say where with --home DIR")
	}
	return dir, nil
}

// open opens the home and forgets what is due, before anything else. The caller closes the ring of the client.
func (h *homeFlags) open(u *ui) (*client.Client, error) {
	dir, err := h.folder(u)
	if err != nil {
		return nil, err
	}
	roots := &lateRoots{ask: func() (keyring.Roots, error) { return h.roots(u, dir, chosenBefore) }}
	ring, err := keyring.Open(dir, roots)
	if err != nil {
		return nil, err
	}
	return h.client(u, ring)
}

// with calls work with the client of this home, open.
func (h *homeFlags) with(u *ui, work func(*client.Client) error) (err error) {
	cl, err := h.open(u)
	if err != nil {
		return err
	}
	defer finish(&err, cl.Ring.Close)
	return work(cl)
}

// create makes the home. The caller closes the ring of the client.
func (h *homeFlags) create(u *ui) (*client.Client, error) {
	dir, err := h.folder(u)
	if err != nil {
		return nil, err
	}
	roots, err := h.roots(u, dir, chosenNow)
	if err != nil {
		return nil, err
	}
	ring, err := keyring.Create(dir, roots)
	if err != nil {
		return nil, err
	}
	return h.client(u, ring)
}

func (h *homeFlags) client(u *ui, ring *keyring.Ring) (*client.Client, error) {
	c := &client.Client{
		Ring: ring, Transport: &talkative{Transport: client.NewHTTPTransport(), u: u, retry: h.retry},
		Retry: h.retry, AllowHTTP: h.allowHTTP,
		Notice: func(s string) { u.say("%s", printableLine(s)) },
	}
	if h.retry == 0 {
		c.Retry = -1 // once
	}
	if _, err := c.Forget(); err != nil {
		return nil, errors.Join(err, ring.Close())
	}
	return c, nil
}

// A talkative transport says that a server does not answer, since the client goes on trying for a while.
type talkative struct {
	client.Transport
	u     *ui
	retry time.Duration
	once  sync.Once
}

// Do implements [client.Transport].
func (t *talkative) Do(ctx context.Context, req *client.Request) (*client.Response, error) {
	resp, err := t.Transport.Do(ctx, req)
	if err != nil && ctx.Err() == nil && t.retry > 0 {
		t.once.Do(func() { t.u.say("the server does not answer; trying for up to %s", formatDuration(t.retry)) })
	}
	return resp, err
}
