package perceptual

import "math"

const lanczosLobes = 3

// Resize returns p at width × height px by a separable Lanczos filter of three
// lobes, widened when it reduces, in float precision and in the encoded values
// (not in linear light), as libvips does it. The result is not clipped. It is
// the reference that engines are measured against, and slow.
func Resize(p Plane, width, height int) Plane {
	across := NewPlane(width, p.Height)
	for x, tap := range taps(p.Width, width) {
		for y := range p.Height {
			across.Pix[y*width+x] = tap.apply(p.Pix, y*p.Width, 1)
		}
	}
	out := NewPlane(width, height)
	for y, tap := range taps(p.Height, height) {
		for x := range width {
			out.Pix[y*width+x] = tap.apply(across.Pix, x, width)
		}
	}
	return out
}

// tap is what one output sample is made of.
type tap struct {
	first   int
	weights []float64
}

func (t tap) apply(pix []float32, offset, stride int) float32 {
	var sum float64
	for i, w := range t.weights {
		sum += w * float64(pix[offset+(t.first+i)*stride])
	}
	return float32(sum)
}

// taps returns the weights for each of out samples made from in.
func taps(in, out int) []tap {
	scale := float64(in) / float64(out)
	widen := max(1, scale)
	support := lanczosLobes * widen
	all := make([]tap, out)
	for i := range all {
		centre := (float64(i)+0.5)*scale - 0.5
		first := max(0, int(math.Ceil(centre-support)))
		last := min(in-1, int(math.Floor(centre+support)))
		weights := make([]float64, 0, last-first+1)
		var sum float64
		for k := first; k <= last; k++ {
			w := lanczos((float64(k) - centre) / widen)
			weights = append(weights, w)
			sum += w
		}
		for k := range weights {
			weights[k] /= sum
		}
		all[i] = tap{first: first, weights: weights}
	}
	return all
}

func lanczos(x float64) float64 {
	if x == 0 {
		return 1
	}
	if math.Abs(x) >= lanczosLobes {
		return 0
	}
	px := math.Pi * x
	return lanczosLobes * math.Sin(px) * math.Sin(px/lanczosLobes) / (px * px)
}
