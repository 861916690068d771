package main

import (
	"bytes"
	"context"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestVersionScript(t *testing.T) {
	got := string(versionScript([]elf.ImportedSymbol{
		{Name: "__cxa_throw", Version: "CXXABI_1.3"},
		{Name: "_ZSt4cerr", Version: "GLIBCXX_3.4"},
		{Name: "_ZSt4cout", Version: "GLIBCXX_3.4"},
	}))
	const want = `CXXABI_1.3 {
global:
	__cxa_throw;
local:
	*;
};
GLIBCXX_3.4 {
global:
	_ZSt4cerr;
	_ZSt4cout;
};
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// archiveOf compiles C into a static library.
func archiveOf(t *testing.T, dir, source string) []byte {
	t.Helper()
	c := filepath.Join(dir, "a.c")
	if err := os.WriteFile(c, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"gcc", "-fPIC", "-fvisibility=hidden", "-c", c, "-o", filepath.Join(dir, "a_long_name_of_an_object.o")},
		{"ar", "rcs", filepath.Join(dir, "a.a"), filepath.Join(dir, "a_long_name_of_an_object.o")},
	} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "a.a"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLink_ExportsWhatIsAskedForAndNoMore(t *testing.T) {
	dir := t.TempDir()
	archive := archiveOf(t, dir, "int wanted(void) { return 1; } int other(void) { return wanted() + 1; }")
	if err := unhide(archive); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "unhidden.a")
	if err := os.WriteFile(file, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	l := linker{cc: []string{"gcc"}, work: dir, lib: dir, out: dir}
	script := versionScript([]elf.ImportedSymbol{{Name: "wanted", Version: "V_1"}})
	if err := l.link(t.Context(), "libsome.so.1", script, []string{"wanted"}, file, "-lc"); err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(filepath.Join(dir, "libsome.so.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range symbols {
		if s.Section != elf.SHN_UNDEF && elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			names = append(names, s.Name+"@"+s.Version)
		}
	}
	if want := []string{"wanted@V_1"}; !slices.Equal(names, want) {
		t.Errorf("it exports %q, want %q", names, want)
	}
}

func TestUnhide_ChangesNothingButVisibility(t *testing.T) {
	dir := t.TempDir()
	before := archiveOf(t, dir, "int hidden(void) { return 1; }")
	after := bytes.Clone(before)
	if err := unhide(after); err != nil {
		t.Fatal(err)
	}
	changed := 0
	for i := range before {
		if before[i] != after[i] {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("%d bytes changed, want the one of the one function", changed)
	}
}

func TestRecipe_RefusesACompilerForAnotherMachine(t *testing.T) {
	for arch, triplet := range map[string]string{"amd64": "aarch64-linux-gnu", "arm64": "x86_64-linux-gnu"} {
		cc := filepath.Join(t.TempDir(), "cc")
		if err := os.WriteFile(cc, []byte("#!/bin/sh\necho "+triplet+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := recipe(context.Background(), arch, cc); err == nil || !strings.Contains(err.Error(), triplet) {
			t.Errorf("%s: error is %v, want one that names %s", arch, err, triplet)
		}
	}
}
