package perceptual

import (
	"fmt"
	"math"
)

const (
	ssimRadius = 5 // an 11 × 11 window
	ssimSigma  = 1.5
	ssimC1     = (0.01 * 255) * (0.01 * 255)
	ssimC2     = (0.03 * 255) * (0.03 * 255)
)

// SSIM returns the mean structural similarity of two planes of one size, with
// the Gaussian window of Wang, Bovik, Sheikh and Simoncelli, "Image quality
// assessment: from error visibility to structural similarity", IEEE Trans. on
// Image Processing 13(4), 2004. Windows are cut at the edges. It panics if the
// sizes differ.
func SSIM(a, b Plane) float64 {
	if a.Width != b.Width || a.Height != b.Height {
		panic(fmt.Sprintf("perceptual: SSIM of %d×%d and %d×%d", a.Width, a.Height, b.Width, b.Height))
	}
	square := func(p, q Plane) Plane {
		out := NewPlane(p.Width, p.Height)
		for i := range out.Pix {
			out.Pix[i] = p.Pix[i] * q.Pix[i]
		}
		return blur(out)
	}
	meanA, meanB := blur(a), blur(b)
	aa, bb, ab := square(a, a), square(b, b), square(a, b)
	var sum float64
	for i := range a.Pix {
		ma, mb := float64(meanA.Pix[i]), float64(meanB.Pix[i])
		varA, varB := float64(aa.Pix[i])-ma*ma, float64(bb.Pix[i])-mb*mb
		cov := float64(ab.Pix[i]) - ma*mb
		sum += (2*ma*mb + ssimC1) * (2*cov + ssimC2) / ((ma*ma + mb*mb + ssimC1) * (varA + varB + ssimC2))
	}
	return sum / float64(len(a.Pix))
}

// blur is a separable Gaussian, normalised where the window is cut by an edge.
func blur(p Plane) Plane {
	var weights [2*ssimRadius + 1]float64
	for i := range weights {
		d := float64(i - ssimRadius)
		weights[i] = math.Exp(-d * d / (2 * ssimSigma * ssimSigma))
	}
	pass := func(in, out []float32, count, stride, lines, lineStride int) {
		for line := range lines {
			for i := range count {
				var sum, weight float64
				for k := max(0, i-ssimRadius); k <= min(count-1, i+ssimRadius); k++ {
					w := weights[k-i+ssimRadius]
					sum += w * float64(in[line*lineStride+k*stride])
					weight += w
				}
				out[line*lineStride+i*stride] = float32(sum / weight)
			}
		}
	}
	rows, out := NewPlane(p.Width, p.Height), NewPlane(p.Width, p.Height)
	pass(p.Pix, rows.Pix, p.Width, 1, p.Height, p.Width)
	pass(rows.Pix, out.Pix, p.Height, p.Width, p.Width, 1)
	return out
}
