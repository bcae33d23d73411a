// Package wire says what crosses the network between a Mayfly client and a Mayfly server, and nothing else: paths,
// limits, identifiers, bodies, error codes, and the few pure formulas that both sides must agree on (sizes, signature
// bases, times). It has no behaviour and imports no network code. docs/PROTOCOL.md is the same in prose.
//
// # How bytes are written
//
// Numbers of a request stand in its query, in decimal. Everything that is 32 bytes long (tickets, digests, hashes,
// addresses) travels in a body of raw 32-byte rows ([Rows]), because a digest in JSON is twice as long and a ticket in
// JSON ends in a log. Identifiers in a path, and bearer tokens, are base64url without padding (RFC 4648, section 5).
// What a person may want to read (the server's own description, a problem) is JSON. Servers refuse query parameters
// and JSON members that they do not know; clients ignore answer members that they do not know.
//
// Times are Unix seconds by the clock of the server.
//
// # Who may do what
//
// A request carries one kind of permission, or none:
//
//   - tickets: one-use tokens, rows of the body, that buy the right to store something ([TicketKind]);
//   - a bearer token: "Authorization: Bearer …" with the upload token, read token or delete key of one blob, or with
//     the delivery or intro key of one mailbox;
//   - a signature: HTTP Message Signatures (RFC 9421) by the quota key, the key of a mailbox or of a locator
//     ([SignatureParams]).
//
// What is absent, expired, removed or forbidden gets one and the same answer, [CodeGone].
package wire

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
)

// Version is the version of the protocol that this package describes. It is the first element of every path.
const Version = 1

// Header fields that are not named by an RFC.
const (
	// HeaderSignature carries the server's signature of its own description: see [Info].
	HeaderSignature = "Mayfly-Signature"
	// HeaderTime carries the server's time, in Unix seconds, on every answer, so that a client's clock can follow it.
	HeaderTime = "Mayfly-Time"
)

// Media types of bodies.
const (
	TypeBytes   = "application/octet-stream"
	TypeJSON    = "application/json"
	TypeProblem = "application/problem+json" // RFC 9457
	TypeStream  = "text/event-stream"
)

// RowSize is the length of a row in bytes.
const RowSize = 32

var errText = errors.New("wire: not base64url of the right length")

// A Row is 32 bytes: a digest, a hash, a ticket, an address.
type Row = [RowSize]byte

// Rows splits b into rows. A length that is no multiple of 32 is an error.
func Rows(b []byte) ([]Row, error) {
	if len(b)%RowSize != 0 {
		return nil, fmt.Errorf("wire: a body of %d bytes is not made of %d-byte rows", len(b), RowSize)
	}
	rows := make([]Row, len(b)/RowSize)
	for i := range rows {
		copy(rows[i][:], b[i*RowSize:])
	}
	return rows, nil
}

// AppendRows appends rows to b.
func AppendRows(b []byte, rows ...Row) []byte {
	for i := range rows {
		b = append(b, rows[i][:]...)
	}
	return b
}

// EncodeText returns b in base64url without padding, the form of identifiers and tokens in text.
func EncodeText(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decodeText fills dst from the text form of exactly as many bytes. There is one text for every value.
func decodeText(dst, text []byte) error {
	if len(text) != base64.RawURLEncoding.EncodedLen(len(dst)) {
		return errText
	}
	n, err := base64.RawURLEncoding.Strict().Decode(dst, text)
	if err != nil || n != len(dst) { // line breaks are skipped by the decoder, and are no part of our texts
		return errText
	}
	return nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
