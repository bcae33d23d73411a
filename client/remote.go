package client

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/wire"
)

// A remote is a server that has shown that it is the one that was meant.
type remote struct {
	c      *Client
	server chat.Server
	info   wire.Info
	offset atomic.Int64 // the server's clock less ours, a [time.Duration]
	ours   atomic.Bool  // our own server: the ring's clock follows its

	mu  sync.Mutex  // held while it is asked to show its key
	met atomic.Bool // it has
}

// remote returns the server s, which it asks to show its key once in the life of a Client.
func (c *Client) remote(ctx context.Context, s chat.Server) (*remote, error) {
	if err := c.checkURL(s.URL); err != nil {
		return nil, err
	}
	r := c.knownRemote(s)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.met.Load() {
		return r, nil
	}
	// Whoever mistyped an address does not want to wait as long as somebody in the middle of a file.
	err := c.retryFor(ctx, min(c.patience(), helloRetry), func() error {
		ctx, cancel := context.WithTimeout(ctx, helloTime)
		defer cancel()
		info, err := r.hello(ctx)
		r.info = info
		return err
	})
	if err != nil {
		return nil, err
	}
	r.met.Store(true)
	return r, nil
}

// knownRemote returns the one remote of a server, which may not have shown its key yet.
func (c *Client) knownRemote(s chat.Server) *remote {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.remotes[s]
	if r != nil {
		return r
	}
	r = &remote{c: c, server: s}
	if id, err := c.identity(); err == nil {
		r.ours.Store(id.Server == s)
	}
	if c.remotes == nil {
		c.remotes = make(map[chat.Server]*remote)
	}
	c.remotes[s] = r
	return r
}

// checkURL refuses to speak without TLS to anything but this machine.
func (c *Client) checkURL(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("client: %q is not the address of a server", address)
	}
	if u.Scheme == "https" || c.AllowHTTP || loopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("client: %s is not reached over https: %w", address, ErrInsecure)
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// hello has the server sign a nonce with the key that is its identity.
func (r *remote) hello(ctx context.Context) (info wire.Info, err error) {
	nonce := newNonce()
	resp, err := r.send(ctx, &call{method: "GET", path: wire.ServerPath(nonce), max: 64 << 10})
	if err != nil {
		return info, err
	}
	sig, err := base64.RawURLEncoding.DecodeString(resp.Header[strings.ToLower(wire.HeaderSignature)])
	if err != nil || !ed25519.Verify(r.server.ID[:], wire.InfoBase(resp.Body), sig) {
		return info, fmt.Errorf("client: %s: %w", r.server.URL, ErrServerKey)
	}
	if err := json.Unmarshal(resp.Body, &info); err != nil || info.Nonce != nonce {
		return info, fmt.Errorf("client: %s: %w", r.server.URL, ErrServerKey)
	}
	if !slices.Contains(info.Versions, wire.Version) {
		return info, fmt.Errorf("client: %s does not speak version %d of the protocol", r.server.URL, wire.Version)
	}
	r.observe(info.Time)
	return info, nil
}

// observe has the clock follow the server's. Only our own server moves the ring's.
func (r *remote) observe(server int64) {
	r.offset.Store(int64(time.Until(time.Unix(server, 0))))
	if r.ours.Load() {
		r.c.Ring.Observe(server)
	}
}

// now returns the time by the server's clock, in Unix seconds.
func (r *remote) now() int64 { return time.Now().Add(time.Duration(r.offset.Load())).Unix() }

// A call is a request in the making.
type call struct {
	method string
	path   string // with its query
	body   []byte
	max    int64 // longest answer, in bytes; 0 means one without a body to speak of

	bearer *wire.Token      // shown if not nil
	signer *chat.SigningKey // signs if not nil
	digest bool             // state the body's digest (implied by signer)
	rng    string           // Range
}

// do carries out a call, again and again while that may help.
func (r *remote) do(ctx context.Context, call *call) (resp *Response, err error) {
	skewed := false
	err = r.c.retry(ctx, func() error {
		resp, err = r.send(ctx, call)
		if code(err) == wire.CodeClockSkew && !skewed {
			skewed = true // send has set the clock
			resp, err = r.send(ctx, call)
		}
		return err
	})
	return resp, err
}

// send carries out a call once.
func (r *remote) send(ctx context.Context, call *call) (*Response, error) {
	req := &Request{
		Method: call.method, URL: r.server.URL + call.path, Header: r.header(call), Body: call.body,
		Signed: call.signer != nil, MaxBody: max(call.max, 64<<10),
	}
	resp, err := r.c.transport().Do(ctx, req)
	if err != nil {
		return resp, &transportError{err: fmt.Errorf("client: %s: %w", r.server.URL, err), partial: resp}
	}
	if resp.Status/100 == 2 {
		r.follow(resp)
		return resp, nil
	}
	return resp, r.refused(resp)
}

// follow has the clock follow the time that every answer bears, so that it stays right in a client that runs for weeks.
func (r *remote) follow(resp *Response) {
	server, err := strconv.ParseInt(resp.Header[strings.ToLower(wire.HeaderTime)], 10, 64)
	if err == nil && server > 0 && r.met.Load() {
		r.observe(server)
	}
}

// refused makes an error of an answer that is not a success. What is no problem of a Mayfly server's (a proxy's page,
// say) is judged by its status.
func (r *remote) refused(resp *Response) error {
	e := &refusal{after: parseRetryAfter(resp.Header["retry-after"])}
	if json.Unmarshal(resp.Body, &e.problem) != nil || e.problem.Code == "" {
		e.problem = *wire.NewProblem(codeOfStatus(resp.Status), "the answer of "+r.server.URL+" was "+strconv.Itoa(resp.Status))
	}
	if e.problem.Code == wire.CodeClockSkew && e.problem.Time != 0 {
		r.observe(e.problem.Time)
	}
	return e
}

func codeOfStatus(status int) wire.Code {
	switch {
	case status == 413:
		return wire.CodeTooLarge
	case status == 429:
		return wire.CodeRateLimit
	case status >= 500:
		return wire.CodeUnavailable
	}
	return wire.CodeBadRequest
}

func (r *remote) header(call *call) map[string]string {
	header := make(map[string]string)
	if len(call.body) > 0 {
		header["Content-Type"] = wire.TypeBytes
	}
	if call.rng != "" {
		header["Range"] = call.rng
	}
	if call.bearer != nil {
		header["Authorization"] = "Bearer " + call.bearer.Encode()
	}
	if call.digest || call.signer != nil {
		header["Content-Digest"] = wire.ContentDigest(call.body)
	}
	if call.signer != nil {
		r.sign(header, call)
	}
	return header
}

// sign adds the two fields of an HTTP message signature (RFC 9421).
func (r *remote) sign(header map[string]string, call *call) {
	params := wire.SignatureParams{
		Created: r.now(), Nonce: newNonce(), KeyID: call.signer.Public(), Tag: r.server.ID,
	}.String()
	path, query, _ := strings.Cut(call.path, "?")
	base := wire.SignatureBase(wire.Covered(call.method, path, query, header["Content-Digest"]), params)
	sig := call.signer.Sign(base)
	header["Signature-Input"] = wire.SignatureLabel + "=" + params
	header["Signature"] = wire.SignatureLabel + "=:" + base64.StdEncoding.EncodeToString(sig) + ":"
}

// newNonce returns base64url of 16 random bytes.
func newNonce() string {
	var b [16]byte
	rand.Read(b[:])
	return wire.EncodeText(b[:])
}
