package server

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// about says to a person what this is.
const about = `This is a Mayfly server.

It passes on photos and files that are sealed before they reach it, so that it cannot read them, and forgets them when
their time is up. There is nothing to look at here: people use it through a program.

To begin, install mayfly, ask whoever runs this server for an invite, and type

    mayfly id create --invite INVITE
    mayfly send photo.jpg --to NAME

What a program may ask of this server is docs/PROTOCOL.md of the same project; it begins at /v1/server.
`

const robots = "User-agent: *\nDisallow: /\n"

const typeText = "text/plain; charset=utf-8"

// text returns a handler that answers with the same text always.
func text(body string) echo.HandlerFunc {
	return func(c echo.Context) error { return send(c, http.StatusOK, typeText, []byte(body)) }
}

// hello describes the server, signed with its identity over the nonce of the client.
func (s *Server) hello(c echo.Context) error {
	if err := noBody(c); err != nil {
		return err
	}
	q := parseQuery(c)
	nonce := q.text("nonce")
	if err := q.end(); err != nil {
		return err
	}
	if !decodeText(make([]byte, 16), nonce) {
		return bad("the nonce is base64url of 16 bytes")
	}
	now, err := s.clock.now(c.Request().Context())
	if err != nil {
		return err
	}
	body, err := json.Marshal(s.info(nonce, now))
	if err != nil {
		return wire.NewProblem(wire.CodeInternal, "")
	}
	signature := ed25519.Sign(s.key, wire.InfoBase(body))
	c.Response().Header().Set(wire.HeaderSignature, wire.EncodeText(signature))
	return send(c, http.StatusOK, wire.TypeJSON, body)
}

func (s *Server) info(nonce string, now int64) wire.Info {
	return wire.Info{
		Nonce: nonce, ID: s.id, Names: s.cfg.names(), Time: now,
		Versions: []int{wire.Version}, Suites: []int{1},
		Limits: wire.Limits{
			MaxSize: s.cfg.MaxSize, MaxTTL: seconds(s.cfg.MaxTTL), DefaultTTL: seconds(s.cfg.DefaultTTL),
		},
		Features: []string{}, Enrol: string(s.cfg.Enrol),
	}
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
