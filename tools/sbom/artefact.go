package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// artefact is an image or a zip, opened.
type artefact struct {
	name    string // of the file
	image   bool
	version string    // "" where it says none
	created time.Time // zero where it says none
	digest  string    // SHA-256, in hexadecimal: of the image's manifest or of the zip
	files   map[string][]byte
	links   map[string]string // of an image: where symbolic links lead
}

func read(file string) (artefact, error) {
	var a artefact
	var err error
	switch ext := filepath.Ext(file); ext {
	case ".tar":
		a, err = readImage(file)
	case ".zip":
		a, err = readZip(file)
	default:
		return artefact{}, fmt.Errorf("it ends in %q, not in .tar or .zip", ext)
	}
	a.name = filepath.Base(file)
	return a, err
}

func readImage(file string) (artefact, error) {
	img, err := tarball.ImageFromPath(file, nil)
	if err != nil {
		return artefact{}, err
	}
	a, err := about(img)
	if err != nil {
		return artefact{}, err
	}
	layers, err := img.Layers()
	if err != nil {
		return artefact{}, err
	}
	for _, l := range layers {
		content, err := l.Uncompressed()
		if err != nil {
			return artefact{}, err
		}
		if err := errors.Join(a.unpack(content), content.Close()); err != nil {
			return artefact{}, err
		}
	}
	return a, nil
}

// about is what an image says of itself.
func about(img v1.Image) (artefact, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return artefact{}, err
	}
	digest, err := img.Digest()
	if err != nil {
		return artefact{}, err
	}
	return artefact{
		image: true, version: config.Config.Labels["org.opencontainers.image.version"],
		created: config.Created.Time, digest: digest.Hex, files: map[string][]byte{}, links: map[string]string{},
	}, nil
}

// unpack adds the files of a layer. None of Pixmill's images takes away what a lower layer
// has.
func (a artefact) unpack(layer io.Reader) error {
	for archive := tar.NewReader(layer); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
		switch h.Typeflag {
		case tar.TypeSymlink:
			a.links[name] = h.Linkname
		case tar.TypeReg:
			if a.files[name], err = io.ReadAll(archive); err != nil {
				return err
			}
		}
	}
}

func readZip(file string) (artefact, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return artefact{}, err
	}
	sum := sha256.Sum256(content)
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return artefact{}, err
	}
	a := artefact{digest: hex.EncodeToString(sum[:]), files: map[string][]byte{}}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return a, err
		}
		if a.files[f.Name], err = io.ReadAll(r); err != nil {
			return a, err
		}
	}
	return a, nil
}
