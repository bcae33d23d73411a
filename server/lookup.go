package server

import (
	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// createLocator spends a ticket on a locator for the key that signs. Its body is id, ticket and manifest.
func (s *Server) createLocator(c echo.Context) error {
	q := parseQuery(c)
	seq := q.number("seq", maxNumber)
	if err := q.end(); err != nil {
		return err
	}
	const head = 2 * wire.RowSize
	req, err := s.signedOnce(c, head+wire.MaxManifest)
	if err != nil {
		return err
	}
	if len(req.Body) <= head {
		return wire.NewProblem(wire.CodeLength, "the body is an id, a ticket and a manifest")
	}
	rows, manifest := req.Body[:head], req.Body[head:]
	id, ticket := wire.LocatorID(rows[:wire.RowSize]), wire.Sum(rows[wire.RowSize:])
	return done(c, s.db.CreateLocator(c.Request().Context(), req.Key, id, uint64(seq), ticket, manifest))
}

// ownLocator decodes a request that changes a locator, by who signs as its owner. The query's parameters are taken.
func (s *Server) ownLocator(c echo.Context, q *query, limit int64) (id wire.LocatorID, req *signed, err error) {
	if err = q.end(); err != nil {
		return id, nil, err
	}
	if id, err = locatorID(c); err != nil {
		return id, nil, err
	}
	req, err = s.signedOnce(c, limit)
	return id, req, err
}

// putLocator replaces a manifest by a later one.
func (s *Server) putLocator(c echo.Context) error {
	q := parseQuery(c)
	seq := q.number("seq", maxNumber)
	id, req, err := s.ownLocator(c, q, wire.MaxManifest)
	if err != nil {
		return err
	}
	if len(req.Body) == 0 {
		return wire.NewProblem(wire.CodeLength, "the manifest is empty")
	}
	return done(c, s.db.PutLocator(c.Request().Context(), req.Key, id, uint64(seq), req.Body))
}

// locator answers a manifest to who knows where it is.
func (s *Server) locator(c echo.Context) error {
	if err := plain(c); err != nil {
		return err
	}
	id, err := locatorID(c)
	if err != nil {
		return err
	}
	manifest, err := s.db.Locator(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return sendBytes(c, manifest)
}

// deleteLocator removes a locator.
func (s *Server) deleteLocator(c echo.Context) error {
	id, req, err := s.ownLocator(c, parseQuery(c), 0)
	if err != nil {
		return err
	}
	defer s.reaper.removed()
	return done(c, s.db.DeleteLocator(c.Request().Context(), req.Key, id))
}
