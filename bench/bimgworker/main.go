//go:build bimg

// Command bimgworker is the benchmark's child process with bimg, used as its
// own documentation shows.
package main

import (
	"fmt"
	"os"

	"pixmill/bench/worker"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/bimgengine"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bimgworker:", err)
		os.Exit(1)
	}
}

func run() error {
	engine, err := bimgengine.New(imaging.Limits{})
	if err != nil {
		return err
	}
	return worker.Serve(os.Stdin, os.Stdout, engine.Capability().Version, bimgengine.Baseline)
}
