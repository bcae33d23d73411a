package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/server/state"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// createBlob spends tickets on a blob to be.
func (s *Server) createBlob(c echo.Context) error {
	q := parseQuery(c)
	size, part, ttl := q.number("size", maxNumber), q.number("part", maxNumber), q.number("ttl", maxNumber)
	if err := q.end(); err != nil {
		return err
	}
	if err := s.validBlob(size, part, ttl); err != nil {
		return err
	}
	rows, err := readRows(c, wire.CreateRows+1, wire.CreateRows+wire.MaxTickets)
	if err != nil {
		return err
	}
	b := state.NewBlob{
		Share: wire.NewShare(), Read: rows[0], Delete: rows[1], Upload: rows[2],
		Size: size, PartSize: int(part), TTL: ttl,
	}
	rand.Read(b.ID[:])
	for _, ticket := range rows[wire.CreateRows:] {
		b.Tickets = append(b.Tickets, wire.Sum(ticket[:]))
	}
	created, err := s.db.CreateBlob(c.Request().Context(), b, s.cfg.MaxBytes)
	if err != nil {
		return err
	}
	return sendBytes(c, created.Append(nil))
}

// validBlob refuses what no file gives, and what this server does not take.
func (s *Server) validBlob(size, part, ttl int64) error {
	_, ok := wire.PlainSize(size)
	switch {
	case size > s.cfg.MaxSize:
		return wire.NewProblem(wire.CodeTooLarge, "the blob is larger than this server takes")
	case ttl > seconds(s.cfg.MaxTTL):
		return wire.NewProblem(wire.CodeTooLarge, "the blob would live longer than this server allows")
	case !ok:
		return bad("no file gives a blob of this size")
	case part > wire.MaxPartSize || !wire.ValidPartSize(int(part), size):
		return bad("a blob of this size cannot have such parts")
	case ttl < 1:
		return bad("the time to live is at least a second")
	}
	return nil
}

const (
	putTime     = 30 * time.Minute // for one object, from its first byte
	finishTime  = 30 * time.Second // for what must still be done when the client is gone
	slotTime    = 5 * time.Second  // to wait until others have uploaded
	uploadPause = 30 * time.Second // between two bytes of an upload
	uploadGrace = time.Minute      // after which an upload must have brought uploadRate
	uploadRate  = 1 << 10          // bytes a second on average
)

// An upload is one part on its way in.
type upload struct {
	id     wire.BlobID
	token  wire.Hash // the hash of the upload token
	part   state.Part
	stands bool // it is there already
}

// putPart stores a part.
func (s *Server) putPart(c echo.Context) error {
	u, err := s.decodePart(c)
	if err != nil {
		return err
	}
	if u.stands {
		drain(c)
		return done(c, nil)
	}
	leave, err := s.uploads.enter(c.Request().Context())
	if err != nil {
		return err
	}
	defer leave()
	return done(c, s.storePart(c, u))
}

// decodePart decides by the header of a request alone whether the part may come.
func (s *Server) decodePart(c echo.Context) (u upload, err error) {
	if err = noQuery(c); err != nil {
		return u, err
	}
	if u.id, err = blobID(c); err != nil {
		return u, err
	}
	if u.part.N, err = partNumber(c); err != nil {
		return u, err
	}
	if u.token, err = bearer(c); err != nil {
		return u, err
	}
	field, err := onlyField(c, "Content-Digest")
	if err != nil {
		return u, bad("a part needs one Content-Digest")
	}
	if u.part.Digest, err = wire.ParseDigest(field); err != nil {
		return u, bad("the Content-Digest is not one of sha-256")
	}
	return u, s.expectPart(c, &u)
}

// expectPart compares a part with the blob that it is to be a part of.
func (s *Server) expectPart(c echo.Context, u *upload) error {
	ctx := c.Request().Context()
	blob, err := s.db.OpenBlob(ctx, u.id, u.token)
	if err != nil {
		return err
	}
	if u.part.N >= wire.Parts(blob.Size, blob.PartSize) {
		return gone
	}
	_, u.part.Size = wire.PartRange(blob.Size, blob.PartSize, u.part.N)
	if c.Request().ContentLength != u.part.Size || c.Request().Header.Get("Content-Encoding") != "" {
		return wire.NewProblem(wire.CodeLength, "this part has another length")
	}
	digest, stands, err := s.db.PartDigest(ctx, u.id, u.token, u.part.N)
	if err != nil {
		return err
	}
	if stands && digest != u.part.Digest {
		return wire.NewProblem(wire.CodeConflict, "")
	}
	u.stands = stands
	return nil
}

