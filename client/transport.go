package client

import "context"

// A Transport carries one request to a server and brings back its answer. Bodies are at most a part long, so they are
// byte slices, and to try again is the same call again. Implementations are safe for concurrent use.
type Transport interface {
	// Do sends req. An answer of any status is a Response; an error means that there was none, or that it broke off:
	// then the Response holds what came of it, or is nil.
	Do(ctx context.Context, req *Request) (*Response, error)
}

// A Request is what a [Transport] sends.
type Request struct {
	Method string
	URL    string
	Header map[string]string
	Body   []byte

	// Signed says that the request shows a key that names its sender to the server. A Transport should keep such
	// requests and all others on separate connections, so that a connection does not link them. A browser cannot.
	Signed bool
	// MaxBody is how long the answer's body may be, in bytes. A longer one is an error.
	MaxBody int64
}

// A Response is what a server answered.
type Response struct {
	Status int
	Header map[string]string // by name in lower case
	Body   []byte
}
