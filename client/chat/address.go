package chat

import "github.com/seed-7b314ca8/mayfly/wire"

// A Server is where mailboxes and blobs are: its address, in the form that [NormalizeURL] gives, and the key that is
// its identity. Two values that are equal are the same server.
type Server struct {
	URL string
	ID  wire.PublicKey
}

// NormalizeURL returns the one form of a server's address: http or https, a host in lower case, a port where it is not
// the scheme's own, a path without a slash at its end. Anything else in it is an error that says what to do.
func NormalizeURL(s string) (string, error) { return "", ErrMalformed }
