package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

func TestUsage_TellsEverySetting(t *testing.T) {
	var out, errs strings.Builder
	if code := usage([]string{"--help"}, &out, &errs); code != 0 || errs.String() != "" {
		t.Errorf("exit code is %d, and it says %q", code, errs.String())
	}
	_, here, _, _ := runtime.Caller(0) // the embedded store of other tests changes the working directory
	root := filepath.Join(filepath.Dir(here), "..", "..")
	for _, file := range []string{"internal/adapter/knativefn/settings.go", "internal/config/config.go"} {
		names := settings(t, filepath.Join(root, file))
		if len(names) == 0 {
			t.Errorf("%s: no setting found", file)
		}
		for _, name := range names {
			if !strings.Contains(out.String(), "  "+name+" ") {
				t.Errorf("%s is not told", name)
			}
		}
	}
}

func TestUsage_OfArguments(t *testing.T) {
	var out, errs strings.Builder
	code := usage([]string{"--port", "80"}, &out, &errs)
	const want = `pixmill function: ["--port" "80"]: there are no arguments, only environment variables; see --help` + "\n"
	if code != 2 || out.String() != "" || errs.String() != want {
		t.Errorf("exit code is %d, with %q and %q; want %q", code, out.String(), errs.String(), want)
	}
}

// settings are the values of the constants Var… of a file.
func settings(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Var") {
			return true
		}
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		return false
	})
	return names
}