// storePart stores the object first and the part second, with an intent around both, so that whatever happens in
// between nothing is kept that nobody knows of. See docs/PROTOCOL.md.
func (s *Server) storePart(c echo.Context, u upload) error {
	u.part.Key = newKey()
	if err := s.db.AddIntent(c.Request().Context(), u.part.Key); err != nil {
		return err
	}
	// What follows is done even if the client has gone: it will ask what is there.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), putTime+finishTime)
	defer cancel()
	err := s.putObject(ctx, c, u.part)
	if err == nil {
		err = s.db.AddPart(ctx, u.id, u.token, u.part)
	}
	if err != nil {
		s.dropIntent(ctx, u.part.Key)
		return err
	}
	s.metrics.stored.Add(float64(u.part.Size))
	return nil
}

// putObject streams the body of c's request into the store.
func (s *Server) putObject(ctx context.Context, c echo.Context, part state.Part) error {
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	r := newPartReader(c, part)
	err := s.blobs.Put(ctx, part.Key, r, part.Size)
	switch {
	case r.err != nil:
		return r.err // the client's fault, whatever the store makes of it
	case err != nil:
		s.metrics.storeErrors.Inc()
		return fmt.Errorf("server: put: %w", err)
	case r.left != 0:
		return errors.New("server: the store took less than the object")
	}
	return nil
}

// dropIntent has an object deleted that did not become a part. If it fails, the reaper does it in an hour.
func (s *Server) dropIntent(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	if err := s.db.DropIntent(ctx, key); err != nil {
		s.log.trouble("drop", err)
	}
	s.janitor.ring()
}

// objectPrefix begins the keys of all objects that hold parts.
const objectPrefix = "b/"

// newKey returns a key that was never used: a folder of 256, so that a sweep can go by folders, and 26 random characters.
func newKey() string {
	var folder [1]byte
	rand.Read(folder[:])
	return fmt.Sprintf("%s%02x/%s", objectPrefix, folder[0], strings.ToLower(rand.Text()))
}

// A partReader reads a part from a request. It yields the last byte only if the digest is right, so that a store
// which it feeds never has a wrong object whole. It gives up on a client that is too slow.
type partReader struct {
	body  io.Reader
	rc    *http.ResponseController
	since time.Time
	hash  hash.Hash
	part  state.Part
	left  int64 // bytes to come
	err   error // what is wrong with the request; nil if all is well so far
}

func newPartReader(c echo.Context, part state.Part) *partReader {
	return &partReader{
		body: c.Request().Body, rc: http.NewResponseController(c.Response()),
		since: time.Now(), hash: sha256.New(), part: part, left: part.Size,
	}
}

func (r *partReader) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	r.rc.SetReadDeadline(r.deadline())
	n, err := r.body.Read(b[:min(int64(len(b)), r.left)])
	r.hash.Write(b[:n])
	r.left -= int64(n)
	switch {
	case r.left == 0 && wire.Hash(r.hash.Sum(nil)) != r.part.Digest:
		r.err = wire.NewProblem(wire.CodeDigest, "")
	case r.left > 0 && err != nil:
		r.err = errBodyEnd
	case n > 0:
		return n, nil
	}
	return 0, r.err
}

// deadline returns until when the next byte must have come.
func (r *partReader) deadline() time.Time {
	got := r.part.Size - r.left
	slowest := r.since.Add(uploadGrace + time.Duration(got/uploadRate)*time.Second)
	pause := time.Now().Add(uploadPause)
	if slowest.Before(pause) {
		return slowest
	}
	return pause
}

// slots are places for a limited number of uploads.
type slots chan struct{}

// enter waits a moment for a place. The caller calls leave.
func (s slots) enter(ctx context.Context) (leave func(), err error) {
	t := time.NewTimer(slotTime)
	defer t.Stop()
	select {
	case s <- struct{}{}:
		return func() { <-s }, nil
	case <-t.C:
		return nil, wire.NewProblem(wire.CodeRateLimit, "too many uploads are under way")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// parts answers the digests of a blob's parts, to who uploads it and to who may read it.
func (s *Server) parts(c echo.Context) error {
	id, token, err := shown(c)
	if err != nil {
		return err
	}
	digests, err := s.db.UploadParts(c.Request().Context(), id, token)
	if errors.Is(err, state.ErrGone) {
		digests, err = s.db.ReadParts(c.Request().Context(), id, token)
	}
	if err != nil {
		return err
	}
	body := make([]byte, 0, len(digests)*wire.RowSize)
	for i := range digests {
		body = append(body, digests[i][:]...)
	}
	return sendBytes(c, body)
}

// commit makes a blob readable until a time that the client names.
func (s *Server) commit(c echo.Context) error {
	q := parseQuery(c)
	at := q.number("at", maxNumber)
	if err := errors.Join(q.end(), noBody(c)); err != nil {
		return err
	}
	id, err := blobID(c)
	if err != nil {
		return err
	}
	token, err := bearer(c)
	if err != nil {
		return err
	}
	at, err = s.db.Commit(c.Request().Context(), id, token, at, seconds(s.cfg.MaxTTL))
	if err != nil {
		return err
	}
	s.reaper.expect(at)
	return done(c, nil)
}
