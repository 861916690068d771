//go:build !race

package vips_test

// raceDetector is whether it is on. Then a sandbox takes a second to start and has no
// limit of memory: what many of them, or their limits, are tested with is left out.
const raceDetector = false
