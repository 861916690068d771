//go:build bimg

package bimgengine

import (
	"testing"

	"go.uber.org/goleak"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	imagingtest.Run(t, func(t *testing.T, l imaging.Limits) imaging.Engine {
		t.Helper()
		e, err := New(l)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}, imagingtest.Options{
		Lacks: []string{
			"animation",
			"chroma",
			"coloured pads of a transparent image",
			"colour space p3",
			"contain with a gravity",
			"contain without enlargement",
			"effort of png",
			"effort of webp",
			"files without an EXIF block",
			"focal point",
			"format auto",
			"gravity entropy",
			"gravity northeast",
			"gravity northwest",
			"gravity southeast",
			"gravity southwest",
			"maxBytes",
			"metadata all of a turned image",
			"metadata all without GPS",
			"metadata copyright",
			"palette size",
			"premultiplied alpha",
			"rejecting a truncated gif",
			"rejecting a truncated jpeg",
			"rejecting a truncated png",
			"shrinking so flat an image",
			"transparent pads of an opaque image",
			"trim",
		},
		GoldenSSIM:   0.86, // enlarged by a bicubic filter, half a pixel off
		FidelitySSIM: 0.86,
	})
}
