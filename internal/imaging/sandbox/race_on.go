//go:build race

package sandbox

// boundsMemory is false under the race detector, which maps many times what the
// program asks for.
const boundsMemory = false
