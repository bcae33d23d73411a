package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// gone is the one answer to whoever asks for what is absent, expired, removed or not theirs.
var gone = wire.NewProblem(wire.CodeGone, "")

func bad(detail string) error { return wire.NewProblem(wire.CodeBadRequest, detail) }

// A query takes the parameters of a request one by one. Its first error stays; [query.end] returns it.
type query struct {
	left map[string]string
	err  error
}

// parseQuery parses the query of a request. Nothing in a query needs an escape, so none is understood.
func parseQuery(c echo.Context) *query {
	q := &query{left: make(map[string]string)}
	raw := c.Request().URL.RawQuery
	if raw == "" {
		return q
	}
	for field := range strings.SplitSeq(raw, "&") {
		name, value, ok := strings.Cut(field, "=")
		if _, twice := q.left[name]; !ok || twice {
			q.err = bad("the query is malformed")
			return q
		}
		q.left[name] = value
	}
	return q
}

// text takes a parameter that must be there.
func (q *query) text(name string) string {
	value, ok := q.left[name]
	delete(q.left, name)
	if !ok && q.err == nil {
		q.err = bad("the query lacks " + name)
	}
	return value
}

// number takes a parameter that must be a decimal number of at most limit, written in the shortest way.
func (q *query) number(name string, limit int64) int64 {
	value := q.text(name)
	n, err := decimal(value)
	if q.err == nil && (err != nil || n > limit) {
		q.err = bad("the query needs " + name + " as a decimal number of at most " + strconv.FormatInt(limit, 10))
	}
	return n
}

// end returns the first error. A parameter that nobody took is one.
func (q *query) end() error {
	if q.err == nil && len(q.left) > 0 {
		q.err = bad("the query has a parameter that is not known here")
	}
	return q.err
}

var errDecimal = errors.New("server: not a decimal number")

// decimal parses what strconv.FormatInt writes for a number from zero to 2^63 - 1, and nothing else.
func decimal(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, errDecimal
	}
	return int64(n), nil
}

// noQuery refuses a query.
func noQuery(c echo.Context) error { return parseQuery(c).end() }

// plain refuses a query and a body: the request says all in its path and header.
func plain(c echo.Context) error {
	if err := noQuery(c); err != nil {
		return err
	}
	return noBody(c)
}

// noBody refuses a body.
func noBody(c echo.Context) error {
	if c.Request().ContentLength != 0 {
		return bad("this request has no body")
	}
	return nil
}

// bodyTime is how long a body may take of which the handler does not say otherwise.
const bodyTime = 10 * time.Second

// limitBody sees to it that a body comes in time or not at all. The deadline stays until a handler has read the body
// whole: net/http itself reads what a handler left, and would wait for it for ever.
func limitBody(c echo.Context) {
	if c.Request().ContentLength != 0 {
		http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(bodyTime))
	}
}

// readBody reads a small body of at most limit bytes whole.
func readBody(c echo.Context, limit int64) ([]byte, error) {
	r := c.Request()
	switch {
	case r.ContentLength < 0:
		return nil, wire.NewProblem(wire.CodeLength, "a body needs a Content-Length")
	case r.ContentLength > limit:
		return nil, wire.NewProblem(wire.CodeTooLarge, "the body is too long")
	case r.Header.Get("Content-Encoding") != "":
		return nil, bad("a body has no Content-Encoding")
	case r.ContentLength == 0:
		return nil, nil
	}
	b := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, b); err != nil {
		return nil, errBodyEnd
	}
	http.NewResponseController(c.Response()).SetReadDeadline(time.Time{})
	return b, nil
}

var errBodyEnd = wire.NewProblem(wire.CodeLength, "the body ended early or came too slowly")

const (
	drainBytes = 16 << 20
	drainTime  = 5 * time.Second
)

