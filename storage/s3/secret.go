package s3

import (
	"errors"
	"fmt"
)

// A Secret is a secret key. It prints as [key] and refuses to be marshalled.
type Secret string

var errSecret = errors.New("s3: a secret is not to be written out")

// Format implements [fmt.Formatter] for all verbs.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[key]") }

// MarshalText refuses.
func (Secret) MarshalText() ([]byte, error) { return nil, errSecret }

// MarshalBinary refuses.
func (Secret) MarshalBinary() ([]byte, error) { return nil, errSecret }

// reveal is the one way to the secret.
func (s Secret) reveal() string { return string(s) }
