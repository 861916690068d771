// Command knative is Pixmill as an HTTP service, for Knative or for a Deployment:
// it takes CloudEvents, notifications of S3 and direct invocations as POST requests.
//
// Its settings are environment variables: PORT, PIXMILL_GRACE (how long a stop may
// take), and those of package config, as for the other programs.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"pixmill/internal/adapter/knativefn"
)

func main() { os.Exit(run()) }

// run ends the function cleanly at the first SIGTERM, at once at the second.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return knativefn.Main(ctx, os.Getenv, os.Stderr)
}
