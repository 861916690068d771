// Command pixmill is the command line of Pixmill and its local runtime.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"pixmill/internal/cli"
)

func main() { os.Exit(run()) }

// run ends the command cleanly at the first Ctrl-C or SIGTERM; at the second,
// the process ends as it would without this.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
}
