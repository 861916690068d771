package pods

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Image is an image that a benchmark puts into the cluster.
type Image struct {
	Name  string // with a tag of its own, so that nobody else's image is replaced
	Bytes int64  // of the layers, compressed

	image v1.Image
	file  string
}

// ReadImage reads a tarball as `make image` writes it.
func (p *Place) ReadImage(path, name string) (*Image, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w (`make image` and `make image-full` make these)", err)
	}
	// From memory: the file may be replaced before the image is read to its end.
	img, err := tarball.Image(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p.image(name, img)
}

// ProgramImage makes an image of one static program.
func (p *Place) ProgramImage(program, name string) (*Image, error) {
	content, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	layer, err := layerOf(tar.Header{Name: filepath.Base(program), Mode: 0o755, Size: int64(len(content))}, content)
	if err != nil {
		return nil, err
	}
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS: "linux", Architecture: runtime.GOARCH, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{Entrypoint: []string{"/" + filepath.Base(program)}, User: "65532:65532"},
	})
	if err != nil {
		return nil, err
	}
	if img, err = mutate.AppendLayers(img, layer); err != nil {
		return nil, err
	}
	return p.image(name, img)
}

func (p *Place) image(base string, img v1.Image) (*Image, error) {
	i := &Image{Name: "dev.local/" + base + ":bench-" + strings.ToLower(rand.Text()[:8]), image: img, file: filepath.Join(p.dir, base+".tar")}
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	for _, l := range layers {
		size, err := l.Size()
		if err != nil {
			return nil, err
		}
		i.Bytes += size
	}
	return i, nil
}

// Load puts the image into the cluster, and says how long that took.
func (p *Place) Load(ctx context.Context, i *Image) (time.Duration, error) {
	return p.load(ctx, i, i.image)
}

// LoadFresh replaces the image by one with the same content, of which the cluster has
// no layer yet: pods that start from now on start from that.
func (p *Place) LoadFresh(ctx context.Context, i *Image) (time.Duration, error) {
	fresh, err := freshened(i.image)
	if err != nil {
		return 0, err
	}
	return p.load(ctx, i, fresh)
}

func (p *Place) load(ctx context.Context, i *Image, img v1.Image) (time.Duration, error) {
	tag, err := name.NewTag(i.Name)
	if err != nil {
		return 0, err
	}
	if err := tarball.WriteToFile(i.file, tag, img); err != nil {
		return 0, err
	}
	began := time.Now()
	err = p.LoadImage(ctx, i.file)
	return time.Since(began), errors.Join(err, os.Remove(i.file))
}

// freshened returns an image each of whose layers has one more file, which is empty and
// has a name of its own.
func freshened(img v1.Image) (v1.Image, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.RootFS.DiffIDs, config.History = nil, nil
	fresh, err := mutate.ConfigFile(empty.Image, config)
	if err != nil {
		return nil, err
	}
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	for _, l := range layers {
		old, err := l.Uncompressed()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(old)
		if err := errors.Join(err, old.Close()); err != nil {
			return nil, err
		}
		one, err := layerAfter(tar.Header{Name: ".fresh-" + rand.Text(), Mode: 0o444}, nil, content)
		if err != nil {
			return nil, err
		}
		if fresh, err = mutate.AppendLayers(fresh, one); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

func layerOf(h tar.Header, content []byte) (v1.Layer, error) { return layerAfter(h, content, nil) }

// layerAfter returns a layer with one file, and then those of another layer.
func layerAfter(h tar.Header, content, rest []byte) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&h); err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	end := w.Close
	if rest != nil {
		end = w.Flush // the other layer has its own end
	}
	if err := end(); err != nil {
		return nil, err
	}
	b.Write(rest)
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithCompressionLevel(gzip.BestSpeed))
}
