package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7b314ca8/mayfly/client"
	"github.com/seed-7b314ca8/mayfly/client/chat"
	"github.com/seed-7b314ca8/mayfly/client/keyring"
	"github.com/seed-7b314ca8/mayfly/media"
)

// The exit codes.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitGone     = 3
	exitMetadata = 4
	exitTampered = 5
)

const exitText = `How a command ended is its exit code:

  0  done
  1  failed
  2  used wrongly: an unknown flag, a missing argument, no source for a passphrase
  3  gone: it expired, was removed, or never was for you
  4  metadata stood in the way: it cannot be taken out of that file, or inspect found some
  5  not authentic: what arrived is not what was sent, or the server is not the one that it was
`

// outcomes says how a program ends that met an error, and what helps. The first row that matches decides; what is in
// none is a failure.
var outcomes = []struct {
	err  error
	code int
	hint string
}{
	{client.ErrServerKey, exitTampered, "if whoever runs the server did not tell you of a new key, somebody may stand between you; do not go on"},
	{client.ErrTampered, exitTampered, ""},
	{chat.ErrTampered, exitTampered, ""},
	{client.ErrGone, exitGone, ""},
	{chat.ErrExpired, exitGone, ""},
	{client.ErrMetadata, exitMetadata, ""},
	{media.ErrUnsupported, exitMetadata, ""},
	{errSensitive, exitMetadata, "mayfly strip FILE -o OUT takes it out; mayfly send does so by itself"},

	{client.ErrNoIdentity, exitFailed, "mayfly id create --invite INVITE"},
	{keyring.ErrNoHome, exitFailed, "begin with: mayfly id create --invite INVITE; or name the home with --home"},
	{keyring.ErrLocked, exitFailed, "wait for it to end; one command at a time uses a home"},
	{keyring.ErrPassphrase, exitFailed, ""},
	{keyring.ErrNoRoot, exitFailed, "was this home made with --key-file, or with a passphrase?"},
	{client.ErrIdentityExists, exitFailed, "mayfly id show; or choose another --home"},
	{client.ErrNoContact, exitFailed, "mayfly contact list shows whom you know; mayfly contact add NAME CONTACT adds somebody"},
	{client.ErrContactExists, exitFailed, "mayfly contact list"},
	{client.ErrInvite, exitFailed, "ask whoever runs the server for another: mayfly admin invite"},
	{client.ErrInsecure, exitFailed, "use the https address of the server; on a network that you trust, --allow-http"},
	{client.ErrQuota, exitFailed, "try again tomorrow, or ask whoever runs the server for more room"},
	{client.ErrTooLarge, exitFailed, "ask whoever runs the server what it takes, or choose a shorter --ttl"},
	{client.ErrChanged, exitFailed, "nothing went out in a message; send it again when nobody writes to it"},
	{chat.ErrTooLong, exitFailed, "send the text as a file"},
}

// lasting reports whether err is one that the table knows, so that to try again does not help.
func lasting(err error) bool {
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			return true
		}
	}
	return isUsage(err)
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitDone
	case isUsage(err):
		return exitUsage
	}
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			return o.code
		}
	}
	if _, ok := errors.AsType[*media.FormatError](err); ok {
		return exitMetadata
	}
	return exitFailed
}

func hintFor(err error) string {
	if h, ok := errors.AsType[*hintedError](err); ok {
		return h.hint
	}
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			return o.hint
		}
	}
	return ""
}

var errInterrupted = errors.New("interrupted")

// A usageError says that the program was used wrongly.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (e usageError) Unwrap() error { return e.error }

func isUsage(err error) bool {
	_, ok := errors.AsType[usageError](err)
	return ok
}

// A hintedError is an error with a sentence on what helps.
type hintedError struct {
	error
	hint string
}

// withHint adds a hint to err, unless it has one.
func withHint(err error, format string, args ...any) error {
	if err == nil || hintFor(err) != "" {
		return err
	}
	return &hintedError{err, fmt.Sprintf(format, args...)}
}

func (e *hintedError) Unwrap() error { return e.error }

// plain returns the text of err on one line, for people, who need not know which package said it.
func plain(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	for i, line := range lines {
		parts := strings.Split(strings.TrimSpace(line), ": ")
		last := len(parts) - 1
		kept := slices.DeleteFunc(parts[:last:last], func(s string) bool { return slices.Contains(packages, s) })
		lines[i] = strings.Join(append(kept, parts[last]), ": ")
	}
	return printableLine(strings.ReplaceAll(strings.Join(lines, "; "), ":; ", ": "))
}

// packages are what errors begin with.
var packages = []string{
	"chat", "client", "dir", "inspect", "keyring", "media", "open", "s3", "seal", "server", "state", "storage", "wire",
}
