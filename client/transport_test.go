//go:build !js

package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
)

// answering returns a server that answers everything with h, and a transport to it.
func answering(t *testing.T, h http.HandlerFunc) (url string, transport *client.HTTPTransport) {
	t.Helper()
	srv := httptest.NewServer(h)
	transport = client.NewHTTPTransport()
	t.Cleanup(srv.Close)
	t.Cleanup(transport.CloseIdleConnections)
	return srv.URL, transport
}

// TestSignedRequestsGoOverTheirOwnConnections has a server note from where requests come: no connection carries both a
// request that shows a key and one that does not.
func TestSignedRequestsGoOverTheirOwnConnections(t *testing.T) {
	var mu sync.Mutex
	signed := make(map[string]bool) // by the client's end of a connection
	anonymous := make(map[string]bool)
	url, transport := answering(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Header.Get("Signature") != "" {
			signed[r.RemoteAddr] = true
		} else {
			anonymous[r.RemoteAddr] = true
		}
	})
	for i := range 20 {
		req := &client.Request{Method: "GET", URL: url, Signed: i%2 == 0, MaxBody: 10}
		if req.Signed {
			req.Header = map[string]string{"Signature": "x"}
		}
		if _, err := transport.Do(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	if len(signed) == 0 || len(anonymous) == 0 {
		t.Fatalf("%d signed and %d other connections were seen", len(signed), len(anonymous))
	}
	for addr := range signed {
		if anonymous[addr] {
			t.Error("one connection carried signed requests and others")
		}
	}
}

// TestUploadIsNotLinkedByItsConnection does the same with a whole upload through a real server, where what is signed is
// decided by the client and not by the test.
func TestUploadIsNotLinkedByItsConnection(t *testing.T) {
	w := newWorld(t)
	c := w.person()
	signed := 0
	c.Transport = wrapper{func(ctx ctx, req *client.Request) (*client.Response, error) {
		_, has := req.Header["Signature"]
		if has != req.Signed {
			t.Errorf("%s %s shows a key: %t; and says so: %t", req.Method, req.URL, has, req.Signed)
		}
		if has {
			signed++
		}
		if has && strings.Contains(req.URL, "/v1/blobs") {
			t.Errorf("%s %s is signed: it links a key with a blob", req.Method, req.URL)
		}
		return w.transport.Do(ctx, req)
	}}
	if _, err := c.Upload(t.Context(), file(randomBytes(1000)), &client.UploadOptions{AsIs: true}); err != nil {
		t.Fatal(err)
	}
	if signed == 0 {
		t.Error("nothing was signed: the test sees nothing")
	}
}

func TestAnswersAreBounded(t *testing.T) {
	const limit = 1000
	flood := bytes.Repeat([]byte("x"), 1<<20)
	for _, row := range []struct {
		name   string
		answer http.HandlerFunc
		fits   bool
	}{
		{"as long as it may be", func(w http.ResponseWriter, _ *http.Request) { w.Write(flood[:limit]) }, true},
		{"one byte more", func(w http.ResponseWriter, _ *http.Request) { w.Write(flood[:limit+1]) }, false},
		{"a gigabyte, announced", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000000")
			w.Write(flood)
		}, false},
		{"a gigabyte, not announced", func(w http.ResponseWriter, r *http.Request) {
			for range 1000 {
				if _, err := w.Write(flood); err != nil {
					return
				}
			}
		}, false},
		{"a gigabyte of zeros, compressed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(flood[:limit])
		}, true}, // is not unpacked
	} {
		t.Run(row.name, func(t *testing.T) {
			url, transport := answering(t, row.answer)
			resp, err := transport.Do(t.Context(), &client.Request{Method: "GET", URL: url, MaxBody: limit})
			if (err == nil) != row.fits {
				t.Errorf("the error is %v", err)
			}
			if resp != nil && len(resp.Body) > limit+1 {
				t.Errorf("%d bytes were kept", len(resp.Body))
			}
		})
	}
}

