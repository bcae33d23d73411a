package chat

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/seed-7b314ca8/mayfly/wire"
)

// An AccountID is who somebody is: the SHA-256 of "mayfly/acct/v1", the suite and the public account key.
type AccountID [32]byte

// AccountOf returns the id of the account with this key.
func AccountOf(key wire.PublicKey) AccountID {
	return sha256.Sum256(labelled("mayfly/acct/v1", []byte{Suite}, key[:]))
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ParseAccountID is the inverse of [AccountID.String]. Upper case will do.
func ParseAccountID(s string) (a AccountID, err error) {
	b, err := base32Lower.DecodeString(strings.ToLower(s))
	if err != nil || len(b) != len(a) || base32Lower.EncodeToString(b) != strings.ToLower(s) {
		return a, fmt.Errorf("%w account id: it is 52 letters and digits", ErrMalformed)
	}
	return AccountID(b), nil
}

// String returns a in base32 (RFC 4648), lower case, without padding.
func (a AccountID) String() string { return base32Lower.EncodeToString(a[:]) }

// Short returns the beginning of a, for people to recognise, not to verify; see [SafetyNumber] for that.
func (a AccountID) Short() string { return a.String()[:8] }

// MarshalText returns a as String does.
func (a AccountID) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (a *AccountID) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAccountID(string(text))
	return err
}

// SafetyNumber returns what two people compare to be sure of each other: 60 digits in groups of five. It is the same
// for both, whatever devices they have.
func SafetyNumber(a, b AccountID) string {
	x, y := fingerprint(a), fingerprint(b)
	return min(x, y) + " " + max(x, y)
}

// fingerprint returns six groups of five digits.
func fingerprint(a AccountID) string {
	sum := sha512.Sum512(labelled("mayfly/fp/v1", a[:]))
	groups := make([]string, 6)
	for i := range groups {
		var n uint64
		for _, c := range sum[5*i:][:5] {
			n = n<<8 | uint64(c)
		}
		groups[i] = fmt.Sprintf("%05d", n%100000)
	}
	return strings.Join(groups, " ")
}
