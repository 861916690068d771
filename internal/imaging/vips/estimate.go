package vips

import (
	"slices"

	"pixmill/internal/imaging"
)

// estimate returns the bytes that decoding src by p and making its variants
// takes at the peak, with workers running at a time. There are three phases: the
// decoding; the resizing, with one worker fewer encoding meanwhile; and the
// encoding of what is left, when the working image is gone. A test holds it to
// 0.8–1.5 × of the measured peak.
func estimate(src *source, p plan, workers int, need footprint) int64 {
	e := newEstimator(src, &p)
	e.need = need
	base := e.base()
	decoding := e.loader() + base
	if src.orientation != 1 {
		decoding = max(decoding, 2*base)
	}
	pictures, encoders := e.variants()
	resizing := base + pictures + largest(encoders, workers-1)
	encoding := pictures + largest(encoders, workers)
	return fixedMemory + max(decoding, resizing, encoding)
}

// largest sums the n largest of sizes, which are sorted from the largest on.
func largest(sizes []int64, n int) int64 {
	var sum int64
	for _, b := range sizes[:min(len(sizes), n)] {
		sum += b
	}
	return sum
}

// fixedMemory is for threads, buffers and tables of any render.
const fixedMemory = 2 << 20

// footprint is what depends on the libraries behind libvips, bytes for a pixel.
type footprint struct {
	jpegEncoder float64
	pngEncoder  float64
	heifDecoder float64
}

// footprintOf tells libjpeg-turbo from mozjpeg, which keeps two sets of
// coefficients, and the zlib and libheif of a distribution of libvips 8.14's time
// from those that come with a later one (measured with 8.14.1 and 8.18.7).
func footprintOf(mozjpeg bool, minor int) footprint {
	f := footprint{jpegEncoder: 4, pngEncoder: 2, heifDecoder: 7}
	if mozjpeg {
		f.jpegEncoder = 9
	}
	if minor >= 15 {
		f.pngEncoder, f.heifDecoder = 4.5, 12
	}
	return f
}

type estimator struct {
	src    *source
	plan   *plan
	need   footprint
	pixels int64 // of one stored frame
	frames int64 // that are decoded
	shrink int64 // early shrink on each axis, rounded down
	bands  int64 // of the working image
}

func newEstimator(src *source, p *plan) *estimator {
	e := &estimator{src: src, plan: p, pixels: int64(src.width) * int64(src.height), frames: 1, shrink: 1}
	if p.animated {
		e.frames = int64(src.frames)
	}
	e.bands = int64(src.workingBands())
	return e
}

// base is the working image.
func (e *estimator) base() int64 {
	w, h := int64(e.src.width), int64(e.src.height)
	switch e.src.codec.format {
	case imaging.FormatSVG, imaging.FormatPDF:
		w, h = int64(e.plan.drawW), int64(e.plan.drawH)
	case imaging.FormatJPEG:
		k := int64(e.plan.shrink)
		w, h = (w+k-1)/k, (h+k-1)/k
	case imaging.FormatWebP:
		w, h = int64(float64(w)*e.plan.load)+1, int64(float64(h)*e.plan.load)+1
	default:
		w, h = w/int64(e.plan.box)+1, h/int64(e.plan.box)+1
	}
	return w * h * e.bands * e.frames
}

