package server

import (
	"context"
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// An inboxReader reads one mailbox for its owner.
type inboxReader struct {
	s     *Server
	owner wire.PublicKey
	id    wire.MailboxID
	after uint64 // the cursor
	bell  bell
}

// inbox answers what waits in a mailbox, at once if there is something, and later or as a stream if the client says so.
func (s *Server) inbox(c echo.Context) error {
	q := parseQuery(c)
	after := q.number("after", maxNumber)
	wait := q.number("wait", int64(wire.MaxWait/time.Second))
	if err := q.end(); err != nil {
		return err
	}
	id, err := mailboxID(c)
	if err != nil {
		return err
	}
	req, err := s.signed(c, 0)
	if err != nil {
		return err
	}
	in := &inboxReader{s: s, owner: req.Key, id: id, after: uint64(after)}
	items, err := in.next(c.Request().Context()) // before it takes a place: strangers do not get one
	if err != nil {
		return err
	}
	var leave func()
	if in.bell, leave, err = s.hub.join(id); err != nil {
		return err
	}
	defer leave()
	if strings.HasPrefix(c.Request().Header.Get("Accept"), wire.TypeStream) {
		return in.stream(c, items)
	}
	return in.poll(c, items, time.Duration(wait)*time.Second)
}

// poll answers once, as soon as there is something but after no longer than wait.
func (in *inboxReader) poll(c echo.Context, items []wire.Item, wait time.Duration) (err error) {
	ctx, cancel := context.WithTimeout(c.Request().Context(), wait)
	defer cancel()
	for len(items) == 0 && in.wait(ctx, safetyPoll) {
		if items, err = in.next(c.Request().Context()); err != nil {
			return err
		}
	}
	return sendBytes(c, appendItems(nil, items))
}

// next returns the items behind the cursor and moves it.
func (in *inboxReader) next(ctx context.Context) ([]wire.Item, error) {
	items, err := in.s.db.Inbox(ctx, in.owner, in.id, in.after, wire.MaxInbox)
	if err == nil && len(items) > 0 {
		in.after = items[len(items)-1].Seq
	}
	return items, err
}

// wait returns true when it is time to look again, after d at the latest, and false when it is time to stop.
func (in *inboxReader) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-in.s.stopping:
		return false
	case <-in.bell:
	case <-t.C:
	}
	return ctx.Err() == nil
}

func appendItems(b []byte, items []wire.Item) []byte {
	for _, it := range items {
		b = it.Append(b)
	}
	return b
}

const (
	streamTime  = 10 * time.Minute // a stream ends after this and up to half as much again
	writeTime   = 30 * time.Second // how long a client may take nothing from an answer
	streamRetry = "retry: 2000\n\n"
	heartbeat   = ":\n\n"
)

// stream answers with an event stream, which ends by itself so that restarts and load spread.
func (in *inboxReader) stream(c echo.Context, items []wire.Item) (err error) {
	ctx, cancel := context.WithTimeout(c.Request().Context(), streamTime+rand.N(streamTime/2))
	defer cancel()
	c.Response().Header().Set("Content-Type", wire.TypeStream)
	c.Response().Header().Set("X-Accel-Buffering", "no") // nginx would hold the stream back
	c.Response().WriteHeader(http.StatusOK)
	text := streamRetry
	for err == nil {
		if err := pushEvents(c, text, items); err != nil {
			return nil // the client went away
		}
		text = ""
		if len(items) == 0 {
			if !in.wait(ctx, 15*time.Second+rand.N(10*time.Second)) {
				return nil
			}
			text = heartbeat
		}
		items, err = in.next(ctx)
	}
	return nil // the mailbox is gone, and who asks again learns it
}

// pushEvents sends text and then an event for each item, at once.
func pushEvents(c echo.Context, text string, items []wire.Item) error {
	var b []byte
	b = append(b, text...)
	for _, it := range items {
		b = append(b, "id: "+strconv.FormatUint(it.Seq, 10)+"\ndata: "...)
		b = base64.RawURLEncoding.AppendEncode(b, it.Append(nil))
		b = append(b, "\n\n"...)
	}
	rc := http.NewResponseController(c.Response())
	if _, err := c.Response().Write(b); err != nil {
		return err
	}
	if err := rc.Flush(); err != nil {
		return err
	}
	rc.SetWriteDeadline(time.Time{}) // over HTTP/2 it would end the stream, idle or not
	return nil
}

// ack removes what a mailbox's owner has read.
func (s *Server) ack(c echo.Context) error {
	q := parseQuery(c)
	upto := q.number("upto", maxNumber)
	id, req, err := s.ownMailbox(c, q, 0)
	if err != nil {
		return err
	}
	defer s.reaper.removed()
	return done(c, s.db.Ack(c.Request().Context(), req.Key, id, uint64(upto)))
}
