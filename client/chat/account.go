package chat

import "github.com/seed-7b314ca8/mayfly/wire"

// An AccountID is who somebody is: the SHA-256 of "mayfly/acct/v1", the suite and the public account key.
type AccountID [32]byte

// AccountOf returns the id of the account with this key.
func AccountOf(key wire.PublicKey) AccountID { return AccountID{} }

// ParseAccountID is the inverse of [AccountID.String].
func ParseAccountID(s string) (AccountID, error) { return AccountID{}, ErrMalformed }

// String returns a in base32 (RFC 4648), lower case, without padding.
func (a AccountID) String() string { return "" }

// Short returns the beginning of a, for people to recognise, not to verify; see [SafetyNumber] for that.
func (a AccountID) Short() string { return "" }

// MarshalText returns a as String does.
func (a AccountID) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (a *AccountID) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAccountID(string(text))
	return err
}

// SafetyNumber returns what two people compare to be sure of each other: 60 digits in groups of five. It is the same
// for both, whatever devices they have.
func SafetyNumber(a, b AccountID) string { return "" }
