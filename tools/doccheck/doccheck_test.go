package main

import (
	"slices"
	"testing"
	"testing/fstest"
)

func TestCheck(t *testing.T) {
	const makefile = "X := 1\ntest: deps ## all tests\n\tgo test\ndeps: ## what is needed\n"
	tests := []struct {
		name, makefile, readme string
		want                   []string
	}{
		{"all true", makefile, "Run `make test deps`, see [the page](docs/a.md#part-one-why) and [net](https://x.invalid/y).", nil},
		{"an indented command", makefile, "\n    make nothing\n", []string{"README.md:2: there is no `make nothing`"}},
		{"a word of prose", makefile, "We make nothing of it.", nil},
		{"the second target of a line", makefile, "`make test bench`", []string{"README.md:1: there is no `make bench`"}},
		{"a target without help", makefile + "lint: deps\n", "", []string{"Makefile: lint has no line of help"}},
		{"no such file", makefile, "[x](docs/b.md)", []string{"README.md:1: the link docs/b.md leads to no file"}},
		{"no such heading", makefile, "[x](docs/a.md#two)", []string{"README.md:1: the link docs/a.md#two leads to no heading of docs/a.md"}},
		{"a heading of its own", makefile, "# Here\n[x](#here) [y](#there)", []string{"README.md:2: the link #there leads to no heading of README.md"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := check(fstest.MapFS{
				"Makefile":           {Data: []byte(tt.makefile)},
				"README.md":          {Data: []byte(tt.readme)},
				"docs/a.md":          {Data: []byte("# A\n\n## Part one: why?\n\n[up](../README.md)\n")},
				"docs/testdata/x.md": {Data: []byte("[x](nowhere)")},
			})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
