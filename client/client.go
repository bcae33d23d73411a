// Package client strips, seals, sends, receives and forgets.
//
// A [Client] is the whole of the service as a program sees it. It holds the keys, and all that it hands to the network
// is ciphertext. The same code runs in a Go program and, compiled to WebAssembly, in a browser.
//
// A program with a message channel of its own needs two calls: [Client.Upload] turns a file into a [chat.Attachment]
// to put into a message, and [Client.Fetch] turns one back into a file. A program without one has contacts
// ([Client.AddContact]), [Client.Send] and [Client.Receive] as well.
//
// What a client remembers, and forgets, is in its ring: package keyring.
package client

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/client/seal"
)

var (
	// ErrGone reports that there is nothing to be had: it expired, was removed, never existed, or is not for this
	// client. The server does not say which.
	ErrGone = errors.New("client: it is gone")
	// ErrTampered reports that what arrived is not what was sent. None of it is returned.
	ErrTampered = seal.ErrTampered
	// ErrMetadata reports that a file could not be stripped, so that it was not sent. It wraps the error of
	// [media.Strip].
	ErrMetadata = errors.New("client: the metadata cannot be taken out")
	// ErrQuota reports that the server takes no more, or no more today.
	ErrQuota = errors.New("client: the server takes no more")
	// ErrTooLarge reports that the server takes nothing so large or so long-lived.
	ErrTooLarge = errors.New("client: more than the server takes")
	// ErrInvite reports that an invite was used, has expired or never was.
	ErrInvite = errors.New("client: the invite is not good")
	// ErrServerKey reports that the server is not the one that it was, or that was meant.
	ErrServerKey = errors.New("client: the server shows another key than the one we know")
	// ErrInsecure reports that a server beyond this machine is not reached over https.
	ErrInsecure = errors.New("client: refused without https")
	// ErrNoIdentity reports that the ring holds no identity yet: see [Client.Enrol].
	ErrNoIdentity = errors.New("client: no identity here yet")
	// ErrIdentityExists reports that the ring holds an identity already.
	ErrIdentityExists = errors.New("client: there is an identity here already")
	// ErrNoContact reports that there is no contact of that name.
	ErrNoContact = errors.New("client: no such contact")
	// ErrContactExists reports that there is a contact of that name, or another name for that contact.
	ErrContactExists = errors.New("client: there is such a contact already")
	// ErrChanged reports that a file changed while it was sent. Nothing of it went out in a message.
	ErrChanged = errors.New("client: the file changed while it was sent")
)

// A Client does what one person asks of one device. Only Ring is required. Fields are set before the first call and
// not changed after it; a Client may then be used from several goroutines. It has nothing to close: the ring is its
// owner's to close.
type Client struct {
	Ring      *keyring.Ring // identity, contacts, messages, uploads under way
	Transport Transport     // nil means the platform's own
	Retry     time.Duration // how long a call goes on trying; 0 means two minutes, negative means one try
	AllowHTTP bool          // speak http to servers beyond this machine
	Notice    func(string)  // told, in a sentence, what a person may want to know; nil means nobody

	mu      sync.Mutex
	remotes map[chat.Server]*remote // that have shown their key
	taken   map[string]bool         // tickets in use, by their names in the ring
}

func (c *Client) transport() Transport {
	if c.Transport != nil {
		return c.Transport
	}
	return defaultTransport
}

func (c *Client) notice(format string, args ...any) {
	if c.Notice != nil {
		c.Notice(fmt.Sprintf(format, args...))
	}
}
