package server

import (
	"math"

	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// createMailbox spends a ticket on a mailbox for the key that signs.
func (s *Server) createMailbox(c echo.Context) error {
	if err := noQuery(c); err != nil {
		return err
	}
	req, err := s.signedOnce(c, wire.MailboxRows*wire.RowSize)
	if err != nil {
		return err
	}
	rows, err := parseRows(req.Body, wire.MailboxRows, wire.MailboxRows)
	if err != nil {
		return err
	}
	ticket := wire.Sum(rows[3][:])
	return done(c, s.db.CreateMailbox(c.Request().Context(), req.Key, rows[0], rows[1], rows[2], ticket))
}

// ownMailbox decodes a request that changes a mailbox, by who signs as its owner. The query's parameters are taken.
func (s *Server) ownMailbox(c echo.Context, q *query, limit int64) (id wire.MailboxID, req *signed, err error) {
	if err = q.end(); err != nil {
		return id, nil, err
	}
	if id, err = mailboxID(c); err != nil {
		return id, nil, err
	}
	req, err = s.signedOnce(c, limit)
	return id, req, err
}

// deleteMailbox removes a mailbox and what waits in it.
func (s *Server) deleteMailbox(c echo.Context) error {
	id, req, err := s.ownMailbox(c, parseQuery(c), 0)
	if err != nil {
		return err
	}
	if err := s.db.DeleteMailbox(c.Request().Context(), req.Key, id); err != nil {
		return err
	}
	s.hub.publish(id) // who waits there learns it
	s.reaper.removed()
	return done(c, nil)
}

// setAccess replaces the keys with which others post to a mailbox.
func (s *Server) setAccess(c echo.Context) error {
	id, req, err := s.ownMailbox(c, parseQuery(c), 2*wire.RowSize)
	if err != nil {
		return err
	}
	rows, err := parseRows(req.Body, 2, 2)
	if err != nil {
		return err
	}
	return done(c, s.db.SetAccess(c.Request().Context(), req.Key, id, rows[0], rows[1]))
}

// putMailboxKey replaces the signed key that senders seal envelopes to. The server does not look into it.
func (s *Server) putMailboxKey(c echo.Context) error {
	q := parseQuery(c)
	epoch := q.number("epoch", math.MaxUint32)
	id, req, err := s.ownMailbox(c, q, wire.MaxMailboxKey)
	if err != nil {
		return err
	}
	if len(req.Body) == 0 {
		return wire.NewProblem(wire.CodeLength, "the mailbox key is empty")
	}
	return done(c, s.db.PutMailboxKey(c.Request().Context(), req.Key, id, uint32(epoch), req.Body))
}

// mailboxKey answers the signed key of a mailbox to who may post there.
func (s *Server) mailboxKey(c echo.Context) error {
	if err := plain(c); err != nil {
		return err
	}
	id, err := mailboxID(c)
	if err != nil {
		return err
	}
	access, err := bearer(c)
	if err != nil {
		return err
	}
	key, err := s.db.MailboxKey(c.Request().Context(), id, access)
	if err != nil {
		return err
	}
	return sendBytes(c, key)
}
