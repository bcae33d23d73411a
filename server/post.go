package server

import (
	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// post leaves an envelope in a mailbox, for whoever holds one of its keys.
func (s *Server) post(c echo.Context) error {
	q := parseQuery(c)
	at := q.number("at", maxNumber)
	if err := q.end(); err != nil {
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
	envelope, err := readBody(c, wire.MaxEnvelope)
	if err != nil {
		return err
	}
	if !wire.ValidEnvelopeSize(len(envelope)) {
		return wire.NewProblem(wire.CodeLength, "an envelope has one of few lengths")
	}
	ctx := c.Request().Context()
	now, err := s.clock.now(ctx)
	if err != nil {
		return err
	}
	if at > now+seconds(wire.EnvelopeLife+wire.MaxRounding) {
		return wire.NewProblem(wire.CodeTooLarge, "an envelope does not wait that long")
	}
	if err := s.db.Post(ctx, id, access, at, envelope, s.mailboxLimits()); err != nil {
		return err
	}
	s.hub.publish(id)
	s.reaper.expect(at)
	return done(c, nil)
}

func (s *Server) mailboxLimits() state.MailboxLimits {
	return state.MailboxLimits{
		Envelopes: s.cfg.MailboxEnvelopes, Bytes: s.cfg.MailboxBytes, IntroPerDay: s.cfg.IntroPerDay,
	}
}
