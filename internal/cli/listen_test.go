package cli

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestACertificateIsReadAnewWhenItChanges(t *testing.T) {
	dir := t.TempDir()
	c := &certificate{certFile: filepath.Join(dir, "cert"), keyFile: filepath.Join(dir, "key")}
	if _, err := c.get(nil); err == nil {
		t.Fatal("there is a certificate without files")
	}
	put := func(cert, key []byte, at time.Time) {
		t.Helper()
		for path, data := range map[string][]byte{c.certFile: cert, c.keyFile: key} {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	leaf := func() string {
		t.Helper()
		got, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return string(got.Certificate[0])
	}
	now := time.Now()
	cert1, key1 := newCert(t)
	put(cert1, key1, now)
	first := leaf()
	cert2, key2 := newCert(t)
	put(cert2, key1, now.Add(time.Second))
	if leaf() != first {
		t.Error("half of a new certificate takes the place of the old one")
	}
	put(cert2, key2, now.Add(2*time.Second))
	if leaf() == first {
		t.Error("a new certificate is not seen")
	}
}

func TestWhoIsListenedTo(t *testing.T) {
	for _, row := range []struct {
		name, address string
		tls           bool
		settings      serverSettings
		ok            bool
	}{
		{"this machine", "127.0.0.1", false, serverSettings{}, true},
		{"this machine by IPv6", "::1", false, serverSettings{}, true},
		{"everybody, in the clear", "0.0.0.0", false, serverSettings{}, false},
		{"everybody, in the clear, with an address", "0.0.0.0", false, serverSettings{publicURL: "http://example.org"}, false},
		{"a network, in the clear", "192.168.0.1", false, serverSettings{}, false},
		{"a network, with TLS", "192.168.0.1", true, serverSettings{}, true},
		{"everybody, with TLS and no address", "::", true, serverSettings{}, false},
		{"everybody, with TLS and an address", "::", true, serverSettings{publicURL: "https://example.org"}, true},
		{"a proxy, without an address", "10.0.0.1", false, serverSettings{trustedProxies: []string{"10.0.0.2"}}, false},
		{"a proxy", "10.0.0.1", false, serverSettings{trustedProxies: []string{"10.0.0.2"}, publicURL: "https://example.org"}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := row.settings.checkListener(&net.TCPAddr{IP: net.ParseIP(row.address)}, row.tls)
			if (err == nil) != row.ok || err != nil && (!isUsage(err) || hintFor(err) == "") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
