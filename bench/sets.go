package main

import "pixmill/internal/imaging"

// set is one of the sets of variants that are compared.
type set struct {
	id, name string
	target   float64 // most CPU time, as a share of bimg's
	specs    []imaging.Spec
}

// The same quality and the encoders' own default effort on both sides.
const (
	jpegQuality = 80
	webpQuality = 80
)

func sets() []set {
	jpeg := func(width int) imaging.Spec {
		return imaging.Spec{Width: width, Format: imaging.FormatJPEG, Quality: jpegQuality}
	}
	webp := func(width int) imaging.Spec {
		return imaging.Spec{Width: width, Format: imaging.FormatWebP, Quality: webpQuality}
	}
	smart := func(side int) imaging.Spec {
		return imaging.Spec{Width: side, Height: side, Fit: imaging.FitCover, Gravity: imaging.GravitySmart, Format: imaging.FormatJPEG, Quality: jpegQuality}
	}
	return []set{
		{"P1", "web set: 1600 jpeg; 1600, 800, 400 webp; 200² smart jpeg", 0.52, []imaging.Spec{jpeg(1600), webp(1600), webp(800), webp(400), smart(200)}},
		{"P2", "jpeg set: 1600, 1200, 800, 400, 200² smart", 0.50, []imaging.Spec{jpeg(1600), jpeg(1200), jpeg(800), jpeg(400), smart(200)}},
		{"P3", "thumbs: 400 jpeg, 320 webp, 200² and 100² smart jpeg", 0.40, []imaging.Spec{jpeg(400), webp(320), smart(200), smart(100)}},
	}
}
