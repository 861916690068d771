//go:build bimg

package bimgengine

import (
	"github.com/h2non/bimg"

	"pixmill/internal/imaging"
)

// bimg leaves the chroma to libvips, which keeps it whole from this quality on.
const fullChromaQuality = 90

// lacks names what bimg cannot do of s, or is empty.
func (p *plan) lacks(s *imaging.Spec, info imaging.Info) string {
	lossy := p.format == imaging.FormatJPEG || p.format == imaging.FormatWebP || p.format == imaging.FormatAVIF
	if lossy && !(s.Lossless && p.format != imaging.FormatJPEG) {
		p.quality = s.Quality
		if p.quality == 0 {
			p.quality = bimg.Quality
		}
	}
	chroma := "4:2:0"
	if p.quality >= fullChromaQuality {
		chroma = "4:4:4"
	}
	switch {
	case s.Format == imaging.FormatAuto:
		return "format auto"
	case s.MaxBytes > 0:
		return "maxBytes"
	case s.Trim > 0:
		return "trim" // bimg 1.1.9 has one that releases the image twice
	case s.Animated && info.Frames > 1 && (p.format == imaging.FormatGIF || p.format == imaging.FormatWebP):
		return "animation"
	case s.ColourSpace == "p3":
		return "colour space p3"
	case s.Metadata == "copyright":
		return "metadata copyright"
	case s.Metadata == "all" && !s.GPS:
		return "metadata all without GPS"
	case s.Metadata == "all" && (info.Orientation != 1 || s.Extract != nil || s.Rotate != 0):
		return "metadata all of a turned image" // bimg leaves the orientation in
	case s.Chroma != "" && (p.format != imaging.FormatJPEG || s.Chroma != chroma):
		return "chroma"
	case s.Effort != 0 && p.format != imaging.FormatAVIF:
		return "effort of " + string(p.format)
	case s.Palette != 0 && s.Palette != 256:
		return "palette size"
	}
	return ""
}

// encode fills in how o encodes, and over what it flattens and pads.
func (p *plan) encode(o *bimg.Options, s *imaging.Spec, info imaging.Info) error {
	o.Type, _ = typeOf(p.format)
	o.Quality = p.quality
	o.Lossless = s.Lossless
	o.Interlace = s.Progressive
	o.Palette = s.Palette == 256 && p.format == imaging.FormatPNG
	o.StripMetadata = s.Metadata != "all"
	if p.format == imaging.FormatAVIF {
		o.Speed = avifSpeed(s.Effort)
	}
	return p.background(o, s, info)
}

// avifSpeed translates an effort of 1 to 10 to bimg's speed, 9 to 0.
func avifSpeed(effort int) int {
	const libvipsDefault = 5
	if effort == 0 {
		return libvipsDefault
	}
	return 10 - effort
}

// background sets the one colour that bimg has for pads and for flattening. In
// bimg, any but black flattens whatever the format, and pads beside
// transparency are always transparent.
func (p *plan) background(o *bimg.Options, s *imaging.Spec, info imaging.Info) error {
	c := imaging.Colour{R: 255, G: 255, B: 255, A: 255}
	if s.Background != "" {
		var err error
		if c, err = imaging.ParseColour(s.Background); err != nil {
			return err
		}
	}
	if p.format != imaging.FormatJPEG {
		switch clear := s.Background == "" || c.A == 0; {
		case !o.Embed:
			return nil
		case clear && info.Alpha:
			return nil
		case clear:
			return lack("transparent pads of an opaque image")
		case info.Alpha:
			return lack("coloured pads of a transparent image")
		}
	}
	if c.A != 255 {
		return lack("a translucent background")
	}
	o.Background = bimg.Color{R: c.R, G: c.G, B: c.B}
	return nil
}
