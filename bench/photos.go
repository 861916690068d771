package main

import (
	"fmt"
	"image"
	_ "image/jpeg" // image.DecodeConfig
	"os"
	"path/filepath"
	"strings"
)

// leastPixels is the size from which a photograph counts: the sets are for what
// cameras make.
const leastPixels = 10_000_000

// photo is a source.
type photo struct {
	path, name    string
	width, height int
	bytes         int64
}

// findPhotos returns the sample and the further photographs that are large
// enough. A file that is the sample again is left out.
func findPhotos(sample, pattern string) ([]photo, error) {
	first, err := readPhoto(sample)
	if err != nil {
		return nil, fmt.Errorf("%w (run it at the root of the repository)", err)
	}
	all := []photo{first}
	names, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		p, err := readPhoto(name)
		if err != nil {
			return nil, err
		}
		same := p.width == first.width && p.height == first.height && p.bytes == first.bytes
		if !same && p.width*p.height >= leastPixels {
			all = append(all, p)
		}
	}
	return all, nil
}

func readPhoto(path string) (photo, error) {
	f, err := os.Open(path)
	if err != nil {
		return photo{}, err
	}
	defer f.Close() // only read
	c, _, err := image.DecodeConfig(f)
	if err != nil {
		return photo{}, fmt.Errorf("%s: %w", path, err)
	}
	stat, err := f.Stat()
	if err != nil {
		return photo{}, err
	}
	name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), "_by_")
	return photo{path: path, name: name, width: c.Width, height: c.Height, bytes: stat.Size()}, nil
}
