package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/wire"
)

const (
	healthTime = 5 * time.Second // how long the database and the store may take to answer
	healthAge  = 2 * time.Second // how old an answer may be: anybody may ask
)

// health is what was last found out about the database and the store.
type health struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// readyz answers whether the server can do its work: write to its database and read from its store.
func (s *Server) readyz(c echo.Context) error {
	select {
	case <-s.stopping:
		return wire.NewProblem(wire.CodeUnavailable, "the server is about to end")
	default:
	}
	if err := s.ready(); err != nil {
		return err
	}
	return send(c, http.StatusOK, typeText, []byte("ready\n"))
}

// ready asks database and store, unless they were asked a moment ago.
func (s *Server) ready() error {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	if time.Since(s.health.at) < healthAge {
		return s.health.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), healthTime)
	defer cancel()
	err := s.db.Ping(ctx)
	if err == nil {
		_, err = s.readMarker(ctx)
	}
	s.health.at, s.health.err = time.Now(), err
	return err
}
