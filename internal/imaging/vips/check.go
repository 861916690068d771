package vips

import (
	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// checkSpec returns every value of s that means nothing (Permanent), or the side
// of its box that is over the limits (Rejected).
func checkSpec(s *imaging.Spec, limits imaging.Limits) error {
	if err := s.Check(); err != nil {
		return err
	}
	for _, side := range []fault.LimitError{
		{Field: "width", Limit: limits.Dimension, Value: int64(s.Width), Unit: "px"},
		{Field: "height", Limit: limits.Dimension, Value: int64(s.Height), Unit: "px"},
	} {
		if side.Value > side.Limit {
			return &side
		}
	}
	return nil
}

// checkSize holds what a variant asks for to the limits, from the geometry alone.
// when is "", or " after trim" for what is known only then.
func checkSize(g geometry, frames int64, limits imaging.Limits, when string) error {
	pixels := g.pixels()
	for _, c := range []fault.LimitError{
		{Field: "variant width", Limit: limits.Dimension, Value: int64(max(g.canvasW, g.scaledW))},
		{Field: "variant height", Limit: limits.Dimension, Value: int64(max(g.canvasH, g.scaledH))},
		{Field: "variant pixels", Limit: limits.Pixels, Value: pixels},
		{Field: "variant total pixels", Limit: limits.TotalPixels, Value: frames * pixels},
	} {
		if c.Value > c.Limit {
			c.Field, c.Unit = c.Field+when, "px"
			return &c
		}
	}
	return nil
}
