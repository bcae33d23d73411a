package cli

import (
	"errors"
	"fmt"

	"github.com/seed-7b314ca8/mayfly/client/keyring"
)

var errNoPassphrase = errors.New("there is no passphrase, and no terminal to ask for one")

const passphraseHint = "put the passphrase into a file, and the name of the file into MAYFLY_PASSPHRASE_FILE; " +
	"or use --key-file"

// Whether a passphrase is chosen now or was chosen before.
type chosen bool

const (
	chosenNow    chosen = false
	chosenBefore chosen = true
)

// roots returns where the root key of the ring in dir rests.
func (h *homeFlags) roots(u *ui, dir string, when chosen) (keyring.Roots, error) {
	if h.keyFile != "" {
		return keyring.KeyFile(h.keyFile), nil
	}
	pw, err := h.askPassphrase(u, when)
	if err != nil {
		return nil, err
	}
	return keyring.Passphrase(dir, []byte(pw)), nil
}

// askPassphrase returns the passphrase, asking on the terminal if no setting has it; twice where it is chosen now.
func (h *homeFlags) askPassphrase(u *ui, when chosen) (string, error) {
	if pw := h.passphrase.reveal(); pw != "" {
		return pw, nil
	}
	pw, err := u.ask("passphrase: ", hidden)
	if errors.Is(err, errNoTerminal) {
		return "", withHint(usageError{errNoPassphrase}, passphraseHint)
	}
	if err != nil {
		return "", fmt.Errorf("the passphrase: %w", err)
	}
	if pw == "" {
		return "", usagef("the passphrase is empty")
	}
	if when == chosenBefore {
		return pw, nil
	}
	again, err := u.ask("the same again: ", hidden)
	if err == nil && again != pw {
		err = usagef("the two passphrases are not the same")
	}
	return pw, err
}

// A lateRoots asks for the passphrase when it is needed, and not of somebody who has no home yet.
type lateRoots struct {
	ask   func() (keyring.Roots, error)
	roots keyring.Roots // nil until then
}

// Load implements [keyring.Roots].
func (l *lateRoots) Load() ([]keyring.Root, error) {
	if err := l.ready(); err != nil {
		return nil, err
	}
	return l.roots.Load()
}

// Store implements [keyring.Roots].
func (l *lateRoots) Store(roots ...keyring.Root) error {
	if err := l.ready(); err != nil {
		return err
	}
	return l.roots.Store(roots...)
}

func (l *lateRoots) ready() (err error) {
	if l.roots == nil {
		l.roots, err = l.ask()
	}
	return err
}
