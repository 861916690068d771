package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestDescribe(t *testing.T) {
	var files []string
	for _, pattern := range []string{"image*.tar", "lambda*.zip"} {
		found, err := filepath.Glob(filepath.Join("../../dist", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Skip("`make image` and `make lambda` build what this is about")
	}
	s := schema(t)
	for _, file := range files {
		a := opened(t, file)
		bom, err := describe(a)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(a.name+" every library in it is named", func(t *testing.T) { everyLibraryIsNamed(t, a, *bom.Components) })
		t.Run(a.name+" every module has its licence", func(t *testing.T) { everyModuleHasItsLicence(t, *bom.Components) })
		t.Run(a.name+" every package has a licence or what hints at it", func(t *testing.T) { everyPackageHasALicence(t, *bom.Components) })
		t.Run(a.name+" is valid", func(t *testing.T) { isValid(t, s, bom) })
	}
}

// opened is read, but for the decompressor: under the race detector Go's own takes a minute
// for the full image, and it is not what is tested.
func opened(t *testing.T, file string) artefact {
	t.Helper()
	if filepath.Ext(file) == ".zip" {
		a, err := read(file)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	img, err := tarball.ImageFromPath(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := about(img)
	if err != nil {
		t.Fatal(err)
	}
	a.name = filepath.Base(file)
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		content, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "gzip", "--decompress", "--stdout")
		cmd.Stdin, cmd.Stderr = content, os.Stderr
		out, err := cmd.Output()
		if err := errors.Join(err, a.unpack(bytes.NewReader(out)), content.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// The names are found in the file itself, in other ways than the tool finds them.
func everyLibraryIsNamed(t *testing.T, a artefact, components []cyclonedx.Component) {
	t.Helper()
	var names []string
	for _, c := range components {
		if c.Version == "" || !strings.Contains(c.PackageURL, "@") {
			t.Errorf("%s has version %q and package URL %q", c.Name, c.Version, c.PackageURL)
		}
		if strings.HasPrefix(c.PackageURL, "pkg:deb/") && !strings.HasPrefix(c.PackageURL, "pkg:deb/debian/") {
			t.Errorf("package URL %s names no distribution", c.PackageURL)
		}
		names = append(names, c.Name)
	}
	want := expected(t, a, names)
	for _, name := range want {
		if !slices.Contains(names, name) && !slices.Contains(names, name+"t64") { // as Debian 13 calls some
			t.Errorf("%s is not named", name)
		}
	}
	t.Logf("%d components", len(names))
}

// expected are components that files of the artefact call for.
func expected(t *testing.T, a artefact, names []string) []string {
	t.Helper()
	want := []string{"std", "github.com/aws/aws-sdk-go-v2/service/s3"}
	for file, content := range a.files {
		dir, name := path.Split(file)
		switch {
		case strings.HasPrefix(name, "libvips-cpp.so") && strings.HasSuffix(dir, "libvips/"):
			want = append(want, "libvips", "libheif", "libwebp", "mozjpeg", "libpng", "libtiff", "aom", "lcms", "libultrahdr")
			for _, c := range []string{"zlib-ng", "glib", "librsvg", "expat"} {
				if !bytes.Contains(content, []byte(strings.TrimPrefix(c, "lib"))) {
					t.Errorf("%s has nothing of %s in it", name, c)
				}
				want = append(want, c)
			}
		case name == "libstdc++.so.6" && strings.HasSuffix(dir, "libvips/"):
			want = append(want, "gcc-12")
		case strings.HasPrefix(name, "libvips.so"):
			want = append(want, "libvips42", "libheif1", "libwebp7", "libstdc++6")
		case name == "ca-certificates.crt":
			want = append(want, "ca-certificates")
		case name == "libc.so.6" && slices.Contains(names, "libc6"):
			want = append(want, "libc6")
		case name == "libc.so.6":
			want = append(want, "libc6-arm64-cross")
		case dir == statusDir:
			want = append(want, name)
		}
	}
	return want
}

func everyModuleHasItsLicence(t *testing.T, components []cyclonedx.Component) {
	t.Helper()
	for _, c := range components {
		if strings.HasPrefix(c.PackageURL, "pkg:golang/") && c.Licenses == nil {
			t.Errorf("%s is without a licence", c.Name)
		}
	}
}

func everyPackageHasALicence(t *testing.T, components []cyclonedx.Component) {
	t.Helper()
	for _, c := range components {
		if strings.HasPrefix(c.PackageURL, "pkg:deb/") && c.Licenses == nil && c.Evidence == nil {
			t.Errorf("%s is without a licence, and without any evidence of one", c.Name)
		}
	}
}

func isValid(t *testing.T, s *jsonschema.Schema, bom *cyclonedx.BOM) {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, bom); err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(document); err != nil {
		t.Error(err)
	}
}

// schema is the one of CycloneDX 1.6, which the library's module brings.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir, compiler := filepath.Join(strings.TrimSpace(string(out)), "schema"), jsonschema.NewCompiler()
	compiler.AssertFormat()
	const base = "http://cyclonedx.org/schema/"
	for file, url := range map[string]string{"spdx.schema.json": "spdx.schema.json", "jsf-0.82.schemax.json": "jsf-0.82.schema.json"} {
		content, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource(base+url, document); err != nil {
			t.Fatal(err)
		}
	}
	s, err := compiler.Compile(filepath.Join(dir, "bom-1.6.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A little program in a repository of its own, as bootstrap is in Pixmill's.
func TestDescribe_AZipHasTheVersionThatGoFound(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"go.mod": "module pixmill\n", "main.go": "package main\n\nfunc main() {}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{
		"git init --quiet", "git add .", "git -c user.name=a -c user.email=a@example.org commit --quiet --message=a", "git tag v1.2.3",
		"go build -buildvcs=true -o bootstrap",
	} {
		words := strings.Fields(command)
		cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	content, err := os.ReadFile(filepath.Join(dir, "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	a := artefact{digest: strings.Repeat("0", 64), files: map[string][]byte{"bootstrap": content}}
	bom, err := describe(a)
	if err != nil {
		t.Fatal(err)
	}
	if got := bom.Metadata.Component.Version; got != "v1.2.3" {
		t.Errorf("the version is %q", got)
	}
}

func TestDescribe_PackagesOfNoDistribution(t *testing.T) {
	a := artefact{files: map[string][]byte{statusDir + "libc6": []byte("Package: libc6\nVersion: 2.36-9\nArchitecture: amd64\n")}}
	if _, err := packages(a); err == nil || !strings.Contains(err.Error(), "os-release") {
		t.Errorf("error is %v", err)
	}
	for release, want := range map[string]string{
		"ID=debian\nVERSION_ID=\"12\"\n": "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12",
		"ID=debian\n":                    "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian", // testing has no number
	} {
		a.files["etc/os-release"] = []byte(release)
		got, err := packages(a)
		if err != nil || len(got) != 1 || got[0].PackageURL != want {
			t.Errorf("got %+v, %v, want %s", got, err, want)
		}
	}
}

func TestReadmeLicences(t *testing.T) {
	const readme = `
| Library       | Used under the terms of                    |
|---------------|--------------------------------------------|
| aom           | BSD 2-Clause + [Patent 1.0](https://aom/)  |
| libheif       | LGPLv3                                     |
`
	got := readmeLicences([]byte(readme))
	if len(got) != 2 || got["aom"] != "BSD 2-Clause + Patent 1.0" || got[fullName("heif", got)] != "LGPLv3" {
		t.Errorf("got %v", got)
	}
}

func TestDebianLicences(t *testing.T) {
	const machine = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: MPL-2.0\n text\n\nFiles: debian/*\nLicense: GPL-2+\n\nLicense: MPL-2.0\n"
	if got := debianLicences([]byte(machine)); !slices.Equal(got, []string{"GPL-2+", "MPL-2.0"}) {
		t.Errorf("got %q", got)
	}
}

// A file in prose names what it names; whose licence that is it does not say in a form
// that could be read here, and so it is not stated as the package's.
func TestPackages_ProseIsEvidence(t *testing.T) {
	const (
		doc    = "usr/share/doc/"
		format = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: MPL-2.0\n"
		prose  = "This package was debianized by somebody.\n\nLicense: see `/usr/share/common-licenses/LGPL-2.1'.\nUnused files are under /usr/share/common-licenses/GPL. Some: /usr/share/common-licenses/CC0-1.0.\n"
		mit    = " * Permission is hereby granted, free of charge, to any person\n * obtaining a copy of this software and associated documentation\n * files (the \"Software\"), to deal\n"
	)
	for text, want := range map[string]struct{ stated, seen []string }{
		format:      {stated: []string{"MPL-2.0"}},
		prose:       {seen: []string{"CC0-1.0", "GPL", "LGPL-2.1"}},
		mit:         {seen: []string{"MIT"}},
		prose + mit: {seen: []string{"CC0-1.0", "GPL", "LGPL-2.1", "MIT"}},
		"Permission to freely use this software is hereby granted.\n": {},
		"": {},
	} {
		a := artefact{files: map[string][]byte{
			"etc/os-release":       []byte("ID=debian\nVERSION_ID=\"12\"\n"),
			statusDir + "libx":     []byte("Package: libx\nVersion: 1\nArchitecture: amd64\n"),
			doc + "libx/copyright": []byte(text),
		}}
		found, err := packages(a)
		if err != nil || len(found) != 1 {
			t.Fatalf("%+v, %v", found, err)
		}
		if got := namesOf(found[0].Licenses); !slices.Equal(got, want.stated) {
			t.Errorf("of %q: stated %q, want %q", text, got, want.stated)
		}
		var seen []string
		if e := found[0].Evidence; e != nil {
			seen = namesOf(e.Licenses)
		}
		if !slices.Equal(seen, want.seen) {
			t.Errorf("of %q: evidence %q, want %q", text, seen, want.seen)
		}
	}
}

func namesOf(licences *cyclonedx.Licenses) []string {
	if licences == nil {
		return nil
	}
	var names []string
	for _, l := range *licences {
		names = append(names, l.License.Name)
	}
	return names
}

func TestSerial_IsAUUIDOfTheDigest(t *testing.T) {
	digest := strings.Repeat("0123456789abcdef", 4)
	if got, want := serial(digest), "urn:uuid:01234567-89ab-8def-8123-456789abcdef"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
