package imagingtest

import (
	"bytes"
	"embed"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"pixmill/internal/imaging"
)

//go:embed testdata
var testdata embed.FS

// file returns a stored file, named below testdata.
func file(t *testing.T, name string) []byte {
	t.Helper()
	data, err := testdata.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The colours of a card's quarters, and the others that a result may show.
var inks = map[byte]color.NRGBA{
	'R': {220, 40, 40, 255},
	'G': {40, 180, 60, 255},
	'B': {40, 60, 220, 255},
	'Y': {230, 210, 40, 255},
	'W': {255, 255, 255, 255},
	'K': {0, 0, 0, 255},
	'N': {32, 64, 96, 255}, // navy: a background of no quarter's colour
	'-': {0, 0, 0, 0},      // transparent
}

// card is a picture of width × height px in four quarters: red and green above
// blue and yellow. No turn and no mirror image of it looks like another.
func card(width, height int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			ink := "RGBY"[2*(2*y/height)+2*x/width]
			m.SetNRGBA(x, y, inks[ink])
		}
	}
	return m
}

// fill paints r of m.
func fill(m *image.NRGBA, r image.Rectangle, c color.NRGBA) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			m.SetNRGBA(x, y, c)
		}
	}
}

func pngOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// flipbook is an animated GIF: a frame for each ink, shown 100, 200, 300, … ms,
// repeated for ever.
func flipbook(t *testing.T, width, height int, frames string) []byte {
	t.Helper()
	var palette color.Palette
	for _, ink := range []byte("RGBYWK") {
		palette = append(palette, inks[ink])
	}
	g := &gif.GIF{}
	for i, ink := range []byte(frames) {
		m := image.NewPaletted(image.Rect(0, 0, width, height), palette)
		index := uint8(palette.Index(inks[ink]))
		for k := range m.Pix {
			m.Pix[k] = index
		}
		g.Image = append(g.Image, m)
		g.Delay = append(g.Delay, 10*(i+1))
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// decode returns the pixels of the first frame of data. Go decodes what it can;
// the rest is turned into PNG by e first.
func (s *suite) decode(t *testing.T, e imaging.Engine, data []byte) image.Image {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(data))
	if err == nil {
		return m
	}
	v := s.one(t, e, data, imaging.Spec{Format: imaging.FormatPNG})
	m, err = png.Decode(bytes.NewReader(v.Data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}
