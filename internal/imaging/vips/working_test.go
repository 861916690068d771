package vips

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"pixmill/internal/imaging"
)

// decoded decodes data for specs.
func decoded(t *testing.T, data []byte, specs ...imaging.Spec) (*source, *working) {
	t.Helper()
	e, err := New(imaging.Limits{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return decodedBy(t, e, data, specs...)
}

// decodedBy is the same with an engine's limits and formats.
func decodedBy(t *testing.T, e *Engine, data []byte, specs ...imaging.Spec) (*source, *working) {
	t.Helper()
	src, err := e.probe(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	p := planAll(src, imaging.Request{Specs: specs}, e.limits)
	stop := newStopper(t.Context())
	t.Cleanup(stop.close)
	work, err := decode(src, &p, stop)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(work.close)
	return src, work
}

// TestDecode_BrokenWideProfile: a picture whose wide profile cannot be used is
// taken for sRGB, and is not called Display P3.
func TestDecode_BrokenWideProfile(t *testing.T) {
	data := testdata(t, "formats/p3.jpg")
	for name, broken := range map[string]bool{"whole": false, "broken": true} {
		t.Run(name, func(t *testing.T) {
			data := bytes.Clone(data)
			if broken {
				const space = 20 // of the profile connection space, ICC.1:2022, 7.2.7
				copy(data[bytes.Index(data, []byte("acsp"))-36+space:], "none")
			}
			src, work := decoded(t, data, imaging.Spec{ColourSpace: spaceP3})
			if !src.wideGamut() {
				t.Fatal("the profile is not taken for a wide one")
			}
			if work.wide == broken {
				t.Errorf("the working image is in Display P3: %v", work.wide)
			}
		})
	}
}

// TestWorkingBands holds what the estimate counts to what decoding gives.
func TestWorkingBands(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 40, 30))
	half := image.NewNRGBA(grey.Rect)
	for i := range half.Pix {
		half.Pix[i] = 100
	}
	sixteen := image.NewGray16(grey.Rect)
	sixteen.SetGray16(1, 1, color.Gray16{Y: 300})
	curved := withProfile(encodePNG(t, grey), greyProfile(1.8))
	for name, data := range map[string][]byte{
		"grey":                   encodePNG(t, grey),
		"grey of 16 bits":        encodePNG(t, sixteen),
		"grey with a tone curve": curved,
		"colour with alpha":      encodePNG(t, half),
		"cmyk":                   testdata(t, "formats/cmyk.jpg"),
		"p3":                     testdata(t, "formats/p3.jpg"),
		"webp":                   testdata(t, "formats/still.webp"),
		"avif":                   testdata(t, "formats/still.avif"),
		"colour":                 testdata(t, "photos/coffee.png"),
	} {
		t.Run(name, func(t *testing.T) {
			src, work := decoded(t, data, imaging.Spec{})
			if got := work.tall.bands(); got != src.workingBands() {
				t.Errorf("the working image has %d bands, the estimate counts %d", got, src.workingBands())
			}
		})
	}
	if src, _ := decoded(t, curved); !src.greyInColour() {
		t.Error("the tone curve was not seen")
	}
}

// TestEstimate_GreyWithAToneCurveIsColour: the curve is applied in three bands.
func TestEstimate_GreyWithAToneCurveIsColour(t *testing.T) {
	of := func(bands int, p profile) int64 {
		src := sourceOf(imaging.FormatPNG, 3000, 2000, 1)
		src.bands, src.profile = bands, p
		return estimate(src, planAll(src, imaging.Request{Specs: []imaging.Spec{{Rotate: 90}}}, imaging.DefaultLimits()), 1, footprintOf(false, 14))
	}
	plain, curved, colour := of(1, profile{}), of(1, profile{space: "GRAY"}), of(3, profile{})
	if curved != colour || plain >= curved {
		t.Errorf("grey takes %d bytes, with a curve %d, colour %d; want the last two alike", plain, curved, colour)
	}
}

// TestEstimate_ColouredPads: pads bring bands that the source has not.
func TestEstimate_ColouredPads(t *testing.T) {
	of := func(background string) int64 {
		src := sourceOf(imaging.FormatPNG, 3000, 2000, 1)
		src.bands = 1
		spec := imaging.Spec{Width: 3000, Height: 3000, Fit: imaging.FitContain, Background: background, Format: imaging.FormatPNG}
		return estimate(src, planAll(src, imaging.Request{Specs: []imaging.Spec{spec}}, imaging.DefaultLimits()), 1, footprintOf(false, 14))
	}
	const canvas = 3000 * 3000
	if grey, navy, glass := of("#ffffff"), of("#000080"), of("#00008080"); navy-grey != 2*canvas || glass-navy != canvas {
		t.Errorf("grey pads take %d bytes, navy ones %d, transparent ones %d; want %d and %d more", grey, navy, glass, 2*canvas, canvas)
	}
}

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "imagingtest", "testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func encodePNG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// greyProfile is a grey ICC profile, version 2, with a gamma for its curve.
func greyProfile(gamma float64) []byte {
	be := binary.BigEndian
	white := append([]byte("XYZ \x00\x00\x00\x00"), 0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d)
	curve := be.AppendUint16([]byte("curv\x00\x00\x00\x00\x00\x00\x00\x01"), uint16(math.Round(gamma*256)))
	curve = append(curve, 0, 0) // tags begin at multiples of four
	out := bytes.Repeat([]byte{0}, 128)
	copy(out[8:], "\x02\x10\x00\x00mntrGRAYXYZ ")
	copy(out[36:], "acsp")
	copy(out[68:], white[8:]) // the illuminant
	out = be.AppendUint32(out, 2)
	at := uint32(len(out) + 2*12)
	for _, tag := range []struct {
		name string
		data []byte
	}{{"wtpt", white}, {"kTRC", curve}} {
		out = be.AppendUint32(be.AppendUint32(append(out, tag.name...), at), uint32(len(tag.data)))
		at += uint32(len(tag.data))
	}
	out = append(append(out, white...), curve...)
	be.PutUint32(out, uint32(len(out)))
	return out
}
