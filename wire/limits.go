package wire

import "time"

// Limits of the protocol. A server may be stricter, and says so in its [Info].
const (
	// MaxEnvelope is the length of the longest envelope, in bytes; [EnvelopeSizes] lists those there are.
	MaxEnvelope = 64 << 10
	// EnvelopeLife is how long an envelope waits at most.
	EnvelopeLife = 30 * 24 * time.Hour
	// MaxManifest is the length of the longest body of a locator, in bytes.
	MaxManifest = 16 << 10
	// MaxMailboxKey is the length of the longest signed mailbox key, in bytes.
	MaxMailboxKey = 2 << 10
	// MaxInbox is the most bytes of envelopes in one answer of a mailbox; one envelope is always answered whole.
	MaxInbox = 1 << 20
	// MaxWait is the longest long-poll.
	MaxWait = 25 * time.Second

	// TicketLife is how long a ticket can be spent.
	TicketLife = 48 * time.Hour
	// MaxTickets is how many tickets one request may ask for, or spend.
	MaxTickets = 64
	// OpenLife is how long an uncommitted blob stays after its last part.
	OpenLife = 24 * time.Hour
	// SignatureWindow is how far the time of a signed request may be from the server's.
	SignatureWindow = 5 * time.Minute
	// MaxJSON is the length of the longest JSON body of a request, in bytes.
	MaxJSON = 4 << 10
)

// EnvelopeSizes lists the lengths that an envelope may have, in bytes.
var EnvelopeSizes = []int{4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10}

// ValidEnvelopeSize reports whether n is one of [EnvelopeSizes].
func ValidEnvelopeSize(n int) bool {
	for _, size := range EnvelopeSizes {
		if n == size {
			return true
		}
	}
	return false
}

// RoundAt returns the time at which something goes that was made at now and should live for ttl: now + ttl, rounded up
// so that it tells less of when it was made, to a whole hour from 24 hours on and to five minutes from one hour on.
// Both now and the result are Unix seconds by the server's clock.
func RoundAt(now int64, ttl time.Duration) int64 {
	at := now + int64((ttl+time.Second-1)/time.Second)
	unit := roundUnit(ttl)
	return (at + unit - 1) / unit * unit
}

func roundUnit(ttl time.Duration) int64 {
	switch {
	case ttl >= 24*time.Hour:
		return 3600
	case ttl >= time.Hour:
		return 300
	}
	return 1
}

// MaxRounding is the most that [RoundAt] adds to a time to live.
const MaxRounding = time.Hour
