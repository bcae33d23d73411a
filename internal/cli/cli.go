// Package cli is the program mayfly: one file for each command, and a few that all of them share.
//
// A command is a struct whose fields are its settings. The table of commands says what there is; the table of settings
// of a command binds each field to a flag, a variable of the environment and a sentence of help, from which the usage
// texts, "mayfly admin config" and docs/CONFIG.md are made. How the program talks is in ui.go, and how it ends in
// exit.go.
package cli

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
)

// An Env is all that a run of the program has of the world, but for files and the network.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	LookupEnv      func(string) (string, bool) // as os.LookupEnv
}

// System returns the Env of this process.
func System() Env {
	return Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, LookupEnv: os.LookupEnv}
}

// Run carries out one command and returns the exit code of the program; "mayfly help exit" lists them.
// It returns soon after ctx is done.
func Run(ctx context.Context, args []string, env Env) int {
	u := newUI(ctx, env)
	err := dispatch(ctx, u, args)
	if err == nil {
		err = u.outErr // what was printed may never have arrived
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errInterrupted
	}
	if err != nil {
		u.fail(err)
	}
	return exitCode(err)
}

func dispatch(ctx context.Context, u *ui, args []string) error {
	if len(args) == 0 {
		u.print("%s", welcome)
		return nil
	}
	e, args, err := find(args)
	if err != nil {
		return err
	}
	c := e.new()
	settings := c.settings()
	args, err = parse(settings, args, u.env.LookupEnv)
	if errors.Is(err, flag.ErrHelp) {
		u.print("%s", usageText(e))
		return nil
	}
	if err != nil {
		return withHint(err, "mayfly help %s", e.name)
	}
	err = c.run(ctx, u, args)
	if isUsage(err) {
		return withHint(err, "mayfly help %s", e.name)
	}
	return err
}
