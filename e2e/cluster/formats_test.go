package cluster

import (
	"image/color"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/webp"

	"pixmill/e2e/kube"
	"pixmill/internal/imaging/imagingtest"
	"pixmill/internal/manifest"
)

// Formats that not every image reads. In a pod an SVG or a PDF is drawn by a process of
// its own: with a read-only root, as nobody, under the runtime's own seccomp profile.
const letter = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2"><rect width="2" height="2" fill="#d02020"/><text y="2" font-size="1">A</text></svg>`

// smallReads is the image with the prebuilt libvips: it draws an SVG without text, and
// says of the others why not.
func smallReads(s *site) {
	s.reads(map[string]string{
		"shapes.svg": "", "letter.svg": "no fonts", "page.pdf": "does not support input pdf",
		"photo.heic": "does not support input heic", "photo.jxl": "does not support input jxl",
	})
}

// fullReads is the image with the distribution's libvips: it reads them all.
func fullReads(s *site) {
	tarball := filepath.Join(s.world.tree, "dist", "image-full.tar")
	name, err := kube.ImageName(tarball)
	if err != nil {
		s.t.Fatalf("there is nothing to test (%v): run make image-full first", err)
	}
	if err := s.world.cluster.LoadImage(s.t.Context(), tarball); err != nil {
		s.t.Fatal(err)
	}
	s.overlay.Image = name
	s.reads(map[string]string{"shapes.svg": "", "letter.svg": "", "page.pdf": "", "photo.heic": "", "photo.jxl": ""})
}

// reads puts a source of each format through: what is made of it has the picture's
// colours, or the manifest has the reason that is wanted.
func (s *site) reads(want map[string]string) {
	s.overlay.Limits["memory"] = "1Gi"
	s.scale("max-scale", "1")
	s.serve()
	for key, reason := range want {
		s.put(key, s.source(key))
		if a := s.post(s.t.Context(), key); !a.ok() {
			s.t.Errorf("%s: %v", key, a)
			continue
		}
		m, err := s.manifest(key)
		if err != nil {
			s.t.Fatal(err)
		}
		if reason != "" {
			if m.Status != manifest.StatusRejected || !strings.Contains(m.Reason, reason) {
				s.t.Errorf("%s is %q (%s), want it rejected for %q", key, m.Status, m.Reason, reason)
			}
			continue
		}
		s.looksRight(key, m)
	}
	s.wantExact()
}

// source is a picture whose left, or upper left, is red.
func (s *site) source(key string) []byte {
	s.t.Helper()
	switch key {
	case "shapes.svg":
		return imagingtest.SVGCard("", "RGBY")
	case "letter.svg":
		return []byte(letter)
	case "page.pdf":
		return imagingtest.PDFCard()
	}
	stored := filepath.Join(s.world.tree, "internal", "imaging", "imagingtest", "testdata", "formats", "still"+filepath.Ext(key))
	data, err := os.ReadFile(stored)
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

func (s *site) looksRight(key string, m *manifest.Manifest) {
	s.t.Helper()
	if m.Status != manifest.StatusOK || len(m.Variants) != 2 {
		s.t.Errorf("%s is %q (%s), want it made", key, m.Status, m.Reason)
		return
	}
	for _, v := range m.Variants {
		if v.Name != "small" {
			continue
		}
		body, _, err := s.results.Get(s.t.Context(), v.Key, 0)
		if err != nil {
			s.t.Fatal(err)
		}
		img, err := webp.Decode(strings.NewReader(string(body)))
		if err != nil {
			s.t.Errorf("%s: %v", v.Key, err)
			return
		}
		b := img.Bounds()
		red := color.NRGBAModel.Convert(img.At(b.Dx()/8, b.Dy()/8)).(color.NRGBA)
		if red.R < 180 || red.G > 80 || red.B > 80 || red.A < 250 {
			s.t.Errorf("%s is %v on the upper left, want red", v.Key, red)
		}
	}
}
