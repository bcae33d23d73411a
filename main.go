// Mayfly shares photos and files that tell nothing but themselves, that no server can read, and that go when their
// time is up. "mayfly help" lists what the program does.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-7b314ca8/mayfly/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(cli.Run(ctx, os.Args[1:], cli.System()))
}
