package vips

import (
	"errors"
	"fmt"
	"slices"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// maxDPR bounds the device pixel ratio; no screen has more.
const maxDPR = 10

var (
	fits      = []imaging.Fit{"", imaging.FitInside, imaging.FitOutside, imaging.FitCover, imaging.FitContain, imaging.FitFill}
	gravities = []imaging.Gravity{
		"", imaging.GravityCentre, imaging.GravityNorth, imaging.GravityNorthEast, imaging.GravityEast,
		imaging.GravitySouthEast, imaging.GravitySouth, imaging.GravitySouthWest, imaging.GravityWest,
		imaging.GravityNorthWest, imaging.GravitySmart, imaging.GravityEntropy,
	}
)

// checkSpec returns every value of s that means nothing, with what it may be.
// The error is Permanent, Rejected for sizes over a limit.
func checkSpec(s *imaging.Spec, limits imaging.Limits) error {
	bad := []error{
		within("width", s.Width, 0, int(limits.Dimension)),
		within("height", s.Height, 0, int(limits.Dimension)),
		within("trim", s.Trim, 0, 255),
		within("quality", s.Quality, 0, 100),
		within("effort", s.Effort, 0, 10),
		within("maxBytes", s.MaxBytes, 0, 1<<31-1),
		oneOf("fit", s.Fit, fits),
		oneOf("gravity", s.Gravity, gravities),
		oneOf("chroma", s.Chroma, []string{"", "4:2:0", "4:4:4"}),
		oneOf("colourSpace", s.ColourSpace, []string{"", spaceSRGB, spaceP3}),
		oneOf("metadata", s.Metadata, []string{"", metadataNone, metadataCopyright, metadataAll}),
		oneOf("rotate", s.Rotate, []int{0, 90, 180, 270}),
	}
	if !(s.DPR == 0 || (s.DPR > 0 && s.DPR <= maxDPR)) { // NaN is neither
		bad = append(bad, fmt.Errorf("dpr is %v, not above 0 and at most %v", s.DPR, maxDPR))
	}
	if s.Palette != 0 {
		bad = append(bad, within("palette", s.Palette, 2, 256))
	}
	if f := s.Focal; f != nil && !(f.X >= 0 && f.X <= 1 && f.Y >= 0 && f.Y <= 1) {
		bad = append(bad, fmt.Errorf("focal is %v,%v, not within 0 to 1", f.X, f.Y))
	}
	if s.Background != "" {
		_, err := parseColour(s.Background)
		bad = append(bad, err)
	}
	if slices.Contains(s.Formats, imaging.FormatAuto) {
		bad = append(bad, errors.New("formats has auto among the formats that auto chooses from"))
	}
	if err := errors.Join(bad...); err != nil {
		return fault.New(fault.Permanent, "spec", "", err)
	}
	return nil
}

// checkSize holds what a variant asks for to the limits, from the geometry alone.
func checkSize(g geometry, frames int64, limits imaging.Limits) error {
	for _, side := range []struct {
		name  string
		value int
	}{{"variant width", max(g.canvasW, g.scaledW)}, {"variant height", max(g.canvasH, g.scaledH)}} {
		if int64(side.value) > limits.Dimension {
			return &fault.LimitError{Field: side.name, Limit: limits.Dimension, Value: int64(side.value), Unit: "px"}
		}
	}
	pixels := max(int64(g.canvasW)*int64(g.canvasH), int64(g.scaledW)*int64(g.scaledH))
	if pixels > limits.Pixels {
		return &fault.LimitError{Field: "variant pixels", Limit: limits.Pixels, Value: pixels, Unit: "px"}
	}
	if frames*pixels > limits.TotalPixels {
		return &fault.LimitError{Field: "variant total pixels", Limit: limits.TotalPixels, Value: frames * pixels, Unit: "px"}
	}
	return nil
}

func within(field string, v, least, most int) error {
	if v < least || v > most {
		return fmt.Errorf("%s is %d, not within %d to %d", field, v, least, most)
	}
	return nil
}

func oneOf[T comparable](field string, v T, values []T) error {
	if !slices.Contains(values, v) {
		return fmt.Errorf("%s is %v, not one of %v", field, v, values)
	}
	return nil
}
