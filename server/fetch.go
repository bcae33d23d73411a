package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/storage"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// fetchTime is how long one request for a part may take, and so how long after a blob's At bytes of it may still be
// under way.
const fetchTime = 5 * time.Minute

// blob describes a blob.
func (s *Server) blob(c echo.Context) error {
	id, read, err := shown(c)
	if err != nil {
		return err
	}
	info, err := s.db.ReadBlob(c.Request().Context(), id, read)
	if err != nil {
		return err
	}
	return sendJSON(c, info)
}

// share releases the server's half of a blob's secret.
func (s *Server) share(c echo.Context) error {
	id, read, err := shown(c)
	if err != nil {
		return err
	}
	share, err := s.db.ReleaseShare(c.Request().Context(), id, read)
	if err != nil {
		return err
	}
	row := share.Reveal()
	return sendBytes(c, row[:])
}

// getPart answers a part, or its end for who has the beginning.
func (s *Server) getPart(c echo.Context) error {
	id, read, err := shown(c)
	if err != nil {
		return err
	}
	n, err := partNumber(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), fetchTime)
	defer cancel()
	part, err := s.db.ReadPart(ctx, id, read, n)
	if err != nil {
		return err
	}
	off, err := rangeStart(c, part.Size)
	if err != nil {
		return err
	}
	if c.Request().Method == http.MethodHead {
		return sendPart(c, part.Size, off, strings.NewReader(""))
	}
	body, err := s.openPart(ctx, part, off)
	if errors.Is(err, errLost) {
		_, err = s.db.ReadPart(ctx, id, read, n)
		return s.lost(ctx, part.Key, err)
	}
	if err != nil {
		return err
	}
	defer body.Close()
	return sendPart(c, part.Size, off, body)
}

var errLost = errors.New("server: the object of a part is not there")

// openPart opens the object of a part from off on. If it is not there, or is not the part, the error is errLost.
func (s *Server) openPart(ctx context.Context, part state.Part, off int64) (io.ReadCloser, error) {
	body, size, err := s.blobs.Get(ctx, part.Key, off, -1)
	switch {
	case errors.Is(err, storage.ErrNotExist), errors.Is(err, storage.ErrRange):
		return nil, errLost
	case err != nil:
		s.metrics.storeErrors.Inc()
		return nil, fmt.Errorf("server: get: %w", err)
	case size != part.Size:
		body.Close()
		return nil, errLost
	}
	return body, nil
}

// lost remembers that an object is not there, unless its part has gone in the meantime, as err says. Either way
// the answer is that there is none.
func (s *Server) lost(ctx context.Context, key string, err error) error {
	if err != nil {
		return err
	}
	n, err := s.db.MarkLost(ctx, []string{key})
	if err != nil {
		return err
	}
	s.metrics.lost.Add(float64(n))
	s.log.note("lost part", n)
	return gone
}

// rangeStart returns where the client wants to go on. The one range there is begins somewhere and ends where the part
// ends.
func rangeStart(c echo.Context, size int64) (int64, error) {
	field := c.Request().Header.Values("Range")
	if len(field) == 0 {
		return 0, nil
	}
	text, ok := strings.CutPrefix(field[0], "bytes=")
	text, open := strings.CutSuffix(text, "-")
	off, err := decimal(text)
	if len(field) > 1 || !ok || !open || err != nil || off >= size {
		return 0, bad("a Range is bytes=N- and begins inside the part")
	}
	return off, nil
}

// sendPart answers the bytes of a part from off on.
func sendPart(c echo.Context, size, off int64, body io.Reader) error {
	h, status := c.Response().Header(), http.StatusOK
	h.Set("Content-Type", wire.TypeBytes)
	h.Set("Content-Disposition", "attachment")
	h.Set("Content-Length", strconv.FormatInt(size-off, 10))
	h.Set("Accept-Ranges", "bytes")
	if c.Request().Header.Get("Range") != "" {
		status = http.StatusPartialContent
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", off, size-1, size))
	}
	c.Response().WriteHeader(status)
	_, err := io.CopyN(c.Response(), body, size-off)
	if err == io.EOF && c.Request().Method == http.MethodHead {
		return nil
	}
	return err
}
