package vips

import (
	"math"
	"time"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// effortRange is the encoder's own scale.
var effortRange = map[imaging.Format][2]int{
	imaging.FormatPNG:  {1, 9}, // zlib's level
	imaging.FormatWebP: {0, 6},
	imaging.FormatAVIF: {0, 9},
	imaging.FormatGIF:  {1, 10},
	imaging.FormatJXL:  {3, 9},
}

// trellisEffort is from where on JPEG takes mozjpeg's trellis quantisation.
const trellisEffort = 7

// encoderEffort translates a Spec's effort, 1 to 10, or chooses the default.
func encoderEffort(f imaging.Format, effort, pixels int) int {
	r, ok := effortRange[f]
	if !ok {
		return 0
	}
	if effort > 0 {
		return r[0] + int(math.Round(float64(effort-1)/9*float64(r[1]-r[0])))
	}
	switch f {
	case imaging.FormatPNG:
		return 6
	case imaging.FormatWebP:
		return 4
	case imaging.FormatGIF, imaging.FormatJXL:
		return 7
	}
	return avifEffort(pixels)
}

// avifEffort falls with the size: each step up costs up to four times the time
// for a few per cent of the bytes, and what counts is the time of the whole.
func avifEffort(pixels int) int {
	switch {
	case pixels <= 64<<10:
		return 4
	case pixels <= 2<<20:
		return 3
	case pixels <= 8<<20:
		return 2
	}
	return 1
}

// CPU seconds for a megapixel of photograph, by the encoder's effort: about twice
// what BenchmarkEncode measures on an EPYC with libvips 8.14.1 (libaom 3.6,
// libimagequant) or 8.18.7 (quantizr: palettes take 2.5 times as long), whichever
// is slower, since pictures and machines differ.
var (
	avifSeconds         = [10]float64{0.2, 0.4, 0.7, 1, 4, 7, 9, 14, 20, 60} // 4:2:0
	webpSeconds         = [7]float64{0.04, 0.05, 0.06, 0.12, 0.12, 0.2, 0.3}
	webpLosslessSeconds = [7]float64{0.5, 0.9, 1.2, 1.5, 1.5, 2.2, 2.2}
	jxlSeconds          = [10]float64{3: 0.06, 4: 0.06, 5: 0.25, 6: 0.3, 7: 0.5, 8: 3.5, 9: 5}
	jxlLosslessSeconds  = [10]float64{3: 0.3, 4: 1.6, 5: 2.3, 6: 2.5, 7: 3.5, 8: 10, 9: 30}
	gifSeconds          = [11]float64{1: 0.6, 2: 0.6, 3: 0.6, 4: 1, 5: 1.7, 6: 3, 7: 3.5, 8: 4, 9: 5, 10: 6}
)

// paletteSeconds is for finding a PNG's palette, whose effort is not the Spec's.
const paletteSeconds = 2.5

// encodeLimit bounds one encode that nothing can interrupt.
const encodeLimit = 120 * time.Second

// encodeTime predicts the part of an encode that nothing can interrupt; 0 for the
// encoders that libvips stops at the next tile. A GIF is stopped between two frames.
// What would take too long is refused, by a fixed bound, so that the same variant
// fails in the same way each time.
func encodeTime(f imaging.Format, s *imaging.Spec, w, h, frames int) (time.Duration, error) {
	pixels := float64(w) * float64(h)
	if f != imaging.FormatGIF {
		pixels *= float64(frames)
	}
	seconds := encodeSeconds(f, s, encoderEffort(f, s.Effort, w*h)) * pixels / 1e6
	if seconds > encodeLimit.Seconds() {
		return 0, &fault.LimitError{
			Field: "predicted time to encode " + string(f),
			Limit: int64(encodeLimit.Seconds()), Value: int64(seconds), Unit: "s",
		}
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// encodeSeconds is for one megapixel.
func encodeSeconds(f imaging.Format, s *imaging.Spec, effort int) float64 {
	switch {
	case f == imaging.FormatAVIF && fullChroma(f, s):
		return 1.4 * avifSeconds[effort]
	case f == imaging.FormatAVIF:
		return avifSeconds[effort]
	case f == imaging.FormatWebP && s.Lossless:
		return webpLosslessSeconds[effort]
	case f == imaging.FormatWebP:
		return webpSeconds[effort]
	case f == imaging.FormatJXL && s.Lossless:
		return jxlLosslessSeconds[effort]
	case f == imaging.FormatJXL:
		return jxlSeconds[effort]
	case f == imaging.FormatGIF:
		return gifSeconds[effort]
	case f == imaging.FormatPNG && s.Palette > 0:
		return paletteSeconds
	}
	return 0
}
