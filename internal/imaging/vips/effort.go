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

// avifSeconds are CPU seconds for a megapixel of photograph with 4:2:0, by effort.
var avifSeconds = [10]float64{0.25, 0.35, 0.55, 0.8, 3.2, 4.5, 7, 15, 30, 60}

// avifLimit bounds one AVIF encode, which nothing can interrupt.
const avifLimit = 120 * time.Second

// avifTime predicts an encode.
func avifTime(pixels, effort int, fullChroma bool) time.Duration {
	s := avifSeconds[effort] * float64(pixels) / 1e6
	if fullChroma {
		s *= 1.4
	}
	return time.Duration(s * float64(time.Second))
}

// checkAVIF refuses an encode that would take too long: Rejected by the fixed
// bound, so that the same variant fails in the same way each time.
func checkAVIF(pixels, effort int, fullChroma bool) error {
	if t := avifTime(pixels, effort, fullChroma); t > avifLimit {
		return &fault.LimitError{Field: "predicted AVIF encoding time", Limit: int64(avifLimit.Seconds()), Value: int64(t.Seconds()), Unit: "s"}
	}
	return nil
}
