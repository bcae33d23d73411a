package server

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// header stands on every answer. Nothing that this server says may be kept on the way, shown as a page, or understood as
// anything but what it says it is.
var header = map[string]string{
	"Cache-Control":                "no-store",
	"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'; sandbox",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Robots-Tag":                 "noindex",
}

// edge is around every request: it sets what stands on every answer, bounds how long a client may take to read it,
// turns panics and errors into answers, and counts.
func (s *Server) edge(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		s.dress(c.Response().Header())
		w := c.Response().Writer
		c.Response().Writer = &patientWriter{w, http.NewResponseController(w)}
		limitBody(c)
		if err := s.contain(next, c); err != nil {
			s.strangers.refused(c)
			s.fail(err, c)
		}
		s.account(c, time.Since(start))
		return nil
	}
}

func (s *Server) dress(h http.Header) {
	for name, value := range header {
		h.Set(name, value)
	}
	if s.cfg.secure() {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	h.Set(wire.HeaderTime, strconv.FormatInt(s.clock.estimate(), 10))
}

// contain calls the handler of a request. A panic becomes an error, and says nothing of the request.
func (s *Server) contain(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		v := recover()
		if v == http.ErrAbortHandler {
			panic(v) // net/http's own word for "close the connection"
		}
		if v != nil {
			s.metrics.panics.Inc()
			s.log.crash(v)
			err = wire.NewProblem(wire.CodeInternal, "")
		}
	}()
	if c.Request().URL.RawPath != "" {
		return wire.NewProblem(wire.CodeNoPath, "") // no path of ours needs an escape
	}
	return next(c)
}

// account counts a request that was answered, and logs it.
func (s *Server) account(c echo.Context, took time.Duration) {
	method, status, size := methodName(c.Request().Method), c.Response().Status, c.Response().Size
	route := c.Path()
	if status == http.StatusNotFound && route == "" {
		route = "none"
	}
	s.metrics.request(method, route, status, took)
	s.log.request(method, route, status, size, took)
}

// A patientWriter waits for a client that takes what is written, however slowly, but no longer than writeTime for one
// that takes nothing.
type patientWriter struct {
	http.ResponseWriter
	rc *http.ResponseController
}

func (w *patientWriter) Write(b []byte) (int, error) {
	w.rc.SetWriteDeadline(time.Now().Add(writeTime))
	return w.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController].
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// addressExtractor returns how to tell who asks: the peer, or what a trusted peer says of it.
func addressExtractor(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		p = p.Masked()
		mask := net.CIDRMask(p.Bits(), p.Addr().BitLen())
		options = append(options, echo.TrustIPRange(&net.IPNet{IP: p.Addr().AsSlice(), Mask: mask}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
