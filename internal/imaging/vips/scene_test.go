package vips_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"pixmill/internal/imaging/imagingtest"
)

// block is a rectangle of one colour, in units of a scene.
type block struct {
	x, y, w, h float64
	ink        color.NRGBA
}

// scene is a drawing of w × h px that Go can draw, too.
type scene struct {
	w, h   float64
	blocks []block
}

// pennant has a saturated, detailed part that is not in its middle.
var pennant = scene{120, 80, []block{
	{0, 0, 120, 80, color.NRGBA{210, 215, 220, 255}},
	{0, 60, 120, 20, color.NRGBA{120, 140, 120, 255}},
	{80, 12, 24, 24, color.NRGBA{230, 40, 30, 255}},
	{86, 18, 12, 12, color.NRGBA{250, 220, 40, 255}},
	{10, 30, 30, 6, color.NRGBA{60, 70, 90, 255}},
}}

// within is s in the middle of a drawing of w × h px.
func (s scene) within(w, h float64) scene {
	out := scene{w: w, h: h}
	for _, b := range s.blocks {
		b.x, b.y = b.x+(w-s.w)/2, b.y+(h-s.h)/2
		out.blocks = append(out.blocks, b)
	}
	return out
}

func (s scene) svg() []byte {
	var body strings.Builder
	for _, b := range s.blocks {
		fmt.Fprintf(&body, `<rect x="%g" y="%g" width="%g" height="%g" fill="#%02x%02x%02x"/>`, b.x, b.y, b.w, b.h, b.ink.R, b.ink.G, b.ink.B)
	}
	return imagingtest.SVG(fmt.Sprintf(`width="%g" height="%g"`, s.w, s.h), body.String())
}

func (s scene) pdf() []byte {
	var content strings.Builder
	for _, b := range s.blocks {
		fmt.Fprintf(&content, "%.5f %.5f %.5f rg %g %g %g %g re f\n",
			float64(b.ink.R)/255, float64(b.ink.G)/255, float64(b.ink.B)/255, b.x, s.h-b.y-b.h, b.w, b.h)
	}
	return imagingtest.PDF([]imagingtest.Page{{Entries: fmt.Sprintf("/MediaBox [0 0 %g %g]", s.w, s.h), Content: content.String()}})
}

// png is the scene as pixels, so many for each unit, on paper: white or nothing.
func (s scene) png(t *testing.T, scale float64, paper color.NRGBA) []byte {
	t.Helper()
	w, h := int(math.Round(s.w*scale)), int(math.Round(s.h*scale))
	sum := make([][4]float64, w*h) // premultiplied, 0 to 1
	for i := range sum {
		for k, v := range [4]uint8{paper.R, paper.G, paper.B, paper.A} {
			sum[i][k] = float64(v) / 255
		}
	}
	for _, b := range s.blocks {
		for y := int(b.y * scale); y < min(h, int(math.Ceil((b.y+b.h)*scale))); y++ {
			for x := int(b.x * scale); x < min(w, int(math.Ceil((b.x+b.w)*scale))); x++ {
				covered := overlap(x, b.x*scale, (b.x+b.w)*scale) * overlap(y, b.y*scale, (b.y+b.h)*scale)
				for k, v := range [4]uint8{b.ink.R, b.ink.G, b.ink.B, 255} {
					sum[y*w+x][k] += covered * (float64(v)/255 - sum[y*w+x][k])
				}
			}
		}
	}
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i, c := range sum {
		if c[3] > 0 {
			for k := range 3 {
				m.Pix[4*i+k] = uint8(math.Round(255 * c[k] / c[3]))
			}
			m.Pix[4*i+3] = uint8(math.Round(255 * c[3]))
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// overlap is how much of the i-th pixel lies within [from, to).
func overlap(i int, from, to float64) float64 {
	return max(0, min(float64(i+1), to)-max(float64(i), from))
}
