//go:build !race

package runtime_test

var buildFlags []string
