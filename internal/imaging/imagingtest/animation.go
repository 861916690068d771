package imagingtest

import (
	"bytes"
	"image"
	"image/gif"
	"slices"
	"testing"

	"pixmill/internal/imaging"
)

// animation checks that frames, their times and the loop survive, and that the
// first frame is taken where they should not.
func (s *suite) animation(t *testing.T) {
	e := s.engine(t)
	sources := map[string][]byte{
		"gif":  flipbook(t, 48, 32, "RGB"),
		"webp": file(t, "formats/animated.webp"),
	}
	for name, src := range sources {
		for _, format := range []imaging.Format{imaging.FormatGIF, imaging.FormatWebP} {
			t.Run(name+" to "+string(format), func(t *testing.T) {
				v := s.one(t, e, src, imaging.Spec{Width: 24, Format: format, Animated: true})
				size(t, v, 24, 16)
				if v.Frames != 3 {
					t.Fatalf("the variant has %d frames, want 3", v.Frames)
				}
				if h, _ := readHeader(v.Data); h.Loop != 0 {
					t.Errorf("the loop count is %d, want 0 (for ever)", h.Loop)
				}
				s.looks(t, e, v, "RR/RR")
				s.frames(t, e, v, "RGB")
			})
		}
		t.Run(name+" still unless asked", func(t *testing.T) {
			for _, format := range requiredOutputs {
				v := s.one(t, e, src, imaging.Spec{Width: 24, Format: format})
				size(t, v, 24, 16)
				if v.Frames != 1 {
					t.Errorf("the %s has %d frames, want 1", format, v.Frames)
				}
				s.looks(t, e, v, "RR/RR")
			}
		})
		t.Run(name+" to formats without frames", func(t *testing.T) {
			for _, format := range []imaging.Format{imaging.FormatJPEG, imaging.FormatPNG} {
				v := s.one(t, e, src, imaging.Spec{Width: 24, Format: format, Animated: true})
				size(t, v, 24, 16)
				s.looks(t, e, v, "RR/RR")
			}
		})
	}
	t.Run("cropped and turned frame by frame", func(t *testing.T) { s.animatedGeometry(t, e) })
	t.Run("still and animated from one source", func(t *testing.T) {
		specs := []imaging.Spec{{Width: 24, Format: imaging.FormatPNG}, {Width: 24, Format: imaging.FormatGIF, Animated: true}}
		_, out := s.render(t, e, sources["gif"], specs...)
		for i, v := range out {
			s.made(t, specs[i], v)
			if want := []int{1, 3}[i]; v.Frames != want {
				t.Errorf("variant %d has %d frames, want %d", i, v.Frames, want)
			}
		}
	})
}

// frames checks each frame's colour and how long it is shown. WebP is turned
// into GIF for that.
func (s *suite) frames(t *testing.T, e imaging.Engine, v imaging.Encoded, want string) {
	t.Helper()
	data := v.Data
	if v.Format != imaging.FormatGIF {
		data = s.one(t, e, data, imaging.Spec{Format: imaging.FormatGIF, Animated: true}).Data
	}
	g, err := gif.DecodeAll(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	canvas := image.NewNRGBA(image.Rect(0, 0, g.Config.Width, g.Config.Height))
	got := ""
	for _, m := range g.Image { // a frame may hold only what changed
		for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
			for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
				if _, _, _, a := m.At(x, y).RGBA(); a != 0 {
					canvas.Set(x, y, m.At(x, y))
				}
			}
		}
		got += ink(canvas, 0.5, 0.5)
	}
	if got != want {
		t.Errorf("the frames are %s, want %s", got, want)
	}
	if delays := []int{10, 20, 30}; !slices.Equal(g.Delay, delays) {
		t.Errorf("the frames are shown for %v hundredths of a second, want %v", g.Delay, delays)
	}
}

// animatedGeometry makes sure that each frame is changed by itself: frames
// that lie below each other in memory are not one tall picture.
func (s *suite) animatedGeometry(t *testing.T, e imaging.Engine) {
	src := flipbook(t, 48, 32, "RGB")
	for _, c := range []struct {
		name          string
		spec          imaging.Spec
		width, height int
	}{
		{"cover", imaging.Spec{Width: 16, Height: 16, Fit: imaging.FitCover}, 16, 16},
		{"cover south", imaging.Spec{Width: 48, Height: 16, Fit: imaging.FitCover, Gravity: imaging.GravitySouth}, 48, 16},
		{"smart", imaging.Spec{Width: 16, Height: 16, Fit: imaging.FitCover, Gravity: imaging.GravitySmart}, 16, 16},
		{"contain", imaging.Spec{Width: 40, Height: 40, Fit: imaging.FitContain, Background: "#000000"}, 40, 40},
		{"rotate", imaging.Spec{Rotate: 90}, 32, 48},
		{"flip", imaging.Spec{Flip: true}, 48, 32},
		{"extract", imaging.Spec{Extract: &imaging.Rect{X: 8, Y: 8, Width: 20, Height: 10}}, 20, 10},
		{"enlarge", imaging.Spec{Width: 96, Enlarge: true}, 96, 64},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spec.Format, c.spec.Animated = imaging.FormatGIF, true
			v := s.one(t, e, src, c.spec)
			size(t, v, c.width, c.height)
			if v.Frames != 3 {
				t.Fatalf("the variant has %d frames, want 3", v.Frames)
			}
			s.frames(t, e, v, "RGB")
		})
	}
}
