package server

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
)

func TestAllowlistDropsWhatItDoesNotKnow(t *testing.T) {
	var b bytes.Buffer
	l := newLogger(slog.New(slog.NewTextHandler(&b, nil)))
	l.to.With("path", "secret").WithGroup("secret").Info("message",
		"token", "secret", "why", errors.New("secret"), "what", []byte("secret"), slog.Group("where", "x", "secret"),
		"route", "kept")
	if strings.Contains(b.String(), "secret") || !strings.Contains(b.String(), "route=kept") {
		t.Errorf("the log holds %s", b.String())
	}
}

func TestReasonIsInKnownWords(t *testing.T) {
	wrapped := &net.OpError{Op: "dial", Addr: &net.TCPAddr{IP: net.IPv4(198, 51, 100, 7)}, Err: errors.New("secret")}
	for _, err := range []error{errors.New("secret"), fmt.Errorf("secret: %w", wrapped), errors.Join(wrapped, wrapped)} {
		if got := reason(err); strings.Contains(got, "secret") || strings.Contains(got, "198") || got == "" {
			t.Errorf("the reason is %q", got)
		}
	}
}
