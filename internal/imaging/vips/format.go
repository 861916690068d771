package vips

import (
	"math"
	"slices"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// outputFormat is the format that s asks for; FormatAuto stays.
func outputFormat(s *imaging.Spec, src *source) imaging.Format {
	if s.Format != "" {
		return s.Format
	}
	if c, ok := codecOf(src.codec.format); ok && c.save != "" {
		return c.format
	}
	if src.alpha {
		return imaging.FormatPNG
	}
	return imaging.FormatJPEG
}

// animates is whether the variant can have frames: FormatAuto then chooses among
// the formats that have them.
func animates(f imaging.Format, s *imaging.Spec) bool {
	if f != imaging.FormatAuto {
		return canAnimate(f)
	}
	return len(s.Formats) == 0 || slices.ContainsFunc(s.Formats, canAnimate)
}

func canAnimate(f imaging.Format) bool {
	return f == imaging.FormatGIF || f == imaging.FormatWebP
}

func hasAlpha(f imaging.Format) bool { return f != imaging.FormatJPEG }

// maxSide is the largest width or height that a format, or libvips's encoder of
// it, can write.
func maxSide(f imaging.Format) int {
	switch f {
	case imaging.FormatWebP:
		return 16383
	case imaging.FormatAVIF:
		return 16384
	case imaging.FormatJPEG, imaging.FormatGIF:
		return 65535
	}
	return math.MaxInt32
}

// checkFormat refuses what can never be encoded.
func (e encoders) checkFormat(f imaging.Format, w, h int) error {
	if !e.has(f) {
		return &imaging.UnsupportedError{Engine: engineName, What: "output " + string(f)}
	}
	if side := max(w, h); side > maxSide(f) {
		return &fault.LimitError{Field: "width or height of " + string(f), Limit: int64(maxSide(f)), Value: int64(side), Unit: "px"}
	}
	return nil
}

// candidates are the formats among which FormatAuto chooses. One that would lose
// the transparency or the frames is no equal, unless there is no other.
func (e encoders) candidates(s *imaging.Spec, in *finished) []imaging.Format {
	alpha, animated := in.picture.hasAlpha(), in.frames > 1
	formats := s.Formats
	if len(formats) == 0 {
		last := imaging.FormatJPEG
		if alpha {
			last = imaging.FormatPNG
		}
		formats = slices.DeleteFunc([]imaging.Format{imaging.FormatAVIF, imaging.FormatWebP, last},
			func(f imaging.Format) bool { return !e.has(f) })
	}
	equal := slices.DeleteFunc(slices.Clone(formats), func(f imaging.Format) bool {
		return (alpha && !hasAlpha(f)) || (animated && !canAnimate(f))
	})
	if len(equal) > 0 {
		return equal
	}
	return formats
}
