package imagingtest

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest/perceptual"
)

// enlargedSSIM is enough for an enlargement: libvips enlarges with a bicubic
// filter, which is softer than Lanczos but must not shift the picture.
const enlargedSSIM = 0.97

// fidelity compares plain reductions with the float reference, made by Go from
// Go's own decoding: a wrong kernel, a shift by half a pixel or too much shrink
// on load show here and not in goldens that the same engine made. (The rocket
// is in Adobe RGB, which Go does not convert.)
func (s *suite) fidelity(t *testing.T) {
	e := s.engine(t)
	for _, photo := range []string{"astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg"} {
		src := file(t, "photos/"+photo)
		m, _, err := image.Decode(bytes.NewReader(src))
		if err != nil {
			t.Fatal(err)
		}
		whole := perceptual.Luma(m)
		var specs []imaging.Spec
		for _, width := range []int{400, 237, 100, 48} {
			specs = append(specs, imaging.Spec{Width: width, Format: imaging.FormatPNG})
		}
		_, out := s.render(t, e, src, specs...)
		for i, v := range out {
			t.Run(fmt.Sprintf("%s at %d", photo, specs[i].Width), func(t *testing.T) {
				s.made(t, specs[i], v)
				s.faithful(t, e, v, whole, s.opts.FidelitySSIM)
			})
		}
	}
	t.Run("enlarged", func(t *testing.T) {
		m, _, err := image.Decode(bytes.NewReader(file(t, "photos/chelsea.png")))
		if err != nil {
			t.Fatal(err)
		}
		eye := image.NewNRGBA(image.Rect(0, 0, 90, 80))
		draw.Draw(eye, eye.Bounds(), m, image.Pt(130, 80), draw.Src)
		v := s.one(t, e, pngOf(t, eye), imaging.Spec{Width: 225, Enlarge: true, Format: imaging.FormatPNG})
		size(t, v, 225, 200)
		s.faithful(t, e, v, perceptual.Luma(eye), min(s.opts.FidelitySSIM, enlargedSSIM))
	})
}

// faithful compares v with whole, resized by the reference.
func (s *suite) faithful(t *testing.T, e imaging.Engine, v imaging.Encoded, whole perceptual.Plane, least float64) {
	t.Helper()
	ref := perceptual.Resize(whole, v.Width, v.Height)
	got := perceptual.SSIM(perceptual.Luma(s.decode(t, e, v.Data)), ref)
	t.Logf("SSIM %.4f", got)
	if got < least {
		t.Errorf("SSIM to the reference is %.4f, want at least %.4f", got, least)
	}
}
