package kube

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// LoadImage puts the images of a tarball, as docker save writes it, into the cluster.
func (c *Cluster) LoadImage(ctx context.Context, tarball string) error {
	cmd := exec.CommandContext(ctx, c.load[0], append(c.load[1:len(c.load):len(c.load)], tarball)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", strings.Join(c.load, " "), tarball, err, out)
	}
	return nil
}

// ImageName returns the name, with its tag, of the first image in a tarball.
func ImageName(tarball string) (string, error) {
	f, err := os.Open(tarball)
	if err != nil {
		return "", err
	}
	defer f.Close() // it was only read
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("%s: has no manifest.json that names an image", tarball)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", tarball, err)
		}
		if h.Name != "manifest.json" {
			continue
		}
		var images []struct{ RepoTags []string }
		if err := json.NewDecoder(r).Decode(&images); err != nil {
			return "", fmt.Errorf("%s: manifest.json: %w", tarball, err)
		}
		if len(images) == 0 || len(images[0].RepoTags) == 0 {
			return "", fmt.Errorf("%s: its image has no name", tarball)
		}
		return images[0].RepoTags[0], nil
	}
}
