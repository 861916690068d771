// Package bundle knows what a Pixmill program takes along where nothing is installed:
// the libvips that tools/libvips made, the part of the C++ runtime that this needs, and
// the licences of all that. It looks into the programs and libraries before they are
// packed, and packs nothing itself.
package bundle

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
)

// The places beside the program, which looks for its libvips in LibraryDir. That is not
// a folder where other programs look: the C++ runtime in it is a part, and only for this
// libvips.
const (
	LibraryDir = "libvips/"
	LicenceDir = "licences/"
)

//go:embed licences
var licences embed.FS

// File is one file that goes along.
type File struct {
	Name       string // with slashes
	Content    []byte
	Executable bool // a program or a library
}

// source is a file of this machine, under the name that it gets.
type source struct{ name, file string }

// Libraries are the files of LibraryDir, from the directory that tools/libvips printed.
func Libraries(libvips string) ([]File, error) {
	runtime, err := filepath.Glob(filepath.Join(libvips, "runtime", "*.so.*"))
	if err != nil {
		return nil, err
	}
	vips, err := filepath.Glob(filepath.Join(libvips, "lib", "*.so.*"))
	if err != nil {
		return nil, err
	}
	if len(vips) != 1 || len(runtime) == 0 {
		return nil, fmt.Errorf("%s is not what tools/libvips makes: it has %d libraries in lib, want 1, and %d in runtime", libvips, len(vips), len(runtime))
	}
	var sources []source
	for _, file := range append(runtime, vips...) {
		sources = append(sources, source{LibraryDir + filepath.Base(file), file})
	}
	return read(sources, true)
}

// Notices are the files of LicenceDir that speak of Pixmill, libvips and the C++ runtime,
// and the licences that libvips and its libraries refer to.
func Notices(libvips string) ([]File, error) {
	doc := filepath.Join(libvips, "share", "doc")
	files, err := read([]source{
		{LicenceDir + "LICENSE", "LICENSE"},
		{LicenceDir + "NOTICE", "NOTICE"},
		{LicenceDir + "libvips.md", filepath.Join(doc, "libvips/README.md")},
		{LicenceDir + "libvips.json", filepath.Join(doc, "libvips/versions.json")},
		{LicenceDir + "gcc.txt", filepath.Join(doc, "gcc.txt")},
	}, false)
	if err != nil {
		return nil, err
	}
	own, err := licences.ReadDir("licences")
	if err != nil {
		return nil, err
	}
	for _, d := range own {
		text, err := licences.ReadFile(path.Join("licences", d.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, File{Name: LicenceDir + d.Name(), Content: text})
	}
	return files, nil
}

// Modules is the file of LicenceDir with the licences of the Go modules in a program,
// which is a package of this module such as ./functions/lambda.
func Modules(ctx context.Context, program string) (File, error) {
	cmd := exec.CommandContext(ctx, "go", "run", "./tools/licences", "-texts", "-of", program)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return File{}, fmt.Errorf("the modules' licences: %w", err)
	}
	return File{Name: LicenceDir + "modules.txt", Content: text}, nil
}

func read(sources []source, executable bool) ([]File, error) {
	var files []File
	for _, s := range sources {
		content, err := os.ReadFile(s.file)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Name: s.name, Content: content, Executable: executable})
	}
	return files, nil
}
