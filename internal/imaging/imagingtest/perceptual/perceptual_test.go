package perceptual

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"
)

// texture is a plane of low-passed noise: like a photograph, unlike a test card.
func texture(width, height int, seed uint64) Plane {
	rng := rand.New(rand.NewPCG(seed, 1))
	p := NewPlane(width, height)
	for i := range p.Pix {
		p.Pix[i] = float32(rng.IntN(256))
	}
	return blur(p)
}

func TestSSIM_FallsWithDamage(t *testing.T) {
	p := texture(80, 60, 1)
	if got := SSIM(p, p); math.Abs(got-1) > 1e-6 {
		t.Errorf("SSIM with itself = %v, want 1", got)
	}
	last := 1.0
	for _, amplitude := range []float32{1, 4, 16} {
		noisy := NewPlane(p.Width, p.Height)
		rng := rand.New(rand.NewPCG(2, 2))
		for i := range noisy.Pix {
			noisy.Pix[i] = p.Pix[i] + amplitude*(2*rng.Float32()-1)
		}
		got := SSIM(p, noisy)
		if got >= last {
			t.Errorf("SSIM at noise %v = %v, not below %v", amplitude, got, last)
		}
		last = got
	}
	if other := SSIM(p, texture(80, 60, 9)); other > 0.3 {
		t.Errorf("SSIM of unrelated pictures = %v, want little", other)
	}
}

func TestSSIM_OfConstantsIsTheLuminanceTerm(t *testing.T) {
	a, b := NewPlane(20, 20), NewPlane(20, 20)
	for i := range a.Pix {
		a.Pix[i], b.Pix[i] = 100, 120
	}
	want := (2*100*120 + ssimC1) / (100*100 + 120*120 + ssimC1)
	if got := SSIM(a, b); math.Abs(got-want) > 1e-4 {
		t.Errorf("SSIM = %v, want %v", got, want)
	}
}

func TestResize_KeepsConstantsAndCentres(t *testing.T) {
	flat := NewPlane(37, 23)
	for i := range flat.Pix {
		flat.Pix[i] = 77
	}
	for _, v := range Resize(flat, 11, 50).Pix {
		if math.Abs(float64(v)-77) > 1e-3 {
			t.Fatalf("a flat plane became %v", v)
		}
	}
	ramp := NewPlane(90, 30)
	for i := range ramp.Pix {
		ramp.Pix[i] = float32(i % 90)
	}
	small := Resize(ramp, 30, 10)
	for x := 4; x < 26; x++ { // away from the edges a ramp stays one: no shift by half a pixel
		if want := float64(x)*3 + 1; math.Abs(float64(small.Pix[5*30+x])-want) > 0.02 {
			t.Errorf("ramp at %d = %v, want %v", x, small.Pix[5*30+x], want)
		}
	}
}

func TestCompare(t *testing.T) {
	red, shifted := image.NewNRGBA(image.Rect(0, 0, 16, 16)), image.NewNRGBA(image.Rect(5, 5, 21, 21))
	for y := range 16 {
		for x := range 16 {
			red.SetNRGBA(x, y, color.NRGBA{200, 40, 40, 255})
			shifted.SetNRGBA(x+5, y+5, color.NRGBA{200, 46, 40, 255})
		}
	}
	d, err := Compare(red, shifted)
	if err != nil || math.Abs(d.Channel-6) > 1e-9 {
		t.Errorf("Compare = %v, %v; want the channel means 6 apart", d, err)
	}
	if _, err := Compare(red, image.NewNRGBA(image.Rect(0, 0, 16, 15))); err == nil {
		t.Error("pictures of two sizes were compared")
	}
	clear := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	if got := Channels(clear); got != [3]float64{255, 255, 255} {
		t.Errorf("a transparent picture has the means %v, want white", got)
	}
}
