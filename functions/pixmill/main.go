// Command pixmill is the command line of Pixmill and its local runtime.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"pixmill/internal/app"
	"pixmill/internal/cli"
)

func main() { os.Exit(run(app.Start(os.Getenv))) }

// run ends the command cleanly at the first Ctrl-C or SIGTERM; at the second,
// the process ends as it would without this. A function ends at the first: with
// its context cancelled it would go on to fail whatever it is given, and what is
// cut off comes again.
func run(self *app.Self) int {
	if len(os.Args) > 1 && os.Args[1] == "function" {
		return cli.Main(context.Background(), self, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Main(ctx, self, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
}
