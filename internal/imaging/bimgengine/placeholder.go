//go:build bimg

package bimgengine

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"slices"

	"github.com/bbrks/go-blurhash"
	"github.com/h2non/bimg"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

const (
	tinySide   = 16 // longest side of the data URI, px
	sampleSide = 64 // longest side of what the colours and the blurhash are taken from, px
	maxPalette = 6
)

// newPlaceholder makes the placeholder of src, with two more decodes; nil for an
// image that is too flat for bimg to shrink so far.
func newPlaceholder(src []byte, info imaging.Info) (*imaging.Placeholder, error) {
	if s := tinySide / float64(max(info.Width, info.Height)); tooFlat(float64(info.Width), float64(info.Height), s, s) {
		return nil, nil
	}
	sample, err := bimg.Resize(src, small(info, sampleSide))
	if err != nil {
		return nil, fault.New(fault.Rejected, "decode", "", undecodable(err))
	}
	tiny, err := bimg.Resize(src, small(info, tinySide))
	if err != nil {
		return nil, fault.New(fault.Rejected, "decode", "", undecodable(err))
	}
	tiny, err = bimg.Resize(tiny, bimg.Options{Type: bimg.WEBP, Quality: 50})
	if err != nil {
		return nil, fault.New(fault.Rejected, "placeholder", "", undecodable(err))
	}
	m, err := png.Decode(bytes.NewReader(sample))
	if err != nil {
		return nil, err
	}
	x, y := 4, 3
	if m.Bounds().Dx() < m.Bounds().Dy() {
		x, y = 3, 4
	}
	hash, err := blurhash.Encode(x, y, m)
	if err != nil {
		return nil, err
	}
	palette := colours(m)
	return &imaging.Placeholder{
		BlurHash: hash,
		DataURI:  "data:image/webp;base64," + base64.StdEncoding.EncodeToString(tiny),
		Dominant: palette[0],
		Palette:  palette,
	}, nil
}

// small is a call that fits an image into a square of side px, as PNG.
func small(info imaging.Info, side int) bimg.Options {
	scale := min(1, float64(side)/float64(max(info.Width, info.Height)))
	o := bimg.Options{
		Width:         pixels(float64(info.Width) * scale),
		Height:        pixels(float64(info.Height) * scale),
		Force:         true,
		Type:          bimg.PNG,
		StripMetadata: true,
	}
	if info.ICC {
		o.OutputICC = "srgb"
	}
	return o
}

// bucket is the pixels of about one colour.
type bucket struct {
	n, r, g, b int
}

// colours returns the most frequent colours of m, each the mean of a bucket of
// 32 levels a channel; transparent pixels are left out. There is at least one.
func colours(m image.Image) []string {
	buckets := map[[3]int]*bucket{}
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, a := m.At(x, y).RGBA()
			if a < 0x8000 {
				continue
			}
			// RGBA is multiplied by alpha, 16 bits.
			c := [3]int{int(r * 255 / a), int(g * 255 / a), int(bl * 255 / a)}
			key := [3]int{c[0] / 32, c[1] / 32, c[2] / 32}
			if buckets[key] == nil {
				buckets[key] = &bucket{}
			}
			k := buckets[key]
			k.n, k.r, k.g, k.b = k.n+1, k.r+c[0], k.g+c[1], k.b+c[2]
		}
	}
	var all []*bucket
	for _, k := range buckets {
		all = append(all, k)
	}
	if len(all) == 0 {
		return []string{"#ffffff"} // wholly transparent: what a page shows
	}
	slices.SortFunc(all, func(a, b *bucket) int {
		return cmp.Or(b.n-a.n, a.r-b.r, a.g-b.g, a.b-b.b)
	})
	var names []string
	for _, k := range all[:min(len(all), maxPalette)] {
		names = append(names, fmt.Sprintf("#%02x%02x%02x", k.r/k.n, k.g/k.n, k.b/k.n))
	}
	return names
}
