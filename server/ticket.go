package server

import (
	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// issueTickets makes the tickets spendable whose hashes a quota key shows.
func (s *Server) issueTickets(c echo.Context) error {
	q := parseQuery(c)
	kind := wire.TicketKind(q.text("kind"))
	if err := q.end(); err != nil {
		return err
	}
	if !kind.Valid() {
		return bad("there is no such kind of ticket")
	}
	req, err := s.enrolled(c, wire.MaxTickets*wire.RowSize)
	if err != nil {
		return err
	}
	rows, err := parseRows(req.Body, 1, wire.MaxTickets)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := s.db.UseNonce(ctx, req.Key, req.Nonce); err != nil {
		return err
	}
	hashes := make([]wire.Hash, len(rows))
	for i, row := range rows {
		hashes[i] = row
	}
	return done(c, notEnrolled(s.db.IssueTickets(ctx, req.Key, kind, hashes, s.day())))
}

// quota answers what a quota key may still have issued today.
func (s *Server) quota(c echo.Context) error {
	if err := noQuery(c); err != nil {
		return err
	}
	req, err := s.enrolled(c, 0)
	if err != nil {
		return err
	}
	quota, err := s.db.Quota(c.Request().Context(), req.Key, s.day())
	if err != nil {
		return err
	}
	return sendJSON(c, quota)
}

func (s *Server) day() state.DayLimits {
	return state.DayLimits{Bytes: s.cfg.DayBytes, Mailboxes: s.cfg.DayMailboxes}
}
