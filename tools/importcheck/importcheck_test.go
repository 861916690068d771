package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRules_EachBites breaks every rule in turn, through a package in between.
func TestRules_EachBites(t *testing.T) {
	for _, r := range rules {
		for _, n := range r.never {
			g := graph{r.from: {imports: []string{"between"}}, "between": {imports: []string{n + "/deep"}}, n + "/deep": {}}
			got := check(g, []rule{r}, nil)
			want := r.from + " → between → " + n + "/deep"
			if len(got) != 1 || !strings.HasSuffix(got[0], want) {
				t.Errorf("%s reaching %s: got %q, want one finding that ends in %q", r.from, n, got, want)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	never := []rule{{from: "m/a", never: []string{"m/b"}, why: "reason"}}
	tests := []struct {
		name string
		g    graph
		want []string
	}{
		{"nothing reached", graph{"m/a": {imports: []string{"m/c"}}, "m/c": {}, "m/b": {}}, nil},
		{"a neighbour whose name begins alike", graph{"m/a": {imports: []string{"m/bc"}}, "m/bc": {}}, nil},
		{"a ring", graph{"m/a": {imports: []string{"m/c"}}, "m/c": {imports: []string{"m/a"}}}, nil},
		{"direct", graph{"m/a": {imports: []string{"m/b"}}}, []string{"m/a must not reach m/b (reason): m/a → m/b"}},
		{
			"the shortest way is shown",
			graph{"m/a": {imports: []string{"m/c", "m/b/x"}}, "m/c": {imports: []string{"m/b/y"}}},
			[]string{"m/a must not reach m/b (reason): m/a → m/b/x"},
		},
		{"the package is gone", graph{}, []string{"m/a: there is a rule about this package, but no such package"}},
		{"C outside its home", graph{"m/a": {cgo: true, main: true}}, []string{"m/a contains C: only m/vips may"}},
		{"C at home and in others' modules", graph{"m/a": {}, "m/vips": {cgo: true, main: true}, "x": {cgo: true}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := check(tt.g, never, []string{"m/vips"}); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestLoad_RealModule goes the whole way through `go list`, build tags included.
func TestLoad_RealModule(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":      "module m\n\ngo 1.26.0\n",
		"a/a.go":      "package a\n\nimport _ \"m/c\"\n",
		"c/c.go":      "package c\n",
		"c/bimg.go":   "//go:build bimg\n\npackage c\n\nimport _ \"m/b\"\n",
		"b/b.go":      "package b\n\nimport \"C\"\n",
		"a/a_test.go": "package a\n\nimport _ \"m/b\"\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for tags, want := range map[string][]string{"": nil, "bimg": {"m/a", "m/c", "m/b"}} {
		g, err := load(t.Context(), dir, tags)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.path("m/a", "m/b"); !slices.Equal(got, want) {
			t.Errorf("tags %q: path from a to b = %q, want %q", tags, got, want)
		}
		if n := g["m/b"]; !n.cgo || !n.main {
			t.Errorf("tags %q: m/b = %+v, want C in the main module", tags, n)
		}
	}
}
