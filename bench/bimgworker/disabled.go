//go:build !bimg

// Command bimgworker is the benchmark's child process with bimg; without the
// build tag bimg it only says so.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bimgworker: build with -tags bimg")
	os.Exit(1)
}