// drain reads what is left of a body that nobody wants, within bounds. Many proxies turn an answer that comes while they
// still send into one of their own, and that would be a failure to try again.
func drain(c echo.Context) {
	r := c.Request()
	if r.ContentLength == 0 || r.Header.Get("Expect") != "" {
		return // who expects 100 Continue sends nothing before an answer
	}
	rc := http.NewResponseController(c.Response())
	rc.SetReadDeadline(time.Now().Add(drainTime))
	io.CopyN(io.Discard, r.Body, drainBytes)
}

// readRows reads a body of least to most rows.
func readRows(c echo.Context, least, most int) ([]wire.Row, error) {
	b, err := readBody(c, int64(most)*wire.RowSize)
	if err != nil {
		return nil, err
	}
	return parseRows(b, least, most)
}

func parseRows(b []byte, least, most int) ([]wire.Row, error) {
	rows, err := wire.Rows(b)
	if err != nil || len(rows) < least || len(rows) > most {
		return nil, wire.NewProblem(wire.CodeLength, "the body does not have as many rows as it must have")
	}
	return rows, nil
}

// parseObject parses a JSON object whose members are strings, all of them in fields and none twice.
func parseObject(b []byte, fields map[string]*string) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return bad("the body is not a JSON object")
	}
	for d.More() {
		name, err := stringToken(d)
		if err != nil {
			return err
		}
		field := fields[name]
		if field == nil {
			return bad("the body has a member that is not known here, or one twice")
		}
		delete(fields, name)
		if *field, err = stringToken(d); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return bad("the body is not a JSON object")
	}
	if _, err := d.Token(); err != io.EOF {
		return bad("the body goes on behind its JSON object")
	}
	return nil
}

func stringToken(d *json.Decoder) (string, error) {
	t, err := d.Token()
	s, ok := t.(string)
	if err != nil || !ok {
		return "", bad("the body is not a JSON object of strings")
	}
	return s, nil
}

// decodeText fills dst from base64url of exactly as many bytes; there is one text for every value.
func decodeText(dst []byte, s string) bool {
	enc := base64.RawURLEncoding.Strict()
	if len(s) != enc.EncodedLen(len(dst)) {
		return false
	}
	n, err := enc.Decode(dst, []byte(s))
	return err == nil && n == len(dst) // it passes over line breaks
}

// blobID returns the blob that the path names. What is no id names nothing.
func blobID(c echo.Context) (id wire.BlobID, err error) { return id, pathID(c, &id) }

func mailboxID(c echo.Context) (id wire.MailboxID, err error) { return id, pathID(c, &id) }

func locatorID(c echo.Context) (id wire.LocatorID, err error) { return id, pathID(c, &id) }

func pathID(c echo.Context, id interface{ UnmarshalText([]byte) error }) error {
	if id.UnmarshalText([]byte(c.Param("id"))) != nil {
		return gone
	}
	return nil
}

// partNumber returns the part that the path names.
func partNumber(c echo.Context) (int, error) {
	n, err := decimal(c.Param("n"))
	if err != nil || n >= wire.MaxParts {
		return 0, gone
	}
	return int(n), nil
}

// bearer returns the hash of the token that the request shows. No token opens nothing, as a wrong one does.
func bearer(c echo.Context) (wire.Hash, error) {
	field, err := onlyField(c, "Authorization")
	if err != nil {
		return wire.Hash{}, gone
	}
	text, ok := strings.CutPrefix(field, "Bearer ")
	token, err := wire.ParseToken(text)
	if !ok || err != nil {
		return wire.Hash{}, gone
	}
	return token.Hash(), nil
}

// shown decodes a request that says all by the blob that it names and the token that it shows.
func shown(c echo.Context) (id wire.BlobID, token wire.Hash, err error) {
	if err = plain(c); err != nil {
		return id, token, err
	}
	if id, err = blobID(c); err != nil {
		return id, token, err
	}
	token, err = bearer(c)
	return id, token, err
}

var errField = errors.New("server: a header field is absent or there twice")

// onlyField returns the value of a header field that must be there exactly once.
func onlyField(c echo.Context, name string) (string, error) {
	values := c.Request().Header.Values(name)
	if len(values) != 1 {
		return "", errField
	}
	return values[0], nil
}

const maxNumber = math.MaxInt64
