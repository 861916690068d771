package vips

import (
	"bytes"
	"testing"
)

// TestEndsEarly: every cut file of each format ends early, and no whole one does.
// Some cuts leave what is whole by itself.
func TestEndsEarly(t *testing.T) {
	for name, least := range map[string]float64{
		"formats/progressive.jpg": 1, "formats/cmyk.jpg": 1, "photos/coffee.png": 1, "formats/still.webp": 1,
		"formats/animated.webp": 1, "formats/still.tiff": 0.9, "formats/still.avif": 0.9, "formats/still.heic": 0.9,
	} {
		t.Run(name, func(t *testing.T) {
			data := testdata(t, name)
			f := sniff(data)
			if endsEarly(f, data) || endsEarly(f, append(bytes.Clone(data), 0)) {
				t.Error("the whole file ends early")
			}
			step := max(1, len(data)/500)
			cuts, early := 0, 0
			for n := 16; n < len(data); n += step {
				cuts++
				if endsEarly(f, data[:n:n]) {
					early++
				}
			}
			if share := float64(early) / float64(cuts); share < least {
				t.Errorf("%.2f of the cut files end early, want %.2f", share, least)
			}
		})
	}
}
