package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// graph is every package of a module and all that they import, by import path.
type graph map[string]node

type node struct {
	imports []string
	cgo     bool // has files that import "C"
	main    bool // belongs to the module itself
}

// load asks `go list` for the graph of the module in dir. Tests are left out:
// what they import is linked into no program.
func load(ctx context.Context, dir, tags string) (graph, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-tags", tags, "-json=ImportPath,Imports,CgoFiles,Module", "./...")
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	g := graph{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
			CgoFiles   []string
			Module     *struct{ Main bool }
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return g, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list's answer: %w", err)
		}
		g[p.ImportPath] = node{imports: p.Imports, cgo: len(p.CgoFiles) > 0, main: p.Module != nil && p.Module.Main}
	}
}

// check returns one line for each rule that is broken. A rule about a package
// that does not exist is broken too: a renamed package takes its rules along.
func check(g graph, rules []rule, cgoHomes []string) []string {
	var found []string
	for _, r := range rules {
		if _, ok := g[r.from]; !ok {
			found = append(found, fmt.Sprintf("%s: there is a rule about this package, but no such package", r.from))
			continue
		}
		for _, n := range r.never {
			if path := g.path(r.from, n); path != nil {
				found = append(found, fmt.Sprintf("%s must not reach %s (%s): %s", r.from, n, r.why, strings.Join(path, " → ")))
			}
		}
	}
	for path, n := range g {
		if n.main && n.cgo && !slices.Contains(cgoHomes, path) {
			found = append(found, fmt.Sprintf("%s contains C: only %s may", path, strings.Join(cgoHomes, ", ")))
		}
	}
	slices.Sort(found)
	return found
}

// path returns the shortest chain of imports that leads from one package to
// another one or to one below it, both ends included; nil if there is none.
func (g graph) path(from, to string) []string {
	before := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at != from && (at == to || strings.HasPrefix(at, to+"/")) {
			var path []string
			for ; at != ""; at = before[at] {
				path = append(path, at)
			}
			slices.Reverse(path)
			return path
		}
		for _, next := range g[at].imports {
			if _, ok := before[next]; !ok {
				before[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}
