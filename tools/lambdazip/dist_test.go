package main

import (
	"archive/zip"
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"pixmill/tools/bundle"
)

// maxSize bounds a zip, in bytes. Nearly two thirds are libvips; ADR 7 says what
// the rest is, and what was done to get here.
const maxSize = 12_500_000

// TestZip looks at each zip that `make lambda` has built.
func TestZip(t *testing.T) {
	zips, err := filepath.Glob("../../dist/lambda*.zip")
	if err != nil {
		t.Fatal(err)
	}
	if len(zips) == 0 {
		t.Skip("`make lambda` builds the zips that this is about")
	}
	for _, file := range zips {
		name, files := filepath.Base(file), read(t, file)
		t.Run(name+" loads on Amazon Linux 2023", func(t *testing.T) { loadsOnAmazonLinux2023(t, files) })
		t.Run(name+" is small", func(t *testing.T) { isSmall(t, file) })
		t.Run(name+" has its licences", func(t *testing.T) { hasItsLicences(t, files) })
		t.Run(name+" catches what its runtime throws", func(t *testing.T) { catchesWhatItsRuntimeThrows(t, files) })
	}
}

func read(t *testing.T, file string) []bundle.File {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var files []bundle.File
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, bundle.File{Name: f.Name, Content: content, Executable: f.Mode() == 0o755})
	}
	return files
}

func loadsOnAmazonLinux2023(t *testing.T, files []bundle.File) {
	t.Helper()
	executable := 0
	for _, f := range files {
		if f.Executable {
			executable++
		}
	}
	if executable != 4 || files[0].Name != program || !files[0].Executable {
		t.Errorf("%d files are executable, the first is %s; want the program and three libraries", executable, files[0].Name)
	}
	if err := bundle.Check(files, program, lambda); err != nil {
		t.Error(err)
	}
}

func isSmall(t *testing.T, file string) {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxSize {
		t.Errorf("it is %d bytes, over the limit of %d", info.Size(), maxSize)
	}
}

func hasItsLicences(t *testing.T, files []bundle.File) {
	t.Helper()
	for name, phrase := range map[string]string{
		"LICENSE": "Apache License", "NOTICE": "Pixmill", "modules.txt": "aws-sdk-go-v2", "libvips.md": "LGPLv3", "libvips.json": `"vips"`,
		"LGPL-3.0.txt": "LESSER GENERAL PUBLIC", "GPL-3.0.txt": "GENERAL PUBLIC LICENSE", "gcc.txt": "RUNTIME LIBRARY EXCEPTION",
	} {
		found := ""
		for _, f := range files {
			if f.Name == bundle.LicenceDir+name {
				found = string(f.Content)
			}
		}
		if !strings.Contains(strings.ToUpper(found), strings.ToUpper(phrase)) {
			t.Errorf("%s%s does not speak of %q", bundle.LicenceDir, name, phrase)
		}
	}
}

// The unwinder in the zip finds its tables in another way than the one that the
// distribution has.
func catchesWhatItsRuntimeThrows(t *testing.T, files []bundle.File) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		if f.Executable {
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(f.Name)), f.Content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	object, err := elf.Open(filepath.Join(dir, program))
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	if native := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[runtime.GOARCH]; object.Machine != native {
		t.Skipf("it is for %v", object.Machine)
	}
	const source = `
		struct Thrown { int value; };
		struct Counted { int *n; ~Counted() { ++*n; } };
		static void __attribute__((noinline)) inner(int *n) { Counted c{n}; throw Thrown{41}; }
		int main() { int n = 0; try { inner(&n); } catch (const Thrown &t) { n += t.value; } return n; }`
	file := filepath.Join(dir, "a.cc")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	gxx, err := exec.LookPath("g++")
	if err != nil {
		t.Skip("no C++ compiler")
	}
	args := []string{
		"-o", filepath.Join(dir, "thrower"), file, "-nodefaultlibs", filepath.Join(dir, "libstdc++.so.6"),
		filepath.Join(dir, "libgcc_s.so.1"), "-lc", "-Wl,-rpath," + dir,
	}
	if out, err := exec.CommandContext(t.Context(), gxx, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "thrower"))
	cmd.Env = []string{"LD_BIND_NOW=1"}
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != 42 {
		t.Errorf("exit code is %d, want 42: %v\n%s", got, err, out)
	}
}
