package server

import (
	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// enrol enrols the key that signs.
func (s *Server) enrol(c echo.Context) error {
	if err := noQuery(c); err != nil {
		return err
	}
	req, err := s.signed(c, wire.MaxJSON)
	if err != nil {
		return err
	}
	var body wire.EnrolRequest
	if err := parseObject(req.Body, map[string]*string{"invite": &body.Invite}); err != nil {
		return err
	}
	invite, err := s.invite(body.Invite)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := s.db.Enrol(ctx, req.Key, invite); err != nil {
		return err
	}
	// Only now: to enrol again changes nothing, and a stranger must not make the server remember nonces.
	return done(c, s.db.UseNonce(ctx, req.Key, req.Nonce))
}

// invite returns the hash of the code that an enrolment must spend; nil where it need not.
func (s *Server) invite(text string) (*wire.Hash, error) {
	if s.cfg.Enrol == EnrolOpen {
		return nil, nil
	}
	var code [wire.InviteCodeSize]byte
	if s.cfg.Enrol == EnrolClosed || !decodeText(code[:], text) {
		return nil, wire.NewProblem(wire.CodeInvite, "")
	}
	h := wire.Sum(code[:])
	return &h, nil
}
