//go:build race

package runtime_test

// buildFlags are those of the program that the tests start: under the race
// detector, the program is, too.
var buildFlags = []string{"-race"}
