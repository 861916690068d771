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
	"path/filepath"
	"slices"
	"strings"
)

// module is one module that is linked into a program.
type module struct {
	path, version, dir string

	licence string // SPDX expression
	files   []file // licences and notices, by name
}

type file struct{ name, text string }

// linked returns the modules that the packages matching pattern are made of, in
// the order of their paths, without the main module and the standard library.
// Engines behind a build tag are included. It looks at the programs for Linux,
// whatever the machine, so that everybody gets the same list.
func linked(ctx context.Context, dir, pattern string) ([]module, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-tags", "bimg", "-json=Module", pattern)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var mods []module
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Module *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list's answer: %w", err)
		}
		if m := p.Module; m != nil && !m.Main {
			mods = append(mods, module{path: m.Path, version: m.Version, dir: m.Dir})
		}
	}
	byPath := func(a, b module) int { return strings.Compare(a.path, b.path) }
	slices.SortFunc(mods, byPath)
	return slices.CompactFunc(mods, func(a, b module) bool { return a.path == b.path }), nil
}

// read fills in what m's own files say about its licence.
func (m *module) read() error {
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		return err
	}
	var found []string
	for _, e := range entries {
		if e.IsDir() || !legal(e.Name()) {
			continue
		}
		b, err := os.ReadFile(filepath.Join(m.dir, e.Name()))
		if err != nil {
			return err
		}
		m.files = append(m.files, file{e.Name(), string(b)})
		found = append(found, identify(string(b))...)
	}
	slices.Sort(found)
	m.licence = strings.Join(slices.Compact(found), " AND ")
	if m.licence == "" {
		return fmt.Errorf("%s %s: no known licence in %s", m.path, m.version, m.dir)
	}
	return nil
}

// legal reports whether a file in a module's root is about its licence.
func legal(name string) bool {
	name = strings.ToLower(name)
	if strings.HasSuffix(name, ".go") {
		return false
	}
	for _, p := range []string{"licence", "license", "unlicense", "copying", "notice", "patents"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
