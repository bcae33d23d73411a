package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/seed-7b314ca8/mayfly/server"
)

// drainTime is how long requests that are under way may take once the server is told to end.
const drainTime = 20 * time.Second

// endpoints are the listeners of a server.
type endpoints struct {
	public  net.Listener
	tls     *tls.Config  // of public; nil for http
	metrics net.Listener // nil if there is none
}

// listenAll opens the listeners and completes cfg with the public address. The caller closes them.
func (c *serverSettings) listenAll(cfg *server.Config) (e *endpoints, err error) {
	e = new(endpoints)
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	if e.tls, err = c.tlsConfig(); err != nil {
		return e, err
	}
	if e.public, err = listen("--listen", c.listen); err != nil {
		return e, err
	}
	if err = c.checkListener(e.public.Addr(), e.tls != nil); err != nil {
		return e, err
	}
	if cfg.PublicURL == "" {
		cfg.PublicURL = scheme(e.tls) + e.public.Addr().String()
	}
	if c.metricsListen != "" {
		e.metrics, err = listen("--metrics-listen", c.metricsListen)
	}
	return e, err
}

func scheme(t *tls.Config) string {
	if t == nil {
		return "http://"
	}
	return "https://"
}

func listen(flag, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, withHint(err, "another program listens there: stop it, or choose another address with %s 127.0.0.1:0", flag)
	}
	if _, ok := errors.AsType[*net.AddrError](err); ok {
		return nil, usagef("%s: %v", flag, err)
	}
	return l, err
}

// checkListener refuses to speak without TLS to anything but this machine, and to make up an address that nobody can
// use.
func (c *serverSettings) checkListener(addr net.Addr, hasTLS bool) error {
	ip := addr.(*net.TCPAddr).IP
	switch {
	case ip.IsLoopback():
		return nil
	case !hasTLS && len(c.trustedProxies) == 0:
		err := usagef("%s can be reached from other machines, without TLS", addr)
		return withHint(err, "give --tls-cert and --tls-key, or name the proxy that speaks TLS with --trusted-proxies, or listen on 127.0.0.1")
	case c.publicURL == "" && (!hasTLS || ip.IsUnspecified()):
		return withHint(usagef("nobody can tell by which address clients reach %s", addr), "give --public-url https://HOST")
	}
	return nil
}

// close closes the listeners.
func (e *endpoints) close() {
	for _, l := range []net.Listener{e.public, e.metrics} {
		if l != nil {
			l.Close()
		}
	}
}

// A service is a server at work.
type service struct {
	cancel context.CancelFunc
	wait   func() error
}

// start has s answer on these listeners until ctx ends or one of them fails. The caller waits for it.
func start(ctx context.Context, s *server.Server, e *endpoints) *service {
	ctx, cancel := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	serveOn(ctx, g, s.HTTPServer(s.Handler()), e.public, e.tls)
	if e.metrics != nil {
		serveOn(ctx, g, s.HTTPServer(s.AdminHandler()), e.metrics, nil)
	}
	// The work behind the requests goes on until the last of them is answered.
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	work.Go(func() { s.Run(working) })
	return &service{cancel, func() error {
		defer cancel()
		err := g.Wait()
		stop()
		work.Wait()
		return err
	}}
}

// serveOn has hs answer on l until ctx ends, and then finish what is under way.
func serveOn(ctx context.Context, g *errgroup.Group, hs *http.Server, l net.Listener, t *tls.Config) {
	g.Go(func() error {
		var err error
		if t == nil {
			err = hs.Serve(l)
		} else {
			hs.TLSConfig = t
			err = hs.ServeTLS(l, "", "")
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	})
	g.Go(func() error {
		<-ctx.Done()
		draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		if err := hs.Shutdown(draining); err != nil {
			return hs.Close()
		}
		return nil
	})
}

// tlsConfig returns how the public listener speaks TLS; nil if it does not.
func (c *serverSettings) tlsConfig() (*tls.Config, error) {
	if c.tlsCert == "" && c.tlsKey == "" {
		return nil, nil
	}
	if c.tlsCert == "" || c.tlsKey == "" {
		return nil, usagef("--tls-cert and --tls-key go together")
	}
	cert := &certificate{certFile: c.tlsCert, keyFile: c.tlsKey}
	if _, err := cert.get(nil); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: cert.get}, nil
}

// A certificate is read anew when its file has changed, since those of today are renewed every few weeks.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	loaded  *tls.Certificate
	modTime time.Time // of certFile, when it was loaded
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.certFile)
	if err == nil && c.loaded != nil && info.ModTime().Equal(c.modTime) {
		return c.loaded, nil
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.LoadX509KeyPair(c.certFile, c.keyFile)
	}
	if err == nil {
		c.loaded, c.modTime = &pair, info.ModTime()
	}
	if c.loaded == nil {
		return nil, err
	}
	return c.loaded, nil // the old one serves while the new files are half written
}
