package wire

import (
	"encoding/binary"
	"errors"
)

var errLength = errors.New("wire: an answer of the wrong length")

// InboxPath returns the path and query that read the envelopes behind cursor after, at most [MaxInbox] bytes of them,
// and wait up to so many seconds while there are none: GET, signed by the mailbox's key. The answer is a row of [Item]s;
// with "Accept: text/event-stream" it is a stream of events, each with the sequence number as its id and base64url of
// an Item as its data.
func InboxPath(id MailboxID, after uint64, wait int64) string {
	return EnvelopesPath(id) + "?after=" + itoa(int64(after)) + "&wait=" + itoa(wait)
}

// AckPath returns the path and query that remove the envelopes up to and including upto: DELETE, signed.
func AckPath(id MailboxID, upto uint64) string {
	return EnvelopesPath(id) + "?upto=" + itoa(int64(upto))
}

// A Via says with which key an envelope was posted.
type Via uint8

// The ways into a mailbox.
const (
	ViaDelivery Via = 1 // from somebody the owner accepted
	ViaIntro    Via = 2 // from somebody who holds a contact string
)

// An Item is an envelope that waits.
type Item struct {
	Seq      uint64 // its place in the mailbox: without gaps, from 1
	Received int64  // Unix seconds
	At       int64  // when the server forgets it, in Unix seconds
	Via      Via
	Envelope []byte
}

const itemHeader = 8 + 8 + 8 + 1 + 4

// Append appends it as it stands in an answer: u64 Seq, u64 Received, u64 At, u8 Via, u32 length, envelope; big-endian.
func (it Item) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, it.Seq)
	b = binary.BigEndian.AppendUint64(b, uint64(it.Received))
	b = binary.BigEndian.AppendUint64(b, uint64(it.At))
	b = append(b, byte(it.Via))
	b = binary.BigEndian.AppendUint32(b, uint32(len(it.Envelope)))
	return append(b, it.Envelope...)
}

// ParseItem parses the first item of b and returns what follows it. The envelope is a part of b.
func ParseItem(b []byte) (it Item, rest []byte, err error) {
	if len(b) < itemHeader {
		return it, nil, errLength
	}
	n := binary.BigEndian.Uint32(b[25:])
	if uint64(n) > MaxEnvelope || len(b)-itemHeader < int(n) {
		return it, nil, errLength
	}
	it = Item{
		Seq:      binary.BigEndian.Uint64(b),
		Received: int64(binary.BigEndian.Uint64(b[8:])),
		At:       int64(binary.BigEndian.Uint64(b[16:])),
		Via:      Via(b[24]),
		Envelope: b[itemHeader:][:n:n],
	}
	return it, b[itemHeader+int(n):], nil
}
