package vips

// #include <stdlib.h>
// #include "pixmill.h"
import "C"

import (
	"unsafe"

	"pixmill/internal/imaging"
)

// Colour spaces of Spec.ColourSpace; they are also libvips's names of its
// built-in profiles.
const (
	spaceSRGB = "srgb"
	spaceP3   = "p3"
	spaceCMYK = "cmyk" // a default for what has no profile of its own
)

const profileField = "icc-profile-data"

// wideGamut is whether the source's own colours may lie outside sRGB.
func (s *source) wideGamut() bool {
	return s.bands >= 3 && s.space != C.VIPS_INTERPRETATION_CMYK && s.profile.space == "RGB " && !s.profile.srgb
}

// greyInColour is whether a grey source has three bands once its profile's own
// tone curve is applied.
func (s *source) greyInColour() bool {
	return s.bands <= 2 && s.profile.space == "GRAY" && !s.profile.srgb
}

// workingBands is how many bands the working image has at the most. An alpha band
// that hides nothing is dropped only once it is there.
func (s *source) workingBands() int {
	alpha := 0
	if s.alpha {
		alpha = 1
	}
	switch {
	case s.space == C.VIPS_INTERPRETATION_CMYK, s.greyInColour():
		return 3 + alpha
	case s.codec.format == imaging.FormatGIF, s.codec.format == imaging.FormatWebP:
		return max(s.bands, 3)
	}
	return s.bands
}

// toWorking brings what a loader gave to 8 bits of grey, sRGB, or Display P3
// where wide is wanted, with or without alpha. A profile that says sRGB, or that does
// not belong to these pixels, costs no transform; one that cannot be used is
// passed over, and then isWide is false.
func (s *source) toWorking(p *picture, wide bool) (out *picture, isWide bool, err error) {
	output := spaceSRGB
	if wide {
		output = spaceP3
	}
	switch {
	case s.space == C.VIPS_INTERPRETATION_CMYK:
		out, err = p.icc(spaceCMYK, spaceSRGB, s.profile.space == "CMYK")
		return out, false, err
	case s.wideGamut():
		if out, err := p.icc(spaceSRGB, output, true); err == nil {
			return out, wide, nil
		}
	case s.greyInColour():
		if out, err := p.icc(spaceSRGB, spaceSRGB, true); err == nil {
			return out, false, nil
		}
	}
	out, err = p.plain8()
	return out, false, err
}

// plain8 converts without a profile.
func (p *picture) plain8() (*picture, error) {
	space := C.VipsInterpretation(C.VIPS_INTERPRETATION_sRGB)
	if p.isGrey() {
		space = C.VIPS_INTERPRETATION_B_W
	}
	return chain(p,
		func(p *picture) (*picture, error) { return own("colourspace", C.px_colourspace(p.im, space)) },
		func(p *picture) (*picture, error) {
			if p.im.BandFmt == C.VIPS_FORMAT_UCHAR {
				return p.ref(), nil
			}
			return own("cast", C.px_uchar(p.im))
		})
}

// icc transforms to a built-in profile, from the embedded one or else from the
// built-in fallback.
func (p *picture) icc(fallback, output string, embedded bool) (*picture, error) {
	f, o := C.CString(fallback), C.CString(output)
	defer C.free(unsafe.Pointer(f))
	defer C.free(unsafe.Pointer(o))
	var b C.gboolean
	if embedded {
		b = 1
	}
	return own("icc_transform", C.px_icc(p.im, f, o, b))
}

// toSRGB gives a grey picture three bands.
func (p *picture) toSRGB() (*picture, error) {
	return own("colourspace", C.px_colourspace(p.im, C.VIPS_INTERPRETATION_sRGB))
}

// dropOpaqueAlpha takes an alpha band away that hides nothing; p must be in memory.
func (p *picture) dropOpaqueAlpha() (*picture, error) {
	if !p.hasAlpha() {
		return p.ref(), nil
	}
	var opaque C.gboolean
	if C.px_opaque(p.im, &opaque) != 0 {
		return nil, libraryError("min")
	}
	if opaque == 0 {
		return p.ref(), nil
	}
	return own("extract_band", C.px_drop_alpha(p.im))
}

func (p *picture) premultiply() (*picture, error) {
	return own("premultiply", C.px_premultiply(p.im))
}

func (p *picture) unpremultiply() (*picture, error) {
	return own("unpremultiply", C.px_unpremultiply(p.im))
}

func (p *picture) addAlpha() (*picture, error) { return own("addalpha", C.px_add_alpha(p.im)) }

// flatten lays p on one colour.
func (p *picture) flatten(c colour) (*picture, error) {
	if !p.hasAlpha() {
		return p.ref(), nil
	}
	return chain(p,
		func(p *picture) (*picture, error) {
			if p.isGrey() && !c.grey() {
				return p.toSRGB()
			}
			return p.ref(), nil
		},
		func(p *picture) (*picture, error) {
			values := c.values(p.bands() - 1)
			return own("flatten", C.px_flatten(p.im, (*C.double)(unsafe.Pointer(&values[0])), C.int(len(values))))
		},
		func(p *picture) (*picture, error) {
			if p.im.BandFmt == C.VIPS_FORMAT_UCHAR {
				return p.ref(), nil
			}
			return own("cast", C.px_uchar(p.im))
		})
}

// colour is red, green, blue and alpha, 0 to 255 and not premultiplied.
type colour [4]uint8

var white = colour{255, 255, 255, 255}

func (c colour) grey() bool { return c[0] == c[1] && c[1] == c[2] }

// values returns c for a picture of 1 to 4 bands.
func (c colour) values(bands int) []float64 {
	r, g, b, a := float64(c[0]), float64(c[1]), float64(c[2]), float64(c[3])
	switch bands {
	case 1:
		return []float64{r}
	case 2:
		return []float64{r, a}
	case 3:
		return []float64{r, g, b}
	}
	return []float64{r, g, b, a}
}

// backgroundOf is the Spec's background, or what stands for none.
func backgroundOf(s *imaging.Spec, none colour) colour {
	c, err := imaging.ParseColour(s.Background)
	if err != nil {
		return none // it is empty: Check refused a malformed one
	}
	return colour{c.R, c.G, c.B, c.A}
}

// padColour is what pads have: transparent by default, where alpha says that the
// output may be.
func padColour(s *imaging.Spec, alpha bool) colour {
	if alpha {
		return backgroundOf(s, colour{})
	}
	return backgroundOf(s, white)
}
