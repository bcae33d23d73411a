package chat

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// maxURL is the length of the longest address of a server, in bytes.
const maxURL = 255

// A Server is where mailboxes and blobs are: its address, in the form that [NormalizeURL] gives, and the key that is
// its identity. Two values that are equal are the same server.
type Server struct {
	URL string
	ID  wire.PublicKey
}

// NormalizeURL returns the one form of a server's address: http or https, a host in lower case, a port where it is not
// the scheme's own, a path without a slash at its end. Anything else in it is an error that says what to do.
func NormalizeURL(s string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil {
		return "", addressError("%.80q is not an address; it should look like https://share.example.org", s)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", addressError("the address of a server begins with https:// (or http://), which %.80q does not", s)
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", addressError("leave out of the address what is neither host, port nor path: %s", u.Host)
	}
	host, err := normalHost(u.Scheme, u.Hostname(), u.Port())
	if err != nil {
		return "", err
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	if !validPath(path) {
		return "", addressError("the path of an address is letters, digits and -._~ between single slashes: %.80q", path)
	}
	if s = u.Scheme + "://" + host + path; len(s) > maxURL {
		return "", addressError("the address is longer than %d bytes", maxURL)
	}
	return s, nil
}

func addressError(format string, args ...any) error {
	return fmt.Errorf("%w address: "+format, append([]any{ErrMalformed}, args...)...)
}

// normalHost returns host and port as they stand in an address.
func normalHost(scheme, host, port string) (string, error) {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		if host = "[" + ip.String() + "]"; ip.Zone() != "" {
			return "", addressError("an IPv6 address with a zone is good on one machine only: %s", host)
		}
	} else if host = strings.ToLower(host); !validHost(host) {
		return "", addressError("%.80q is no host name; write letters beyond ASCII in their xn-- form", host)
	}
	if port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return host, nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '0' {
		return "", addressError("%.20q is no port", port)
	}
	return host + ":" + port, nil
}

func validHost(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || !only(label, isHostByte) {
			return false
		}
	}
	return true
}

func validPath(path string) bool {
	if path == "" {
		return true
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." || !only(segment, isPathByte) {
			return false
		}
	}
	return path[0] == '/'
}

func isHostByte(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' }

func isPathByte(c byte) bool {
	return isHostByte(c) || 'A' <= c && c <= 'Z' || c == '.' || c == '_' || c == '~'
}

func only(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

// server reads the address and the id of a server. Only the normal form of an address is one.
func (c *cursor) server() (s Server) {
	s.URL = c.string8()
	s.ID = c.row()
	normal, err := NormalizeURL(s.URL)
	c.must(err == nil && normal == s.URL)
	return s
}

func (b *builder) server(s Server) {
	b.string8(s.URL)
	b.add(s.ID[:])
}

// check returns an error if s could not be read back.
func (s Server) check() error {
	if normal, err := NormalizeURL(s.URL); err != nil || normal != s.URL {
		return fmt.Errorf("%w: %.80q is not the normal form of an address", ErrInvalid, s.URL)
	}
	return nil
}

// A textKind is what the letter before the fragment of an invite or a contact string stands for.
type textKind string

const (
	textInvite textKind = "i"
	textCard   textKind = "c"
)

var textNames = map[textKind]string{textInvite: "an invite", textCard: "a contact string"}

// encodeText returns the text form of a secret that names a server: an address whose fragment no browser sends.
func encodeText(kind textKind, server string, secret []byte) string {
	return server + "/" + string(kind) + "#" + strconv.Itoa(version) + "." + wire.EncodeText(secret)
}

// parseText returns the server and fills secret. Errors never quote what stands behind the "#".
func parseText(kind textKind, s string, secret []byte) (server string, err error) {
	name := textNames[kind]
	address, fragment, ok := strings.Cut(strings.TrimSpace(s), "#")
	slash := strings.LastIndexByte(address, '/')
	if !ok || slash < 0 {
		return "", fmt.Errorf("%w: this is not %s, which looks like https://…/%s#1.…; copy all of it", ErrMalformed, name, kind)
	}
	if got := textKind(address[slash+1:]); got != kind {
		return "", wrongKind(name, got)
	}
	if err := parseFragment(name, fragment, secret); err != nil {
		return "", err
	}
	return NormalizeURL(address[:slash])
}

// parseFragment fills secret from the version and the base64url of exactly as many bytes.
func parseFragment(name, fragment string, secret []byte) error {
	v, text, ok := strings.Cut(fragment, ".")
	if ok && v != strconv.Itoa(version) && only(v, isHostByte) {
		return fmt.Errorf("%w (%s)", ErrVersion, name)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	// The decoder passes over line breaks, so that the length of the text counts too.
	if !ok || err != nil || len(b) != len(secret) || len(text) != base64.RawURLEncoding.EncodedLen(len(secret)) {
		return fmt.Errorf("%w: a part of this is missing or was changed; copy %s again, all of it", ErrMalformed, name)
	}
	copy(secret, b)
	return nil
}

func wrongKind(want string, got textKind) error {
	if name, ok := textNames[got]; ok {
		return fmt.Errorf("%w: this is %s, and %s is needed here", ErrMalformed, name, want)
	}
	return fmt.Errorf("%w: this is not %s", ErrMalformed, want)
}
