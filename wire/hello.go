package wire

import "time"

// PathServer is where a server describes itself, signed: GET, with a nonce of the client's.
const PathServer = "/v1/server"

// ServerPath returns the path and query that ask for a description with nonce, which is base64url of 16 random bytes.
func ServerPath(nonce string) string { return PathServer + "?nonce=" + nonce }

// An Info is how a server describes itself. [HeaderSignature] of the answer is base64url of the server's Ed25519
// signature over [InfoBase] of the body, so that who pinned the server's id learns at once that another answers.
type Info struct {
	Nonce    string    `json:"nonce"`    // the client's
	ID       PublicKey `json:"id"`       // the server's identity, which signs
	Names    []string  `json:"names"`    // public addresses, such as "https://share.example.org"
	Time     int64     `json:"time"`     // Unix seconds
	Versions []int     `json:"versions"` // of the protocol
	Suites   []int     `json:"suites"`   // of messages
	Limits   Limits    `json:"limits"`
	Features []string  `json:"features"` // what this server can do beyond version 1
	Enrol    string    `json:"enrol"`    // "invite", "open" or "closed"
}

// Limits are those of one server.
type Limits struct {
	MaxSize    int64 `json:"max_size"`    // of a blob, in bytes
	MaxTTL     int64 `json:"max_ttl"`     // in seconds
	DefaultTTL int64 `json:"default_ttl"` // in seconds
}

// InfoBase returns what the server signs: the exact bytes of its answer behind a label.
func InfoBase(body []byte) []byte { return append([]byte("mayfly/server/v1\x00"), body...) }

// MaxTTLDefault and DefaultTTL are the times to live of a server that is told nothing else.
const (
	MaxTTLDefault = 30 * 24 * time.Hour
	DefaultTTL    = 7 * 24 * time.Hour
)
