//go:build !race

package sandbox

const boundsMemory = true
