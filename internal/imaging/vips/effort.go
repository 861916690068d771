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

// CPU seconds for a megapixel of photograph, by the encoder's effort.
var (
	avifSeconds = [10]float64{0.2, 0.4, 0.7, 1, 4, 7, 9, 14, 20, 60} // 4:2:0
	webpSeconds = [7]float64{0.04, 0.05, 0.06, 0.12, 0.12, 0.2, 0.3}
)

// encodeLimit bounds one encode that nothing can interrupt.
const encodeLimit = 120 * time.Second

// encodeTime predicts an encode that nothing can interrupt; 0 for the encoders
// that libvips stops at the next tile.
func encodeTime(f imaging.Format, s *imaging.Spec, effort, pixels int) time.Duration {
	var seconds float64
	switch f {
	case imaging.FormatAVIF:
		seconds = avifSeconds[effort]
		if fullChroma(f, s) {
			seconds *= 1.4
		}
	case imaging.FormatWebP:
		seconds = webpSeconds[effort]
		if s.Lossless {
			seconds *= 6
		}
	}
	return time.Duration(seconds * float64(pixels) / 1e6 * float64(time.Second))
}

// checkTime refuses an encode that would take too long: by a fixed bound, so
// that the same variant fails in the same way each time.
func checkTime(f imaging.Format, need time.Duration) error {
	if need > encodeLimit {
		return &fault.LimitError{
			Field: "predicted time to encode " + string(f),
			Limit: int64(encodeLimit.Seconds()), Value: int64(need.Seconds()), Unit: "s",
		}
	}
	return nil
}
