package server

import (
	"io"

	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// routes is the table of contents: everything that this server answers to strangers.
func (s *Server) routes() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(io.Discard)
	e.HTTPErrorHandler = s.fail
	e.IPExtractor = addressExtractor(s.cfg.TrustedProxies)
	e.Use(s.edge)

	read(e, "/", text(about))
	read(e, "/robots.txt", text(robots))
	read(e, "/healthz", text("ok\n"))
	read(e, "/readyz", s.readyz)

	read(e, wire.PathServer, s.hello)
	e.POST(wire.PathEnrol, s.enrol)
	e.POST(wire.PathTickets, s.issueTickets)
	read(e, wire.PathQuota, s.quota)

	e.POST(wire.PathBlobs, s.createBlob)
	read(e, wire.PathBlobs+"/:id", s.blob)
	e.DELETE(wire.PathBlobs+"/:id", s.remove)
	read(e, wire.PathBlobs+"/:id/parts", s.parts)
	e.PUT(wire.PathBlobs+"/:id/parts/:n", s.putPart)
	read(e, wire.PathBlobs+"/:id/parts/:n", s.getPart)
	e.POST(wire.PathBlobs+"/:id/commit", s.commit)
	e.POST(wire.PathBlobs+"/:id/share", s.share)

	e.POST(wire.PathMailboxes, s.createMailbox)
	e.DELETE(wire.PathMailboxes+"/:id", s.deleteMailbox)
	e.PUT(wire.PathMailboxes+"/:id/access", s.setAccess)
	e.PUT(wire.PathMailboxes+"/:id/key", s.putMailboxKey)
	read(e, wire.PathMailboxes+"/:id/key", s.mailboxKey)
	e.POST(wire.PathMailboxes+"/:id/envelopes", s.post)
	e.GET(wire.PathMailboxes+"/:id/envelopes", s.inbox)
	e.DELETE(wire.PathMailboxes+"/:id/envelopes", s.ack)

	e.POST(wire.PathLocators, s.createLocator)
	read(e, wire.PathLocators+"/:id", s.locator)
	e.PUT(wire.PathLocators+"/:id", s.putLocator)
	e.DELETE(wire.PathLocators+"/:id", s.deleteLocator)
	return e
}

// read routes GET, and HEAD, which is answered in the same way without a body.
func read(e *echo.Echo, path string, h echo.HandlerFunc) {
	e.GET(path, h)
	e.HEAD(path, h)
}
