// Package program is what all benchmarks are alike in as programs: they run until they
// are done or interrupted, and build the programs that they measure. What they measure,
// and with which settings, each says itself.
package program

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
)

// Main runs a benchmark, whose context ends with Ctrl-C, and ends the process: with 1, and
// the reason behind the benchmark's name, where it failed.
func Main(name string, run func(context.Context) error) {
	os.Exit(status(name, run, os.Stderr))
}

func status(name string, run func(context.Context) error, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}

// Build compiles a package of this module into a file, as `make build` does.
func Build(ctx context.Context, path, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", path, pkg)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s: %w", pkg, err)
	}
	return nil
}
