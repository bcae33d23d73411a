// Package chat holds who people are to one another and what they say: identities and the contact strings that name
// them, manifests, mailbox keys, messages, and the envelopes in which messages travel. docs/PROTOCOL.md, part 2, is the
// same in prose, byte by byte.
//
// It is pure: no input, output or network, and no clock. Times are Unix seconds by the clock of the server, given as
// parameters. Random bytes come from crypto/rand. All types are values or are not changed once made, so that they may
// be used from several goroutines at once.
//
// # Trust
//
// Trust runs from an [AccountID], which is the hash of an account key, over the account key to a [Manifest], which it
// signs and which lists devices, and over a device key to a [PublicMailboxKey], which it signs, and to the frames of
// messages. A server can withhold all of this, and can change none of it.
//
// # What this layer does not give
//
// Messages are signed, so their authors cannot deny them. An envelope that somebody recorded opens with the private
// half of its mailbox key for as long as the recipient keeps that, at most 60 days. Sessions, which are to end both,
// are another type of frame: where a manifest says that a device has them, what this layer carries is refused.
//
// # Versions
//
// Everything here begins with a version. An unknown one is [ErrVersion], never a guess.
package chat

import (
	"errors"
	"fmt"
)

// Suite is the one suite of algorithms of version 1: X-Wing (HPKE KEM 0x647a), HKDF-SHA-256, ChaCha20-Poly1305,
// SHA-256 and Ed25519.
const Suite = 1

// version is the first byte of everything that this package encodes.
const version = 1

// Errors to match. Their text says what happened; those that wrap them say where.
var (
	// ErrVersion means that a newer Mayfly made this, or that it needs a capability which is not here.
	ErrVersion = errors.New("chat: made by a version of Mayfly that this one does not know; update this one")
	// ErrMalformed means that bytes or text are not of the form that docs/PROTOCOL.md gives.
	ErrMalformed = errors.New("chat: malformed")
	// ErrTooLong means that a message does not fit into the largest envelope.
	ErrTooLong = errors.New("chat: the message is too long for an envelope: send fewer files, or the text as a file")
	// ErrInvalid means that what was to be encoded breaks a rule of its format.
	ErrInvalid = errors.New("chat: invalid")

	// ErrTampered is matched by every failure to authenticate.
	ErrTampered = errors.New("chat: does not authenticate")
	// ErrForged means a wrong signature, or a key that is not the one it should be. It matches [ErrTampered].
	ErrForged = fmt.Errorf("%w: forged", ErrTampered)
	// ErrNotForUs means that a frame names another recipient than the one whose mailbox it was found in: somebody sent
	// on what was said to somebody else. It matches [ErrTampered].
	ErrNotForUs = fmt.Errorf("%w: addressed to somebody else", ErrTampered)
	// ErrRollback means that a manifest or a mailbox key is older than one that was seen. It matches [ErrTampered].
	ErrRollback = fmt.Errorf("%w: older than what was seen before", ErrTampered)
	// ErrEquivocation means that an account signed two different histories. It matches [ErrTampered].
	ErrEquivocation = fmt.Errorf("%w: two manifests that contradict each other", ErrTampered)
	// ErrDowngrade means first-layer content from or to a device that has sessions. It matches [ErrTampered].
	ErrDowngrade = fmt.Errorf("%w: not sent in a session, though its device has them", ErrTampered)

	// ErrExpired means that the time of a message, a manifest or a key is up.
	ErrExpired = errors.New("chat: expired")
	// ErrUnknownKey means that the mailbox key of an envelope is not here: it was erased when its time was up, or was
	// never this device's.
	ErrUnknownKey = errors.New("chat: the mailbox key of this envelope is not here any more")
	// ErrUnknownManifest means that a frame names a manifest that is not at hand: fetch the sender's locator and verify
	// again.
	ErrUnknownManifest = errors.New("chat: the sender's manifest is not known")
)
