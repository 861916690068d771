package vips

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"slices"

	"github.com/bbrks/go-blurhash"

	"pixmill/internal/imaging"
)

const (
	placeholderSide = 64 // px of the longer side of what is looked at
	blurHashSide    = 32
	tinySide        = 24 // px of the longer side of the data URI
	tinyQuality     = 40
	paletteSize     = 6
)

// placeholder looks at a tiny copy of p, a still picture in sRGB or P3.
func placeholder(p *picture, wide bool, stop *stopper) (*imaging.Placeholder, error) {
	small, err := chain(p,
		func(p *picture) (*picture, error) { return p.watched(stop) }, // p may be as large as the source
		func(p *picture) (*picture, error) { return p.thumb(placeholderSide, wide) })
	if err != nil {
		return nil, err
	}
	defer small.close()
	uri, err := tinyURI(small)
	if err != nil {
		return nil, err
	}
	flat, err := chain(small,
		func(p *picture) (*picture, error) { return p.flatten(white) },
		func(p *picture) (*picture, error) {
			if p.isGrey() {
				return p.toSRGB()
			}
			return p.ref(), nil
		},
		(*picture).memory)
	if err != nil {
		return nil, err
	}
	defer flat.close()
	hash, err := blurHash(flat)
	if err != nil {
		return nil, err
	}
	palette := dominantColours(flat.rgb())
	return &imaging.Placeholder{BlurHash: hash, DataURI: uri, Dominant: palette[0], Palette: palette}, nil
}

// blurHash needs few pixels: its time grows with them, and its twelve numbers
// hold no more.
func blurHash(p *picture) (string, error) {
	small, err := p.thumb(blurHashSide, false)
	if err != nil {
		return "", err
	}
	defer small.close()
	return blurhash.Encode(4, 3, small.rgb())
}

// thumb fits p into side × side.
func (p *picture) thumb(side int, wide bool) (*picture, error) {
	scale := min(1, float64(side)/float64(max(p.width(), p.height())))
	return chain(p,
		func(p *picture) (*picture, error) {
			return p.straight(func(p *picture) (*picture, error) {
				return p.resize(scaled(p.width(), scale), scaled(p.height(), scale))
			})
		},
		func(p *picture) (*picture, error) {
			if wide {
				return p.icc(spaceP3, spaceSRGB, true)
			}
			return p.ref(), nil
		},
		(*picture).memory)
}

// tinyURI is a WebP of a few hundred bytes.
func tinyURI(p *picture) (string, error) {
	tiny, err := chain(p,
		func(p *picture) (*picture, error) { return p.thumb(tinySide, false) },
		(*picture).copy)
	if err != nil {
		return "", err
	}
	defer tiny.close()
	removePrivate(tiny)
	tiny.remove(profileField)
	data, err := tiny.save(imaging.FormatWebP, tinyOptions())
	if err != nil {
		return "", err
	}
	return "data:image/webp;base64," + base64.StdEncoding.EncodeToString(data), nil
}

// dominantColours sorts the pixels into 4096 cells of like colour and returns
// the mean of each of the fullest, "#rrggbb"; a cell next to one that is taken
// is left out, so that the palette has different colours.
func dominantColours(img *image.NRGBA) []string {
	type cell struct{ n, r, g, b int }
	cells := make(map[[3]uint8]*cell)
	for i := 0; i < len(img.Pix); i += 4 {
		r, g, b := img.Pix[i], img.Pix[i+1], img.Pix[i+2]
		key := [3]uint8{r >> 4, g >> 4, b >> 4}
		c := cells[key]
		if c == nil {
			c = &cell{}
			cells[key] = c
		}
		c.n, c.r, c.g, c.b = c.n+1, c.r+int(r), c.g+int(g), c.b+int(b)
	}
	all := make([]color.NRGBA, 0, len(cells))
	counts := make(map[color.NRGBA]int, len(cells))
	for _, c := range cells {
		mean := color.NRGBA{uint8(c.r / c.n), uint8(c.g / c.n), uint8(c.b / c.n), 255}
		all = append(all, mean)
		counts[mean] += c.n
	}
	slices.SortFunc(all, func(a, b color.NRGBA) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(hex(a), hex(b)))
	})
	var taken []color.NRGBA
	for _, c := range all {
		if len(taken) < paletteSize && !slices.ContainsFunc(taken, func(t color.NRGBA) bool { return alike(c, t) }) {
			taken = append(taken, c)
		}
	}
	out := make([]string, len(taken))
	for i, c := range taken {
		out[i] = hex(c)
	}
	return out
}

// alike is whether two colours differ by less than about a tenth.
func alike(a, b color.NRGBA) bool {
	d := func(x, y uint8) int { return (int(x) - int(y)) * (int(x) - int(y)) }
	return d(a.R, b.R)+d(a.G, b.G)+d(a.B, b.B) < 40*40
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
