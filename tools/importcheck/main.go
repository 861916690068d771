// Command importcheck holds the import rules that a linter cannot see, because
// it looks at one package at a time: what a package reaches through others, and
// which packages contain C. It reads what `go list` says and changes nothing.
// Direct imports are depguard's, in .golangci.yml.
//
//	go run ./tools/importcheck
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	n, err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "importcheck:", err)
		os.Exit(2)
	}
	if n > 0 {
		os.Exit(1)
	}
}

// run checks the module of the working directory, with and without the tag
// bimg, writes a line for each finding and returns how many there are.
func run(ctx context.Context, out io.Writer) (int, error) {
	seen := map[string]bool{}
	for _, tags := range []string{"", "bimg"} {
		g, err := load(ctx, ".", tags)
		if err != nil {
			return 0, err
		}
		for _, f := range check(g, rules, cgoHomes) {
			if !seen[f] {
				fmt.Fprintln(out, f)
				seen[f] = true
			}
		}
	}
	return len(seen), nil
}
