// Package server is everything that may hold only ciphertext: the HTTP side of a Mayfly server.
//
// A [Server] is a handler and the work behind it. It keeps sealed parts of blobs in a [storage.Store] and all that it
// remembers in a [state.DB], whose documentation is the complete list. It has nothing else: any number of processes may
// serve the same store and database, and each may end at any time. What a client may ask is in package wire.
//
// It opens no listener and knows no TLS; both are the caller's:
//
//	s, err := server.New(cfg, blobs, db)
//	…
//	go s.Run(ctx)
//	err = s.HTTPServer(s.Handler()).Serve(listener)
package server

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A Server is a Mayfly server. Its methods may be called concurrently.
type Server struct {
	cfg   Config
	blobs storage.Store
	db    *state.DB
	key   ed25519.PrivateKey
	id    wire.PublicKey
	log   logger

	clock     clock
	hub       *hub
	reaper    *alarm
	janitor   bell // rings when there is something in the outbox
	uploads   slots
	strangers *strangers
	health    health
	metrics   *metrics
	handler   http.Handler
	admin     http.Handler

	stopping <-chan struct{} // closed by stop
	stop     func()          // ends what only waits
}

// startTime is how long New may take.
const startTime = time.Minute

// New returns a server on these blobs and this database, which the caller closes when all of the server's work has
// ended. It refuses a store that belongs to another database: see [Server.Sweep].
func New(cfg Config, blobs storage.Store, db *state.DB) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	stopping := make(chan struct{})
	s := &Server{
		cfg: cfg, blobs: blobs, db: db, log: newLogger(cfg.Log),
		clock: clock{db: db}, reaper: newAlarm(), janitor: make(bell, 1),
		uploads: make(slots, cfg.MaxUploads), strangers: newStrangers(cfg.RefusalsPerMinute),
		stopping: stopping, stop: sync.OnceFunc(func() { close(stopping) }),
	}
	s.hub = newHub(db, s.log, cfg.MaxWaiters)
	s.metrics = newMetrics(s)
	s.handler, s.admin = s.routes(), s.adminRoutes()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// open reads who the server is, and checks that the store is its own.
func (s *Server) open(ctx context.Context) (err error) {
	if s.key, err = s.db.ServerKey(ctx); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	s.id = wire.PublicKey(s.key.Public().(ed25519.PublicKey))
	if _, err = s.clock.now(ctx); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	return s.claimStore(ctx)
}

// ID returns the server's identity, which invites and contact strings name.
func (s *Server) ID() wire.PublicKey { return s.id }

// Handler returns what answers clients.
func (s *Server) Handler() http.Handler { return s.handler }

// AdminHandler returns what answers the operator: /metrics for Prometheus, /healthz and /readyz. It belongs on a
// listener that strangers do not reach.
func (s *Server) AdminHandler() http.Handler { return s.admin }

// HTTPServer returns a server for h, which is [Server.Handler], [Server.AdminHandler] or a handler around one of them. It
// has no listener yet. Its timeouts are for headers and idle connections only, since those of bodies depend on the
// request. When its Shutdown is called, long-polls and event streams end at once, [Server.Handler] is not ready any more, and
// requests that are under way are finished; 20 seconds are enough for that.
func (s *Server) HTTPServer(h http.Handler) *http.Server {
	hs := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream:     4 << 20, // the default leaves three quarters of a long link idle
			MaxReceiveBufferPerConnection: 8 << 20,
		},
		ErrorLog: log.New(connErrors{s}, "", 0),
	}
	hs.RegisterOnShutdown(s.stop)
	return hs
}

// connErrors takes what net/http would log: sentences with the addresses of clients in them. They are counted.
type connErrors struct{ s *Server }

func (e connErrors) Write(b []byte) (int, error) {
	e.s.metrics.connErrors.Inc()
	return len(b), nil
}

// Run does the work behind the handler until ctx ends: it removes what is due, deletes objects, sweeps, and hears of
// envelopes from other processes. It returns when all of that has ended; long-polls and event streams end too, and the
// server is not ready any more. The error is nil.
func (s *Server) Run(ctx context.Context) error {
	defer s.stop()
	var g errgroup.Group
	for _, work := range []func(context.Context) error{
		s.reap, s.clean, s.sweepDaily, s.hub.listen, s.hub.tell,
	} {
		g.Go(func() error { return work(ctx) })
	}
	context.AfterFunc(ctx, s.stop)
	return g.Wait()
}
