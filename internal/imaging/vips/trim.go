package vips

import (
	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// trimGrowth is how many times more pixels than planned an enlarged variant may
// have after its trim. What is left of a hostile picture is a hairline, and a
// hairline enlarged to a width is as high as it is thin.
const trimGrowth = 4

// pixelsAfterTrim is the most pixels of a frame that a variant with a trim, whose
// geometry is planned without it, may turn out to have. The memory estimate counts
// them, and the variant is refused where the trim asks for more. Without
// enlargement, or with both sides of a box to lie in, nothing can.
func pixelsAfterTrim(s *imaging.Spec, planned geometry) int64 {
	boxW, boxH := boxOf(s)
	w, h := int64(planned.w), int64(planned.h)
	byWidth, byHeight := min(int64(boxW), w)*h, min(int64(boxH), h)*w
	most := planned.pixels()
	switch {
	case boxW == 0 && boxH == 0:
		return most
	case boxW == 0:
		most = max(most, byHeight)
	case boxH == 0:
		most = max(most, byWidth)
	case s.Fit == imaging.FitCover || s.Fit == imaging.FitOutside: // what overhangs counts
		most = max(most, byWidth, byHeight)
	default:
		return max(most, int64(boxW)*int64(boxH))
	}
	if s.Enlarge {
		most *= trimGrowth
	}
	return most
}

// checkTrimmed holds a geometry to the limits, and to what was planned, once the
// trim is known.
func checkTrimmed(v *variantPlan, g geometry, frames int64, limits imaging.Limits) error {
	if most, pixels := pixelsAfterTrim(v.spec, v.geometry), g.pixels(); pixels > most {
		return &fault.LimitError{Field: "variant pixels after trim", Limit: most, Value: pixels, Unit: "px"}
	}
	return checkSize(g, frames, limits, " after trim")
}
