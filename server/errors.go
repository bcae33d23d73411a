package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// problems says which problem an error of the state or the storage is. Each is answered without detail: an error's text
// is for the log, if for anybody.
var problems = []struct {
	err  error
	code wire.Code
}{
	{state.ErrGone, wire.CodeGone},
	{state.ErrConflict, wire.CodeConflict},
	{state.ErrTicket, wire.CodeTicket},
	{state.ErrInvite, wire.CodeInvite},
	{state.ErrQuota, wire.CodeQuota},
	{state.ErrFull, wire.CodeStorageFull},
	{state.ErrMailboxFull, wire.CodeMailboxFull},
	{state.ErrIncomplete, wire.CodeIncomplete},
	{state.ErrReplay, wire.CodeReplay},
	{state.ErrBadRequest, wire.CodeBadRequest},
	{state.ErrLate, wire.CodeUnavailable},
	{storage.ErrFull, wire.CodeStorageFull},
}

// problemOf returns what to answer for err. What is not known is taken for an outage of the database or the store,
// which a client does well to wait for.
func problemOf(err error) *wire.Problem {
	if p, ok := errors.AsType[*wire.Problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		return routing(e.Code)
	}
	for _, row := range problems {
		if errors.Is(err, row.err) {
			return wire.NewProblem(row.code, "")
		}
	}
	return wire.NewProblem(wire.CodeUnavailable, "")
}

// routing returns what to answer where Echo found no handler.
func routing(status int) *wire.Problem {
	switch status {
	case http.StatusNotFound:
		return wire.NewProblem(wire.CodeNoPath, "")
	case http.StatusMethodNotAllowed:
		return wire.NewProblem(wire.CodeMethod, "")
	case http.StatusRequestEntityTooLarge:
		return wire.NewProblem(wire.CodeTooLarge, "")
	case http.StatusBadRequest:
		return wire.NewProblem(wire.CodeBadRequest, "")
	}
	return wire.NewProblem(wire.CodeInternal, "")
}

// notEnrolled returns the error for a quota key about which the state said err.
func notEnrolled(err error) error {
	if errors.Is(err, state.ErrGone) {
		return unsigned("this key is not enrolled")
	}
	return err
}

// retryAfter says, in seconds, when a client should come back after a problem that time cures.
var retryAfter = map[wire.Code]int{
	wire.CodeUnavailable: 5,
	wire.CodeRateLimit:   5,
}

// fail answers err. It is the one place where an error becomes an answer.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		s.log.cut(err)
		return // too late: the answer ends short of its Content-Length, which tells the client
	}
	p := problemOf(err)
	if p.Code == wire.CodeUnavailable && !errors.Is(err, context.Canceled) {
		s.log.trouble("request", err)
	}
	if !errors.Is(err, errBodyEnd) {
		drain(c)
	}
	h := c.Response().Header()
	if seconds, ok := retryAfter[p.Code]; ok {
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
	if p.Code == wire.CodeSignature {
		h.Set("WWW-Authenticate", "Signature")
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // a Problem is strings and numbers
	}
	send(c, p.Status, wire.TypeProblem, body)
}

// send answers with a body. A client that went away in the meantime is nobody's error.
func send(c echo.Context, status int, contentType string, body []byte) error {
	h := c.Response().Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.Response().WriteHeader(status)
	if c.Request().Method != http.MethodHead {
		c.Response().Write(body)
	}
	return nil
}

// sendBytes answers with bytes that only the client understands.
func sendBytes(c echo.Context, body []byte) error {
	return send(c, http.StatusOK, wire.TypeBytes, body)
}

// sendJSON answers with v.
func sendJSON(c echo.Context, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return wire.NewProblem(wire.CodeInternal, "")
	}
	return send(c, http.StatusOK, wire.TypeJSON, body)
}

// done answers that what was asked is done, unless err says that it is not.
func done(c echo.Context, err error) error {
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
