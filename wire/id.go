package wire

import "crypto/sha256"

// A BlobID names a blob: 128 random bits, made by the server.
type BlobID [16]byte

// String returns id in base64url.
func (id BlobID) String() string { return EncodeText(id[:]) }

// MarshalText returns id in base64url.
func (id BlobID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (id *BlobID) UnmarshalText(text []byte) error { return decodeText(id[:], text) }

// A MailboxID is the address of a mailbox: 256 random bits, made by its owner. Who knows it can do nothing with it
// without the delivery key or the intro key.
type MailboxID Row

// String returns id in base64url.
func (id MailboxID) String() string { return EncodeText(id[:]) }

// MarshalText returns id in base64url.
func (id MailboxID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (id *MailboxID) UnmarshalText(text []byte) error { return decodeText(id[:], text) }

// A LocatorID is the place of an encrypted manifest. Only who holds the owner's profile key can compute it.
type LocatorID Row

// String returns id in base64url.
func (id LocatorID) String() string { return EncodeText(id[:]) }

// MarshalText returns id in base64url.
func (id LocatorID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (id *LocatorID) UnmarshalText(text []byte) error { return decodeText(id[:], text) }

// A PublicKey is an Ed25519 public key (RFC 8032): that of a server, which is the server's identity, or one that a
// client made for one server to sign its requests with.
type PublicKey Row

// String returns k in base64url.
func (k PublicKey) String() string { return EncodeText(k[:]) }

// MarshalText returns k in base64url.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (k *PublicKey) UnmarshalText(text []byte) error { return decodeText(k[:], text) }

// A Hash is a SHA-256 value: the digest of a part, or what a server keeps of a token.
type Hash Row

// Sum returns the SHA-256 of b.
func Sum(b []byte) Hash { return sha256.Sum256(b) }

// String returns h in base64url.
func (h Hash) String() string { return EncodeText(h[:]) }

// A Token is 32 secret bytes that are themselves a permission: a ticket, an upload token, a read token, a delete key,
// a delivery key. A server keeps its [Token.Hash] only.
type Token struct{ Veil }

// NewToken returns a random token.
func NewToken() Token { return Token{NewVeil()} }

// TokenOf returns the token that consists of b.
func TokenOf(b Row) Token { return Token{VeilOf(b)} }

// ParseToken is the inverse of [Token.Encode].
func ParseToken(s string) (Token, error) {
	var b Row
	err := decodeText(b[:], []byte(s))
	return TokenOf(b), err
}

// Encode returns t in base64url, as it stands behind "Bearer " in a request.
func (t Token) Encode() string {
	b := t.Reveal()
	return EncodeText(b[:])
}

// Hash returns the SHA-256 of t, which is what a server keeps of it.
func (t Token) Hash() Hash {
	b := t.Reveal()
	return Sum(b[:])
}

// IsZero reports whether t is the zero Token, which is no permission.
func (t Token) IsZero() bool { return t == Token{} }

// A Share is the server's half of the secret of one blob. A server that has erased it has erased every copy of the
// blob, wherever the ciphertext is. See docs/FORMAT.md.
type Share struct{ Veil }

// NewShare returns a random share.
func NewShare() Share { return Share{NewVeil()} }

// ShareOf returns the share that consists of b.
func ShareOf(b Row) Share { return Share{VeilOf(b)} }
