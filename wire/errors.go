package wire

import "errors"

var errDigest = errors.New(`wire: a Content-Digest is "sha-256=:" base64 ":"`)

// A Code says what went wrong. It is the same in every version and language; a client decides by it alone.
type Code string

// The codes.
const (
	CodeBadRequest  Code = "bad_request"    // the request is not of the form that docs/PROTOCOL.md gives
	CodeVersion     Code = "version"        // the server does not speak this version of something
	CodeSignature   Code = "signature"      // the signature is absent or wrong, or its key may not do this
	CodeClockSkew   Code = "clock_skew"     // the request was signed too long ago or ahead; "time" has the server's clock
	CodeReplay      Code = "replay"         // the signature's nonce was used before
	CodeInvite      Code = "invite"         // the invite was used, has expired or never was; or there is no enrolment
	CodeTicket      Code = "ticket"         // a ticket was spent, has expired or never was, or they do not suffice
	CodeQuota       Code = "quota"          // the quota key has had all that it may have today
	CodeGone        Code = "gone"           // absent, expired, removed or forbidden; the server does not say which
	CodeConflict    Code = "conflict"       // something else stands there already
	CodeIncomplete  Code = "incomplete"     // a blob cannot be committed: parts are missing
	CodeDigest      Code = "digest"         // the body is not what its Content-Digest says
	CodeLength      Code = "length"         // the body has another length than it must have
	CodeTooLarge    Code = "too_large"      // larger or longer-lived than this server takes
	CodeMailboxFull Code = "mailbox_full"   // the mailbox has no room, or its intro key has had its share today
	CodeStorageFull Code = "storage_full"   // the server has no room
	CodeRateLimit   Code = "rate_limit"     // too many requests; Retry-After says how long to wait
	CodeUnavailable Code = "unavailable"    // the server cannot reach its storage or database just now
	CodeMethod      Code = "method"         // the path exists, with other methods
	CodeNoPath      Code = "no_such_path"   // the path is no part of the protocol
	CodeBlocked     Code = "blocked"        // the operator blocked this blob (only for who holds its read token)
	CodeInternal    Code = "internal_error" // the server's fault
)

// A Problem is the body of every answer that is not a success (RFC 9457).
type Problem struct {
	Type   string `json:"type"`             // "urn:mayfly:problem:" and the code
	Title  string `json:"title"`            // the code in words
	Status int    `json:"status"`           // the HTTP status
	Code   Code   `json:"code"`             // what to decide by
	Detail string `json:"detail,omitempty"` // what was wrong with this request
	Time   int64  `json:"time,omitempty"`   // the server's time in Unix seconds, with [CodeClockSkew]
}

// codes is the one table of codes.
var codes = map[Code]struct {
	status int
	title  string
}{
	CodeBadRequest:  {400, "the request is malformed"},
	CodeVersion:     {400, "this version is not spoken here"},
	CodeSignature:   {401, "the request is not signed by a key that may do this"},
	CodeClockSkew:   {401, "the clocks of client and server differ by more than five minutes"},
	CodeReplay:      {401, "this signed request was used before"},
	CodeInvite:      {403, "the invite was used, has expired or never was"},
	CodeTicket:      {403, "the tickets were spent, have expired or do not suffice"},
	CodeQuota:       {429, "the quota for today is used up"},
	CodeGone:        {404, "it expired, was removed, never existed or is not for you"},
	CodeConflict:    {409, "something else is there already"},
	CodeIncomplete:  {409, "parts are missing"},
	CodeDigest:      {422, "the body does not have the digest it was sent with"},
	CodeLength:      {400, "the body does not have the length it must have"},
	CodeTooLarge:    {413, "this is more than the server takes"},
	CodeMailboxFull: {429, "the mailbox has no room"},
	CodeStorageFull: {507, "the server has no room"},
	CodeRateLimit:   {429, "too many requests"},
	CodeUnavailable: {503, "the server cannot do this just now"},
	CodeMethod:      {405, "the path does not have this method"},
	CodeNoPath:      {404, "there is no such path"},
	CodeBlocked:     {451, "the operator of this server blocked this blob"},
	CodeInternal:    {500, "something went wrong in the server"},
}

// NewProblem returns the problem with this code and detail. An unknown code is [CodeInternal].
func NewProblem(code Code, detail string) *Problem {
	row, ok := codes[code]
	if !ok {
		code, row = CodeInternal, codes[CodeInternal]
	}
	return &Problem{
		Type: "urn:mayfly:problem:" + string(code), Title: row.title, Status: row.status, Code: code, Detail: detail,
	}
}

// Error returns the title of p and its detail.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return "server: " + p.Title
	}
	return "server: " + p.Title + ": " + p.Detail
}