// TestFloodIsNotAllocated answers a hello with a gigabyte, announced or not: the client takes no notable memory for it.
func TestFloodIsNotAllocated(t *testing.T) {
	flood := make([]byte, 1<<20)
	url, transport := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			if _, err := w.Write(flood); err != nil {
				return
			}
		}
	})
	c := &client.Client{Ring: keyring.Memory(), Transport: transport, Retry: -1}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := c.Enrol(t.Context(), chat.Invite{URL: url}.Encode())
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Error("a flood is a server")
	}
	if grew := after.TotalAlloc - before.TotalAlloc; grew > 8<<20 { // both ends are in this process
		t.Errorf("it took %d bytes", grew)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere, _ := answering(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	for _, status := range []int{301, 302, 303, 307, 308} {
		url, transport := answering(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere, status) })
		resp, err := transport.Do(t.Context(), &client.Request{
			Method: "POST", URL: url, Header: map[string]string{"Authorization": "Bearer secret"}, Body: []byte("x"), MaxBody: 1000,
		})
		if err != nil || resp.Status != status {
			t.Errorf("%d: %v", status, err)
		}
		c := &client.Client{Ring: keyring.Memory(), Transport: transport, Retry: -1}
		if err := c.Enrol(t.Context(), chat.Invite{URL: url}.Encode()); err == nil {
			t.Errorf("%d: a redirect is a server", status)
		}
	}
}

// TestRequestsTellNothingOfTheirSender looks at the header of a request as a server sees it.
func TestRequestsTellNothingOfTheirSender(t *testing.T) {
	var header http.Header
	url, transport := answering(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		http.SetCookie(w, &http.Cookie{Name: "who", Value: "you"})
	})
	for range 2 {
		if _, err := transport.Do(t.Context(), &client.Request{Method: "GET", URL: url, MaxBody: 10}); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(header); got != "map[User-Agent:[mayfly]]" {
			t.Errorf("the header is %s", got)
		}
	}
}

// TestBrokenAnswerIsAnErrorWithWhatCameOfIt cuts an answer in the middle.
func TestBrokenAnswerIsAnErrorWithWhatCameOfIt(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.Read(make([]byte, 4096))
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this much")
	}()
	transport := client.NewHTTPTransport()
	defer transport.CloseIdleConnections()
	resp, err := transport.Do(t.Context(), &client.Request{Method: "GET", URL: "http://" + l.Addr().String(), MaxBody: 100})
	if !errors.Is(err, io.ErrUnexpectedEOF) || resp == nil || string(resp.Body) != "only this much" {
		t.Errorf("there is %v and %v", resp, err)
	}
}

func TestHTTPBeyondThisMachineIsRefused(t *testing.T) {
	never := wrapper{func(_ ctx, req *client.Request) (*client.Response, error) {
		t.Errorf("it asked %s", req.URL)
		return nil, errCut
	}}
	asked := false
	always := wrapper{func(ctx, *client.Request) (*client.Response, error) {
		asked = true
		return nil, errCut
	}}
	for _, row := range []struct {
		url   string
		allow bool
		want  bool // to be asked
	}{
		{"http://share.example.org", false, false},
		{"http://192.168.1.7:8080", false, false},
		{"http://127.example.org", false, false},
		{"http://127.0.0.1.example.org", false, false},
		{"http://localhost.example.org", false, false},
		{"http://0.0.0.0:8080", false, false},
		{"http://share.example.org", true, true},
		{"https://share.example.org", false, true},
		{"http://127.0.0.1:8080", false, true},
		{"http://127.9.9.9:8080", false, true},
		{"http://localhost:8080", false, true},
		{"http://[::1]:8080", false, true},
	} {
		asked = false
		c := &client.Client{Ring: keyring.Memory(), Transport: never, Retry: -1, AllowHTTP: row.allow}
		if row.want {
			c.Transport = always
		}
		err := c.Enrol(t.Context(), chat.Invite{URL: row.url}.Encode())
		if err == nil || errors.Is(err, client.ErrInsecure) == row.want || asked != row.want {
			t.Errorf("%s, allowed %t: asked %t, %v", row.url, row.allow, asked, err)
		}
	}
}
