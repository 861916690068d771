// Command vipsworker is the benchmark's child process with the default engine.
package main

import (
	"context"
	"fmt"
	"os"

	"pixmill/bench/worker"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/vips"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "vipsworker:", err)
		os.Exit(1)
	}
}

func run() error {
	engine, err := vips.New(imaging.Limits{}, vips.Options{})
	if err != nil {
		return err
	}
	render := func(src []byte, specs []imaging.Spec) ([]imaging.Encoded, error) {
		out := make([]imaging.Encoded, len(specs))
		_, err := engine.Render(context.Background(), src, imaging.Request{Specs: specs}, func(i int, v imaging.Encoded) error {
			out[i] = v
			return nil
		})
		return out, err
	}
	if err := worker.Serve(os.Stdin, os.Stdout, engine.Capability().Version, render); err != nil {
		return err
	}
	return engine.Close()
}
