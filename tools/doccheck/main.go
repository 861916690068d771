// Command doccheck keeps the documents true where a program can tell: each
// relative link leads to a file and a heading that exist, and each `make TARGET`
// that a document speaks of is in the Makefile with its line of help. It reads
// no address outside the tree.
//
//	go run ./tools/doccheck
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

func main() {
	found, err := check(os.DirFS("."))
	for _, f := range found {
		fmt.Println(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "doccheck:", err)
		os.Exit(2)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

// check returns a line for each thing that a document of the tree says wrongly.
func check(tree fs.FS) ([]string, error) {
	makefile, err := fs.ReadFile(tree, "Makefile")
	if err != nil {
		return nil, err
	}
	targets, found := readTargets(string(makefile))
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "bin" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".md" {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		for n, line := range strings.Split(string(text), "\n") {
			for _, problem := range slices.Concat(checkTargets(line, targets), checkLinks(tree, name, line)) {
				found = append(found, fmt.Sprintf("%s:%d: %s", name, n+1, problem))
			}
		}
		return nil
	})
	return found, err
}
