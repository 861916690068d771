package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// write makes an image of the parts, the lowest first, and replaces the file whole or not
// at all: somebody may be loading it.
func write(o options, parts []part, stdout io.Writer) error {
	tag, err := name.NewTag(o.name, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("-name %q is not like registry.example/pixmill:1: %w", o.name, err)
	}
	img, err := assemble(o, parts)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(o.out), 0o755); err != nil {
		return err
	}
	if err := tarball.WriteToFile(o.out+".new", tag, img); err != nil {
		return errors.Join(err, os.Remove(o.out+".new"))
	}
	if err := os.Rename(o.out+".new", o.out); err != nil {
		return err
	}
	return report(stdout, o, parts, img)
}

func assemble(o options, parts []part) (v1.Image, error) {
	img, err := mutate.ConfigFile(empty.Image, config(o))
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		l, err := layer(p)
		if err != nil {
			return nil, err
		}
		history := v1.History{CreatedBy: "pixmill tools/ociimage", Comment: p.comment, Created: v1.Time{Time: o.labels.created}}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: l, History: history}); err != nil {
			return nil, err
		}
	}
	return img, nil
}

// config is how the image is started, and what it says of itself.
func config(o options) *v1.ConfigFile {
	who := strconv.Itoa(user)
	licences := "Apache-2.0 AND LGPL-3.0-or-later" // libvips's
	if o.root != "" {
		licences = "Apache-2.0 AND GPL-3.0-or-later" // of what distributions link to libvips
	}
	return &v1.ConfigFile{
		Architecture: o.arch,
		OS:           "linux",
		Created:      v1.Time{Time: o.labels.created},
		RootFS:       v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Entrypoint:   []string{"/" + appDir + program},
			User:         who + ":" + who,
			WorkingDir:   "/" + configAt,
			ExposedPorts: map[string]struct{}{"8080/tcp": {}},
			StopSignal:   "SIGTERM",
			// Without a PATH of its own an image gets one from Docker, and there is nothing to find.
			Env: []string{"PATH=/" + appDir[:len(appDir)-1]},
			Labels: map[string]string{
				"org.opencontainers.image.title":         "Pixmill",
				"org.opencontainers.image.description":   "Makes every variant of an image that is dropped into a bucket",
				"org.opencontainers.image.version":       o.labels.version,
				"org.opencontainers.image.revision":      o.labels.revision,
				"org.opencontainers.image.licenses":      licences,
				"org.opencontainers.image.documentation": "docs/image.md",
			},
		},
	}
}

// report says what is in the image and what it weighs.
func report(w io.Writer, o options, parts []part, img v1.Image) error {
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	var sizes []int64
	var total int64
	for _, l := range layers {
		size, err := l.Size()
		if err != nil {
			return err
		}
		sizes, total = append(sizes, size), total+size
	}
	fmt.Fprintf(w, "%s: %s, %.2f MB compressed, %s\n", o.out, o.name, float64(total)/1e6, digest)
	for i, p := range parts {
		fmt.Fprintf(w, "  %-32s %8.1f kB\n", p.comment, float64(sizes[i])/1e3)
	}
	return nil
}
