package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// SignatureLabel is the label of the one signature of a request in its Signature-Input and Signature fields.
const SignatureLabel = "mayfly"

// A Component is one covered component of a signature: the name of a header field in lower case or of a derived
// component such as "@method", and its value (RFC 9421, sections 2.1 and 2.2).
type Component struct{ Name, Value string }

// SignatureBase returns the bytes that are signed (RFC 9421, section 2.5). The params are the inner list and its
// parameters, exactly as they stand behind the label in the Signature-Input field.
func SignatureBase(components []Component, params string) []byte {
	var b strings.Builder
	for _, c := range components {
		b.WriteString(`"` + c.Name + `": ` + c.Value + "\n")
	}
	b.WriteString(`"@signature-params": ` + params)
	return []byte(b.String())
}

// Covered returns the components that every signed request covers, exactly these and in this order. The query is what
// stands behind the path in the address, without "?"; the digest is the value of the Content-Digest field.
func Covered(method, path, query, digest string) []Component {
	return []Component{
		{"@method", method},
		{"@path", path},
		{"@query", "?" + query},
		{"content-digest", digest},
	}
}

// coveredList is the inner list that [Covered] makes.
const coveredList = `("@method" "@path" "@query" "content-digest")`

// SignatureParams are the parameters of a request's signature. All are required, and there are no others.
type SignatureParams struct {
	Created int64     // Unix seconds; the server allows [SignatureWindow] either way
	Nonce   string    // base64url of 16 random bytes, never used twice
	KeyID   PublicKey // the key that signs
	Tag     PublicKey // the server that is meant, so that no other can use the request
}

// String returns p behind its inner list, as it stands in the Signature-Input field behind the label.
func (p SignatureParams) String() string {
	return coveredList + ";created=" + itoa(p.Created) + `;nonce="` + p.Nonce + `";keyid="` + p.KeyID.String() +
		`";alg="ed25519";tag="` + p.Tag.String() + `"`
}

// ContentDigest returns the value of the Content-Digest field for body (RFC 9530).
func ContentDigest(body []byte) string { return DigestField(sha256.Sum256(body)) }

// DigestField returns the value of the Content-Digest field for a body whose SHA-256 is h.
func DigestField(h Hash) string {
	return "sha-256=:" + base64.StdEncoding.EncodeToString(h[:]) + ":"
}

// ParseDigest is the inverse of [DigestField]. Any other algorithm, or more than one, is an error.
func ParseDigest(field string) (h Hash, err error) {
	text, ok := strings.CutPrefix(field, "sha-256=:")
	text, closed := strings.CutSuffix(text, ":")
	if !ok || !closed || len(text) != base64.StdEncoding.EncodedLen(len(h)) {
		return h, errDigest
	}
	var buf [33]byte // 44 characters may stand for 33 bytes
	n, err := base64.StdEncoding.Strict().Decode(buf[:], []byte(text))
	if err != nil || n != len(h) {
		return h, errDigest
	}
	copy(h[:], buf[:])
	return h, nil
}
