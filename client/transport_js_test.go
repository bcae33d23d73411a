//go:build js

package client

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

// answerOf returns the address of an answer of n bytes that needs no server.
func answerOf(n int) string {
	return "data:application/octet-stream;base64," + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", n)))
}

func TestFetchIsBounded(t *testing.T) {
	for _, row := range []struct {
		name  string
		bytes int
		fits  bool
	}{
		{"nothing", 0, true},
		{"as long as it may be", 100_000, true},
		{"one byte more", 100_001, false},
		{"much more", 10_000_000, false},
	} {
		resp, err := FetchTransport{}.Do(t.Context(), &Request{Method: "GET", URL: answerOf(row.bytes), MaxBody: 100_000})
		if (err == nil) != row.fits {
			t.Errorf("%s: %v", row.name, err)
		}
		if err == nil && (resp.Status != 200 || len(resp.Body) != row.bytes) {
			t.Errorf("%s: status %d, %d bytes", row.name, resp.Status, len(resp.Body))
		}
		if resp != nil && len(resp.Body) > 100_000 {
			t.Errorf("%s: %d bytes were kept", row.name, len(resp.Body))
		}
	}
}

func TestFetchFailsAsATransportDoes(t *testing.T) {
	if resp, err := (FetchTransport{}).Do(t.Context(), &Request{Method: "GET", URL: "http://127.0.0.1:1/"}); err == nil {
		t.Errorf("where nobody listens there is an answer of %d", resp.Status)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := FetchTransport{}.Do(ctx, &Request{Method: "GET", URL: "http://192.0.2.1/"}) // leads nowhere (RFC 5737)
	if err == nil {
		t.Error("from nowhere there is an answer")
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := (FetchTransport{}).Do(ctx, &Request{Method: "GET", URL: answerOf(10), MaxBody: 10}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before it began: %v", err)
	}
}
