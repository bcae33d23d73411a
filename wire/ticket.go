package wire

// PathTickets is where a quota key has tickets issued: POST, signed, with the kind in the query and a body of rows, the
// hashes of tickets that the client made. The server keeps the hashes and counts them to the key, and keeps no record
// of which key asked for which. To ask for the same hashes again is free.
const PathTickets = "/v1/tickets"

// PathQuota is where a quota key reads what it may still have issued today: GET, signed, answered by a [Quota].
const PathQuota = "/v1/quota"

// A TicketKind says what a ticket buys.
type TicketKind string

// The kinds of tickets. Those for blobs differ in how many bytes of a blob they pay for.
const (
	TicketBlob16M  TicketKind = "blob16m"
	TicketBlob256M TicketKind = "blob256m"
	TicketBlob4G   TicketKind = "blob4g"
	TicketMailbox  TicketKind = "mailbox"
	TicketLink     TicketKind = "link"
	TicketLocator  TicketKind = "locator"
)

// ticketBytes says how many bytes of a blob a ticket pays for.
var ticketBytes = map[TicketKind]int64{
	TicketBlob16M: 16 << 20, TicketBlob256M: 256 << 20, TicketBlob4G: 4 << 30,
	TicketMailbox: 0, TicketLink: 0, TicketLocator: 0,
}

// Valid reports whether k is a kind of ticket.
func (k TicketKind) Valid() bool { _, ok := ticketBytes[k]; return ok }

// Bytes returns how many bytes of a blob a ticket of kind k pays for; zero if it is for something else.
func (k TicketKind) Bytes() int64 { return ticketBytes[k] }

// TicketsPath returns the path and query that ask for tickets of kind k.
func TicketsPath(k TicketKind) string { return PathTickets + "?kind=" + string(k) }

// TicketsFor returns which kind of ticket, and how many, a client spends on a blob of n bytes: the smallest kind of
// which sixteen suffice, so that few sizes can be told from one another.
func TicketsFor(n int64) (k TicketKind, count int) {
	for _, k = range []TicketKind{TicketBlob16M, TicketBlob256M, TicketBlob4G} {
		if count = int((n + k.Bytes() - 1) / k.Bytes()); count <= 16 {
			break
		}
	}
	return k, count
}

// A Quota is what a quota key may still have issued until Reset.
type Quota struct {
	Bytes     int64 `json:"bytes"`     // of blobs
	Mailboxes int   `json:"mailboxes"` // and locators, each
	Reset     int64 `json:"reset"`     // Unix seconds
}
