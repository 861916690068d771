// Package perceptual says how alike two pictures look: the structural
// similarity of their luma, and how far apart the means of their channels are.
// It holds a slow, float-precision resize as the reference to measure others
// against. It uses no engine and no C, so that it can judge them all.
package perceptual

import (
	"fmt"
	"image"
	"image/color"
	"math"
)

// Plane is one channel of a picture; values are 0 to 255, row by row.
type Plane struct {
	Width, Height int
	Pix           []float32
}

// NewPlane returns a black plane of width × height px.
func NewPlane(width, height int) Plane {
	return Plane{Width: width, Height: height, Pix: make([]float32, width*height)}
}

// Luma returns the BT.601 luma of m, which is JPEG's: the Y of a YCbCr image
// is taken as it is. Transparent pixels count as composited over white.
func Luma(m image.Image) Plane {
	b := m.Bounds()
	p := NewPlane(b.Dx(), b.Dy())
	if y, ok := m.(*image.YCbCr); ok {
		for row := range p.Height {
			for x := range p.Width {
				p.Pix[row*p.Width+x] = float32(y.Y[y.YOffset(b.Min.X+x, b.Min.Y+row)])
			}
		}
		return p
	}
	for row := range p.Height {
		for x := range p.Width {
			r, g, bl := overWhite(m.At(b.Min.X+x, b.Min.Y+row))
			p.Pix[row*p.Width+x] = float32(0.299*r + 0.587*g + 0.114*bl)
		}
	}
	return p
}

// Channels returns the mean of red, green and blue over m, 0 to 255.
func Channels(m image.Image) [3]float64 {
	b := m.Bounds()
	var sum [3]float64
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl := overWhite(m.At(x, y))
			sum[0], sum[1], sum[2] = sum[0]+r, sum[1]+g, sum[2]+bl
		}
	}
	n := float64(b.Dx() * b.Dy())
	return [3]float64{sum[0] / n, sum[1] / n, sum[2] / n}
}

// overWhite returns c composited over white, each channel 0 to 255.
func overWhite(c color.Color) (r, g, b float64) {
	ri, gi, bi, ai := c.RGBA()
	white := float64(0xffff - ai)
	return (float64(ri) + white) / 257, (float64(gi) + white) / 257, (float64(bi) + white) / 257
}

// Distance is how far one picture is from another.
type Distance struct {
	SSIM    float64 // of luma, mean over the picture; 1 means the same
	Channel float64 // largest difference of a channel's means, of 255
}

// String is for test messages.
func (d Distance) String() string {
	return fmt.Sprintf("SSIM %.4f, channel means %.2f apart", d.SSIM, d.Channel)
}

// Compare returns the distance between a and b. It is an error if their sizes differ.
func Compare(a, b image.Image) (Distance, error) {
	if a.Bounds().Size() != b.Bounds().Size() {
		return Distance{}, fmt.Errorf("sizes differ: %v and %v", a.Bounds().Size(), b.Bounds().Size())
	}
	d := Distance{SSIM: SSIM(Luma(a), Luma(b))}
	ca, cb := Channels(a), Channels(b)
	for i := range ca {
		d.Channel = max(d.Channel, math.Abs(ca[i]-cb[i]))
	}
	return d, nil
}
