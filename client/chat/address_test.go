package chat

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-7b314ca8/mayfly/wire"
)

func TestNormalizeURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://share.example.org":           "https://share.example.org",
		" https://share.example.org/ \n":      "https://share.example.org",
		"HTTPS://Share.Example.ORG:443":       "https://share.example.org",
		"http://127.0.0.1:8080/":              "http://127.0.0.1:8080",
		"http://localhost:80":                 "http://localhost",
		"http://share.example.org:443":        "http://share.example.org:443",
		"https://[2001:DB8::1]:8443/May/fly/": "https://[2001:db8::1]:8443/May/fly",
		"https://[::1]":                       "https://[::1]",
		"https://xn--dne-goa.example":         "https://xn--dne-goa.example",
	} {
		got, err := NormalizeURL(in)
		if err != nil || got != want {
			t.Errorf("NormalizeURL(%q) = %q, %v; want %q", in, got, err, want)
		}
		if again, err := NormalizeURL(got); err != nil || again != got {
			t.Errorf("the normal form %q has the normal form %q, %v", got, again, err)
		}
	}
}

func TestNormalizeURLRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":              "",
		"a host alone":         "share.example.org",
		"another scheme":       "ftp://share.example.org",
		"no host":              "https:///path",
		"a user":               "https://user@share.example.org",
		"a password":           "https://user:secret@share.example.org",
		"a query":              "https://share.example.org?x=1",
		"an empty query":       "https://share.example.org?",
		"a fragment":           "https://share.example.org#x",
		"letters that deceive": "https://shаre.example.org",
		"an empty label":       "https://share..example.org",
		"port zero":            "https://share.example.org:0",
		"a port too large":     "https://share.example.org:65536",
		"a padded port":        "https://share.example.org:0443",
		"an IPv6 zone":         "https://[fe80::1%25eth0]",
		"dots in the path":     "https://share.example.org/a/../b",
		"an empty segment":     "https://share.example.org/a//b",
		"an escape":            "https://share.example.org/%2e%2e",
		"a backslash":          `https://share.example.org\@evil.example`,
		"a space":              "https://share.example.org/a b",
		"too long":             "https://share.example.org/" + strings.Repeat("a", maxURL),
	} {
		if got, err := NormalizeURL(in); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %q, %v; want ErrMalformed", name, got, err)
		}
	}
}

func TestInvite(t *testing.T) {
	want := Invite{URL: "https://share.example.org", Code: [16]byte{1}, Server: wire.PublicKey{2}}
	text := want.Encode()
	if !strings.HasPrefix(text, "https://share.example.org/i#1.AQ") {
		t.Errorf("an invite is %s", text)
	}
	for _, s := range []string{text, "  " + text + "\n", strings.Replace(text, "org", "ORG:443/", 1)} {
		got, err := ParseInvite(s)
		if err != nil || got != want {
			t.Errorf("%q: %v", s, err)
		}
	}
	if at := want.At(); at != (Server{URL: want.URL, ID: want.Server}) {
		t.Errorf("it enrols at %v", at)
	}
}

func TestCard(t *testing.T) {
	for _, server := range []Server{home, away} {
		want := NewIdentity(server).Card()
		got, err := ParseCard(want.Encode())
		if err != nil || got != want {
			t.Errorf("%s: %v", server.URL, err)
		}
	}
}

func TestTextsThatAreNotWhatIsNeeded(t *testing.T) {
	card := NewIdentity(home).Card().Encode()
	invite := Invite{URL: home.URL, Code: [16]byte{9, 9, 9}, Server: home.ID}.Encode()
	last := strings.LastIndexByte(card, '.')
	rows := []struct {
		name, text string
		want       error
		says       string
	}{
		{"an invite", invite, ErrMalformed, "this is an invite"},
		{"nothing", "", ErrMalformed, "copy all of it"},
		{"an address", home.URL, ErrMalformed, "copy all of it"},
		{"another page", home.URL + "/x#1.AAAA", ErrMalformed, "not a contact string"},
		{"a cut text", card[:len(card)-1], ErrMalformed, "copy a contact string again"},
		{"a text that goes on", card + "A", ErrMalformed, "copy a contact string again"},
		{"a text with a line break in it", card[:last+9] + "\n" + card[last+9:], ErrMalformed, "copy a contact string again"},
		{"no version", card[:last-1] + card[last+1:], ErrMalformed, "copy a contact string again"},
		{"a newer version", strings.Replace(card, "#1.", "#2.", 1), ErrVersion, "update"},
		{"no server", card[strings.Index(card, "/c#"):], ErrMalformed, "address"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := ParseCard(row.text)
			if !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want %v that says %q", err, row.want, row.says)
			}
			if secret := card[last+1:][:12]; err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
	if _, err := ParseInvite(card); err == nil || !strings.Contains(err.Error(), "this is a contact string") {
		t.Errorf("a contact string for an invite: %v", err)
	}
}