// loader is what the decoder holds beside its output.
func (e *estimator) loader() int64 {
	rows := int64(e.src.width) * e.bands * 300 // the sequential cache
	depth := int64(e.src.bitDepth / 8)
	switch e.src.codec.format {
	case imaging.FormatSVG, imaging.FormatPDF:
		return drawMemory(e.src, e.plan.drawW, e.plan.drawH) + sandboxMemory
	case imaging.FormatJPEG:
		if e.src.jpeg.buffered {
			return rows + e.src.jpeg.coefficients
		}
	case imaging.FormatPNG:
		if e.src.interlaced {
			return rows + e.pixels*int64(e.src.bands)*depth
		}
	case imaging.FormatWebP:
		if e.plan.animated {
			return rows + e.pixels*8 + e.base()
		}
		return rows + e.pixels/2 + 2*e.base() // one by libwebp, one by libvips's loader
	case imaging.FormatGIF:
		return rows + e.pixels*8
	case imaging.FormatAVIF, imaging.FormatHEIC:
		return rows + int64(float64(e.pixels)*e.need.heifDecoder)
	case imaging.FormatJXL:
		return rows + e.pixels*6
	}
	return rows * depth
}

// variants is every resized or finished picture, once where variants share it,
// and what the encoder of each takes, from the largest on. Of a kept variant it
// is the resized picture alone, where others are made from it.
func (e *estimator) variants() (pictures int64, encoders []int64) {
	seen := make(map[geometry]bool)
	for _, v := range e.plan.variants {
		if v.err != nil || v.kept {
			continue
		}
		g := v.geometry
		frames := int64(1)
		if v.animated {
			frames = 2 * int64(e.src.frames) // each by itself, then all in one
		}
		canvas, most := int64(g.canvasW)*int64(g.canvasH), g.pixels()
		if v.spec.Trim > 0 {
			most = pixelsAfterTrim(v.spec, g)
			canvas = most
		}
		if !seen[g] && !e.isBase(&v) {
			seen[g] = true
			pictures += most * frames * e.bandsOf(&v)
		}
		encoders = append(encoders, int64(e.encoderBytes(v.format, v.spec)*float64(canvas)))
	}
	for _, v := range e.plan.variants {
		if g := v.geometry; v.kept && v.level && !seen[g] && !e.isBase(&v) {
			seen[g] = true
			pictures += v.levelPixels() * e.bands
		}
	}
	slices.Sort(encoders)
	slices.Reverse(encoders)
	return pictures, encoders
}

// levelPixels is the most that a kept variant's resized picture has.
func (v *variantPlan) levelPixels() int64 {
	if v.spec.Trim > 0 {
		return pixelsAfterTrim(v.spec, v.geometry)
	}
	return int64(v.geometry.scaledW) * int64(v.geometry.scaledH)
}

// bandsOf is how many bands a variant has: its pads may bring colour and transparency.
func (e *estimator) bandsOf(v *variantPlan) int64 {
	bands := e.bands
	if v.spec.Fit != imaging.FitContain {
		return bands
	}
	pads := padColour(v.spec, outputHasAlpha(v.format))
	if bands <= 2 && !pads.grey() {
		bands += 2
	}
	if !e.src.alpha && pads[3] < 255 {
		bands++
	}
	return bands
}

// isBase is whether a variant's pixels are the working image as it is.
func (e *estimator) isBase(v *variantPlan) bool {
	w, h := e.src.oriented()
	return e.plan.scale == 1 && v.spec.Trim == 0 && v.geometry.scaledW == w && v.geometry.scaledH == h &&
		v.geometry.canvasW == w && v.geometry.canvasH == h && !v.spec.Flip && !v.spec.Flop && v.spec.Rotate == 0
}

// encoderBytes is what an encoder holds for each pixel of a frame (measured).
func (e *estimator) encoderBytes(f imaging.Format, s *imaging.Spec) float64 {
	switch f {
	case imaging.FormatJPEG:
		if s.Chroma == "4:4:4" {
			return 2 * e.need.jpegEncoder
		}
		return e.need.jpegEncoder
	case imaging.FormatWebP:
		if s.Lossless {
			return 21
		}
		return 6
	case imaging.FormatPNG:
		if s.Palette == 0 {
			return e.need.pngEncoder
		}
		return 32
	case imaging.FormatGIF:
		return 32
	case imaging.FormatJXL:
		return 45
	}
	return 28 // AVIF, and FormatAuto that tries it
}
