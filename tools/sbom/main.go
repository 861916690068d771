// Command sbom writes the software bill of materials of what Pixmill ships: a container
// image as `make image` and `make image-full` make it, or the zip of `make lambda`. It is a
// CycloneDX 1.6 document beside the file, with the Go modules, the libraries inside the
// bundled libvips, and the distribution's packages.
//
//	go run ./tools/sbom dist/image.tar dist/lambda.zip
//
// It asks nobody: all that it says is in the file itself. So the same file gives the same
// document.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: sbom FILE…")
		os.Exit(2)
	}
	for _, file := range os.Args[1:] {
		if err := run(file); err != nil {
			fmt.Fprintf(os.Stderr, "sbom: %s: %v\n", file, err)
			os.Exit(1)
		}
	}
}

func run(file string) error {
	a, err := read(file)
	if err != nil {
		return err
	}
	bom, err := describe(a)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := encode(&b, bom); err != nil {
		return err
	}
	name := beside(file)
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %d components\n", name, len(*bom.Components))
	return nil
}

func encode(w io.Writer, bom *cyclonedx.BOM) error {
	return cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cyclonedx.SpecVersion1_6)
}

// beside is the document's name, image.cdx.json for image.tar.
func beside(file string) string {
	return strings.TrimSuffix(file, filepath.Ext(file)) + ".cdx.json"
}
