// Command knative is Pixmill as an HTTP service, for Knative or for a Deployment:
// it takes CloudEvents, notifications of S3 and direct invocations as POST requests.
//
// Its settings are environment variables: those that --help names.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"pixmill/internal/adapter/knativefn"
	"pixmill/internal/app"
)

func main() { os.Exit(run(app.Start(os.Getenv))) }

// run ends the function cleanly at the first SIGTERM, at once at the second.
func run(self *app.Self) int {
	if args := os.Args[1:]; len(args) > 0 {
		return usage(args, os.Stdout, os.Stderr)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return knativefn.Main(ctx, self, os.Getenv, os.Stderr)
}
