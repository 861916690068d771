package pods

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files lists what is in the layers of an image.
func files(t *testing.T, img v1.Image) (names []string, digests []v1.Hash) {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		digest, err := l.DiffID()
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, digest)
		content, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for r := tar.NewReader(content); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, h.Name)
		}
		if err := content.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return names, digests
}

func TestImage_FreshOnesShareNoLayer(t *testing.T) {
	program := filepath.Join(t.TempDir(), "hello")
	if err := os.WriteFile(program, []byte("a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	i, err := (&Place{dir: t.TempDir()}).ProgramImage(program, "hello")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(i.Name, "dev.local/hello:bench-") || i.Bytes == 0 {
		t.Errorf("image is %+v", i)
	}
	names, digests := files(t, i.image)
	if !slices.Equal(names, []string{"hello"}) {
		t.Errorf("files are %q", names)
	}
	for range 2 {
		fresh, err := freshened(i.image)
		if err != nil {
			t.Fatal(err)
		}
		again, others := files(t, fresh)
		if len(again) != 2 || again[1] != "hello" || slices.Contains(digests, others[0]) {
			t.Errorf("a fresh one has %q in %v", again, others)
		}
		digests = append(digests, others...)
		c, err := fresh.ConfigFile()
		if err != nil || !slices.Equal(c.Config.Entrypoint, []string{"/hello"}) || len(c.RootFS.DiffIDs) != 1 {
			t.Errorf("its configuration is %+v, %v", c, err)
		}
	}
}
