package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"pixmill/internal/config"
	"pixmill/internal/preset"
)

// The places in the zip. libDir is not one of those in Lambda's
// LD_LIBRARY_PATH: the runtime in it is a part, and only for this program, which
// finds it by itself.
const (
	program    = "bootstrap"
	libDir     = "libvips/"
	licenceDir = "licences/"
)

//go:embed licences
var licences embed.FS

// entry is one file of the zip.
type entry struct {
	name       string
	content    []byte
	executable bool
	packed     int // bytes in the zip, once it is there
}

func (e entry) isLicence() bool { return strings.HasPrefix(e.name, licenceDir) }

// gather reads everything that goes into the zip, in its order.
func gather(ctx context.Context, o options) ([]entry, error) {
	libraries, err := filepath.Glob(filepath.Join(o.libvips, "runtime", "*.so.*"))
	if err != nil {
		return nil, err
	}
	vips, err := filepath.Glob(filepath.Join(o.libvips, "lib", "*.so.*"))
	if err != nil {
		return nil, err
	}
	if len(vips) != 1 || len(libraries) == 0 {
		return nil, fmt.Errorf("%s is not what tools/libvips makes: it has %d libraries in lib, want 1, and %d in runtime", o.libvips, len(vips), len(libraries))
	}
	doc := filepath.Join(o.libvips, "share", "doc")
	type source struct{ name, file string }
	sources := []source{{program, o.bootstrap}}
	for _, file := range append(libraries, vips...) {
		sources = append(sources, source{libDir + filepath.Base(file), file})
	}
	sources = append(sources,
		source{licenceDir + "LICENSE", "LICENSE"}, source{licenceDir + "NOTICE", "NOTICE"},
		source{licenceDir + "libvips.md", filepath.Join(doc, "libvips/README.md")},
		source{licenceDir + "libvips.json", filepath.Join(doc, "libvips/versions.json")},
		source{licenceDir + "gcc.txt", filepath.Join(doc, "gcc.txt")},
	)
	var files []entry
	for _, s := range sources {
		content, err := os.ReadFile(s.file)
		if err != nil {
			return nil, err
		}
		files = append(files, entry{name: s.name, content: content, executable: !strings.HasPrefix(s.name, licenceDir)})
	}
	texts, err := licenceTexts(ctx)
	if err != nil {
		return nil, err
	}
	files = append(files, texts...)
	if o.config == "" {
		return files, nil
	}
	e, err := configuration(o.config)
	return append(files, e), err
}

// licenceTexts are those of the Go modules in the program, and the two that
// libvips and its libraries refer to.
func licenceTexts(ctx context.Context) ([]entry, error) {
	cmd := exec.CommandContext(ctx, "go", "run", "./tools/licences", "-texts", "-of", "./functions/lambda")
	cmd.Stderr = os.Stderr
	modules, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the modules' licences: %w", err)
	}
	files := []entry{{name: licenceDir + "modules.txt", content: modules}}
	own, err := licences.ReadDir("licences")
	if err != nil {
		return nil, err
	}
	for _, d := range own {
		text, err := licences.ReadFile(path.Join("licences", d.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, entry{name: licenceDir + d.Name(), content: text})
	}
	return files, nil
}

// configuration is a pixmill.yaml, which is looked at here so that a mistake in
// it shows before it is deployed. The function finds it in its working directory.
func configuration(file string) (entry, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return entry{}, err
	}
	if _, err := preset.Parse(file, text); err != nil {
		return entry{}, err
	}
	return entry{name: config.DefaultFile, content: bytes.Clone(text)}, nil
}
