//go:build bimg

package bimgengine

import (
	"github.com/h2non/bimg"

	"pixmill/internal/imaging"
)

// Baseline makes specs as bimg's own documentation shows it: one bimg.Resize
// for each variant, from the source's bytes, and nothing besides. Benchmarks
// measure against it; Render does more (limits, placeholder, stripped WebP) and
// would make bimg look slower than it is. The specs are plain reductions and
// square smart crops.
func Baseline(src []byte, specs []imaging.Spec) ([]imaging.Encoded, error) {
	out := make([]imaging.Encoded, 0, len(specs))
	for i := range specs {
		s := &specs[i]
		kind, ok := typeOf(s.Format)
		if !ok {
			return nil, lack("output " + string(s.Format))
		}
		o := bimg.Options{Width: s.Width, Height: s.Height, Type: kind, Quality: s.Quality, StripMetadata: true}
		if s.Fit == imaging.FitCover {
			o.Crop = true
			if s.Gravity == imaging.GravitySmart {
				o.Gravity = bimg.GravitySmart
			}
		}
		data, err := bimg.Resize(src, o)
		if err != nil {
			return nil, err
		}
		out = append(out, imaging.Encoded{Data: data, Format: s.Format, Quality: s.Quality})
	}
	return out, nil
}
