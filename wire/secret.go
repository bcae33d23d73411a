package wire

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// A Veil holds 32 secret bytes. Types that are keys embed it: they compare with ==, print as "[key]" and refuse to be
// marshalled. Package fmt calls no methods on unexported fields and shows what is in them; so what is in a Veil is not
// the bytes, but those and a random value of this process, xored. That keeps secrets out of logs; it keeps nothing from
// who can read the memory.
type Veil struct {
	Unprintable
	b Row // zero stands for zero
}

// veil is the random value of this process.
var veil = random()

func random() (b Row) {
	rand.Read(b[:]) // never fails: crypto/rand.Read
	return b
}

// NewVeil returns a Veil over random bytes.
func NewVeil() Veil { return VeilOf(random()) }

// VeilOf returns a Veil over b.
func VeilOf(b Row) Veil { return Veil{b: flip(b)} }

// Reveal returns the bytes.
func (v Veil) Reveal() Row { return flip(v.b) }

func flip(b Row) Row {
	if b == (Row{}) {
		return b
	}
	for i := range b {
		b[i] ^= veil[i]
	}
	return b
}

// ErrSecret is returned by everything that would marshal a secret by accident.
var ErrSecret = errors.New("wire: a secret does not marshal; see its Reveal method")

// Unprintable makes the type that embeds it print as "[key]", whatever the verb, and refuse to be marshalled.
type Unprintable struct{}

// Format implements [fmt.Formatter].
func (Unprintable) Format(f fmt.State, _ rune) { io.WriteString(f, "[key]") }

// LogValue implements [slog.LogValuer].
func (Unprintable) LogValue() slog.Value { return slog.StringValue("[key]") }

// MarshalText returns [ErrSecret].
func (Unprintable) MarshalText() ([]byte, error) { return nil, ErrSecret }

// MarshalBinary returns [ErrSecret].
func (Unprintable) MarshalBinary() ([]byte, error) { return nil, ErrSecret }

// MarshalJSON returns [ErrSecret].
func (Unprintable) MarshalJSON() ([]byte, error) { return nil, ErrSecret }
