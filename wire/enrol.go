package wire

// PathEnrol is where a new quota key buys its place: POST of an [EnrolRequest], signed by that key. The same invite
// with the same key may be shown again.
const PathEnrol = "/v1/enrol"

// InviteCodeSize is the length of the code in an invite, in bytes.
const InviteCodeSize = 16

// An EnrolRequest asks for the enrolment of the key that signs it.
type EnrolRequest struct {
	// Invite is base64url of the code; empty where enrolment is open.
	Invite string `json:"invite"`
}
