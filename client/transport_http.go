//go:build !js

package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// defaultTransport is what a [Client] without a Transport uses.
var defaultTransport Transport = NewHTTPTransport()

// HTTPTransport is a [Transport] over net/http. Signed requests and all others go over separate connections.
type HTTPTransport struct {
	signed, anonymous *http.Client
}

// NewHTTPTransport returns a Transport with connections of its own. It follows no redirect, keeps no cookie, and
// honours the proxy settings of the environment.
func NewHTTPTransport() *HTTPTransport {
	return &HTTPTransport{signed: newHTTPClient(), anonymous: newHTTPClient()}
}

func newHTTPClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression = true
	t.MaxIdleConnsPerHost = 8
	t.ResponseHeaderTimeout = 2 * time.Minute
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// CloseIdleConnections closes connections that nobody uses just now.
func (t *HTTPTransport) CloseIdleConnections() {
	t.signed.CloseIdleConnections()
	t.anonymous.CloseIdleConnections()
}

// Do implements [Transport].
func (t *HTTPTransport) Do(ctx context.Context, req *Request) (*Response, error) {
	hreq, err := http.NewRequestWithContext(ctx, req.Method, req.URL, bytes.NewReader(req.Body))
	if err != nil {
		return nil, err
	}
	for name, value := range req.Header {
		hreq.Header.Set(name, value)
	}
	hreq.Header.Set("User-Agent", "mayfly") // no version, no platform
	hresp, err := t.client(req).Do(hreq)
	if err != nil {
		return nil, err
	}
	defer hresp.Body.Close()
	resp := &Response{Status: hresp.StatusCode, Header: make(map[string]string, len(hresp.Header))}
	for name := range hresp.Header {
		resp.Header[strings.ToLower(name)] = hresp.Header.Get(name)
	}
	resp.Body, err = readBody(hresp, req.MaxBody)
	return resp, err
}

func (t *HTTPTransport) client(req *Request) *http.Client {
	if req.Signed {
		return t.signed
	}
	return t.anonymous
}

// readBody reads a body of at most limit bytes, into a slice of the right length where that is announced.
func readBody(resp *http.Response, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, fmt.Errorf("client: the answer has %d bytes where at most %d were expected", resp.ContentLength, limit)
	}
	buf := bytes.NewBuffer(make([]byte, 0, max(resp.ContentLength, 0)+bytes.MinRead))
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("client: the answer has more than the %d bytes that were expected", limit)
	}
	return buf.Bytes(), err
}
