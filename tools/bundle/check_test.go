package bundle

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compile makes a program or a library from C and returns it.
func compile(t *testing.T, source string, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	c, out := filepath.Join(dir, "a.c"), filepath.Join(dir, "out")
	if err := os.WriteFile(c, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := exec.CommandContext(t.Context(), "gcc", append([]string{"-o", out, c}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCheck_RefusesWhatCannotBeLoaded(t *testing.T) {
	library := compile(t, "int f(void) { return 1; }", "-shared", "-fPIC", "-Wl,-soname,libf.so.1")
	dir := t.TempDir()
	file := filepath.Join(dir, "libf.so.1")
	if err := os.WriteFile(file, library, 0o600); err != nil {
		t.Fatal(err)
	}
	uses := compile(t, "int f(void); int main(void) { return f(); }", file)
	// A symbol of a version that no glibc has, which the linker writes down unseen.
	script := filepath.Join(dir, "map")
	if err := os.WriteFile(script, []byte("GLIBC_2.99 { global: f; };"), 0o600); err != nil {
		t.Fatal(err)
	}
	future := compile(t, "int f(void) { return 1; }", "-shared", "-fPIC", "-Wl,-soname,libm.so.6,--version-script,"+script)
	if err := os.WriteFile(file, future, 0o600); err != nil {
		t.Fatal(err)
	}
	newer := compile(t, "int f(void); int main(void) { return f(); }", file)
	lacking := compile(t, "int g(void) { return 1; }", "-shared", "-fPIC", "-Wl,-soname,libf.so.1")

	programs := func(main, lib []byte) []File {
		files := []File{{Name: "bootstrap", Content: main, Executable: true}, {Name: LicenceDir + "LICENSE", Content: []byte("text")}}
		if lib != nil {
			files = append(files, File{Name: LibraryDir + "libf.so.1", Content: lib, Executable: true})
		}
		return files
	}
	for _, c := range []struct {
		name  string
		files []File
		want  string // "": it may be packed
	}{
		{"complete", programs(uses, library), ""},
		{"without its library", programs(uses, nil), "libf.so.1, which is neither"},
		{"the library lacks a function", programs(uses, lacking), "no library here has f"},
		{"of a newer glibc", programs(newer, nil), "GLIBC_2.99 for f"},
		{"not a program", programs([]byte("#!/bin/sh"), nil), "bootstrap: "},
	} {
		err := Check(c.files, "bootstrap", System{Name: "Amazon Linux 2023", Glibc: 34})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error is %v, want %q in it", c.name, err, c.want)
		}
	}
}

func TestNewerGlibc(t *testing.T) {
	for version, want := range map[string]bool{
		"GLIBC_2.2.5": false, "GLIBC_2.34": false, "GLIBC_2.35": true, "GLIBC_2.100": true, "GLIBC_3.0": true,
		"GLIBC_ABI_DT_RELR": true, "GLIBC_PRIVATE": true, "GLIBCXX_3.4.99": false, "GCC_3.0": false,
	} {
		if got := newerGlibc(version, 34); got != want {
			t.Errorf("%s: got %v, want %v", version, got, want)
		}
	}
}

// As glibc's libpthread, which names versions that libc has the symbols of.
func TestCheck_TakesASymbolFromAnyLibraryOfItsVersion(t *testing.T) {
	dir := t.TempDir()
	library := func(soname, functions string) []byte {
		t.Helper()
		script := filepath.Join(dir, "map")
		if err := os.WriteFile(script, []byte("V_1 { global: *; };"), 0o600); err != nil {
			t.Fatal(err)
		}
		return compile(t, functions, "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,"+soname+",--version-script,"+script)
	}
	file := filepath.Join(dir, "libf.so.1")
	if err := os.WriteFile(file, library("libf.so.1", "int f(void) { return 1; }"), 0o600); err != nil {
		t.Fatal(err)
	}
	main := compile(t, "int f(void); void _start(void) { f(); for (;;) ; }", "-nostdlib", file)
	files := func(libraries ...File) []File {
		return append([]File{{Name: "bootstrap", Content: main, Executable: true}}, libraries...)
	}
	other := File{Name: "libe.so.1", Content: library("libe.so.1", "int f(void) { return 1; }"), Executable: true}
	named := File{Name: "libf.so.1", Content: library("libf.so.1", "int g(void) { return 1; }"), Executable: true}
	unversioned := File{Name: "libf.so.1", Content: compile(t, "int f(void) { return 1; }", "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libf.so.1"), Executable: true}
	for _, c := range []struct {
		name  string
		files []File
		want  string
	}{
		{"the library has the version, another the symbol", files(named, other), ""},
		{"none has the symbol", files(named), "no library here has f of version V_1"},
		{"the library has not the version", files(unversioned, other), "libf.so.1 has nothing of version V_1"},
		{"no library", files(), "libf.so.1, which is neither here"},
	} {
		err := Check(c.files, "bootstrap", System{Name: "the image"})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error is %v, want %q in it", c.name, err, c.want)
		}
	}
}

func TestCheck_WhereThereIsNoGlibcItMustBeInside(t *testing.T) {
	main := compile(t, "int main(void) { return 0; }")
	err := Check([]File{{Name: "bootstrap", Content: main, Executable: true}}, "bootstrap", System{Name: "the image"})
	if err == nil || !strings.Contains(err.Error(), "it needs libc.so.6") {
		t.Errorf("error is %v", err)
	}
}

func TestLibraries_RefusesAnotherLibvips(t *testing.T) {
	_, err := Libraries("/usr")
	if err == nil || !strings.Contains(err.Error(), "/usr is not what tools/libvips makes") {
		t.Errorf("error is %v", err)
	}
}
