package imagingtest

import (
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"regexp"
	"strings"
	"testing"

	"github.com/bbrks/go-blurhash"

	"pixmill/internal/imaging"
)

// placeholder checks that a page gets a picture, a blurhash and colours that
// are of the image.
func (s *suite) placeholder(t *testing.T) {
	e := s.engine(t)
	of := func(t *testing.T, src []byte) imaging.Placeholder {
		t.Helper()
		info, _ := s.render(t, e, src, imaging.Spec{Width: 100, Format: imaging.FormatJPEG})
		if info.Placeholder == nil {
			t.Fatal("Render set no placeholder")
		}
		return *info.Placeholder
	}
	t.Run("blurhash", func(t *testing.T) {
		for _, name := range []string{"jpeg", "jpeg on its side"} {
			src := jpegOf(t, card(240, 160))
			if name != "jpeg" {
				src = orientedJPEG(t, card(240, 160), 8)
			}
			m, err := blurhash.Decode(of(t, src).BlurHash, 60, 40, 1)
			if err != nil {
				t.Fatal(err)
			}
			for i, place := range [][2]float64{{0.2, 0.2}, {0.8, 0.2}, {0.2, 0.8}, {0.8, 0.8}} {
				// A blurhash is blurred and overshoots: only which colour it is counts.
				if got := nearestInk(at(m, place[0], place[1])); got != "RGBY"[i] {
					t.Errorf("quarter %d of the blurhash is nearest to %c, want %c", i, got, "RGBY"[i])
				}
			}
		}
	})
	t.Run("data URI", func(t *testing.T) {
		p := of(t, jpegOf(t, card(240, 160)))
		m := s.decodeURI(t, e, p.DataURI)
		if got := quarters(m); got != "RG/BY" {
			t.Errorf("the quarters are %s, want RG/BY", got)
		}
		if b := m.Bounds(); b.Dx() < 8 || b.Dx() > 64 || max(b.Dx()*2-b.Dy()*3, b.Dy()*3-b.Dx()*2) > 3 {
			t.Errorf("the tiny picture is %v, want some 8 to 64 px at 3:2", b.Size())
		}
	})
	t.Run("data URI of photographs", func(t *testing.T) {
		for _, name := range []string{"photos/astronaut.png", "photos/hubble_deep_field.jpg", "photos/rocket.jpg"} {
			p := of(t, file(t, name))
			s.decodeURI(t, e, p.DataURI)
			if len(p.DataURI) > 1000 {
				t.Errorf("the data URI of %s has %d bytes, want some hundred", name, len(p.DataURI))
			}
		}
	})
	t.Run("colours", func(t *testing.T) { s.colours(t, of) })
}

// decodeURI returns the picture in a data URI.
func (s *suite) decodeURI(t *testing.T, e imaging.Engine, uri string) image.Image {
	t.Helper()
	kind, rest, found := strings.Cut(strings.TrimPrefix(uri, "data:"), ";base64,")
	if !found {
		t.Fatalf("%.40q… is not a data URI", uri)
	}
	data, err := base64.StdEncoding.DecodeString(rest)
	if err != nil {
		t.Fatal(err)
	}
	h, err := readHeader(data)
	if err != nil {
		t.Fatal(err)
	}
	if h.Format.ContentType() != kind {
		t.Errorf("the data URI says %s and holds %s", kind, h.Format)
	}
	return s.decode(t, e, data)
}

// colours checks the dominant colour and the palette of a picture that is
// mostly navy, with some red and a little yellow.
func (s *suite) colours(t *testing.T, of func(*testing.T, []byte) imaging.Placeholder) {
	m := image.NewNRGBA(image.Rect(0, 0, 200, 100))
	fill(m, m.Bounds(), inks['N'])
	fill(m, image.Rect(0, 0, 50, 100), inks['R'])
	fill(m, image.Rect(150, 0, 180, 100), inks['Y'])
	p := of(t, pngOf(t, m))
	if got := hex(t, p.Dominant); apart(got, inks['N']) > 16 {
		t.Errorf("the dominant colour is %s, want near #204060", p.Dominant)
	}
	if len(p.Palette) < 3 || len(p.Palette) > 6 {
		t.Fatalf("the palette is %v, want 3 to 6 colours", p.Palette)
	}
	for i, want := range []byte("NRY") {
		if got := hex(t, p.Palette[i]); apart(got, inks[want]) > 24 {
			t.Errorf("colour %d of the palette is %s, want near %v", i, p.Palette[i], inks[want])
		}
	}
	clear := card(100, 100)
	fill(clear, image.Rect(0, 0, 100, 80), color.NRGBA{})
	hex(t, of(t, pngOf(t, clear)).Dominant) // of what is seen; in any case a colour
}

// hex parses "#rrggbb".
func hex(t *testing.T, s string) color.NRGBA {
	t.Helper()
	if !regexp.MustCompile(`^#[0-9a-f]{6}$`).MatchString(s) {
		t.Fatalf("%q is not of the form #rrggbb", s)
	}
	var r, g, b uint8
	if _, err := fmt.Sscanf(s, "#%02x%02x%02x", &r, &g, &b); err != nil {
		t.Fatal(err)
	}
	return color.NRGBA{r, g, b, 255}
}
