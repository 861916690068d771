package vips_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"strings"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest"
)

// TestDrawing_OrdinaryOnesAreDrawn holds the limits of memory and time to what people
// have: a limit that refuses one of these is too low.
func TestDrawing_OrdinaryOnesAreDrawn(t *testing.T) {
	withoutRaceDetector(t)
	if testing.Short() {
		t.Skip("draws large ones")
	}
	a4 := func(resources, content string, more ...[]byte) []byte {
		return imagingtest.PDF([]imagingtest.Page{{Entries: "/MediaBox [0 0 595 842] /Resources << " + resources + " >>", Content: content}}, more...)
	}
	scan := func(entries string, data []byte) []byte {
		return a4("/XObject << /X 5 0 R >>", "595 0 0 842 0 0 cm /X Do", imagingtest.PDFStream("/Type /XObject /Subtype /Image "+entries, data))
	}
	e := newEngine(t, imaging.Limits{Memory: 1 << 30})
	for _, c := range []struct {
		name  string
		data  []byte
		width int
	}{
		{"icon", imagingtest.SVG(`viewBox="0 0 24 24"`, `<path d="M3 12L12 3l9 9v9H3z" fill="#345"/><circle cx="12" cy="12" r="4" fill="#fc0"/>`), 2400},
		{"illustration", illustration(), 1600},
		{"large illustration", illustration(), 2400},
		{"photograph in a drawing", svg(picture(dataURI("image/jpeg", jpegNoise(t, 4000, 3000)))), 1600},
		{"map of 5 MB", imagingtest.SVG(`viewBox="0 0 2000 1500"`, roads(5<<20, 20)), 1600},
		{"map of 20 MB", imagingtest.SVG(`viewBox="0 0 2000 1500"`, roads(20<<20, 4)), 400},
		{"text", a4("/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>", "BT /F 11 Tf 13 TL 50 790 Td "+counted(55, "(The quick brown fox jumps over the lazy dog, line %d) Tj T* ")+"ET"), 2400},
		{"scan of 300 dpi", scan("/Width 2480 /Height 3508 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode", jpegNoise(t, 2480, 3508)), 1600},
		{"scan of 600 dpi", scan("/Width 4960 /Height 7016 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode", jpegNoise(t, 4960, 7016)), 1600},
		{"scan of 600 dpi in black and white", scan("/Width 4960 /Height 7016 /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /FlateDecode", bitNoise(t, 4960, 7016)), 1600},
	} {
		t.Run(c.name, func(t *testing.T) {
			reads(t, e, map[bool]string{true: "pdf", false: "svg"}[bytes.HasPrefix(c.data, []byte("%PDF"))])
			made, err := render(t, e, c.data, imaging.Spec{Width: c.width, Format: imaging.FormatJPEG})
			if made != 1 || err != nil {
				t.Errorf("%d MB: %d variants, %v", len(c.data)>>20, made, err)
			}
		})
	}
}

// illustration has gradients, shadows, a mask and blending.
func illustration() []byte {
	return imagingtest.SVG(`viewBox="0 0 1600 1200"`, `<defs>
		<linearGradient id="l"><stop offset="0" stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient>
		<radialGradient id="r"><stop offset="0" stop-color="white"/><stop offset="1" stop-color="green"/></radialGradient>
		<filter id="f"><feGaussianBlur in="SourceAlpha" stdDeviation="8"/><feOffset dx="5" dy="5" result="o"/><feMerge><feMergeNode in="o"/><feMergeNode in="SourceGraphic"/></feMerge></filter>
		<mask id="m"><rect width="1600" height="1200" fill="url(#r)"/></mask>
		<clipPath id="c"><circle cx="800" cy="600" r="500"/></clipPath></defs>
		<rect width="1600" height="1200" fill="url(#l)"/>
		<g filter="url(#f)" opacity="0.9"><g mask="url(#m)"><circle cx="800" cy="600" r="550" fill="url(#r)"/></g></g>
		<g clip-path="url(#c)" opacity="0.7" style="mix-blend-mode:multiply">`+
		strings.Repeat(`<rect x="600" y="400" width="300" height="250" fill="url(#l)" filter="url(#f)"/>`, 5)+`</g>`)
}

// roads are lines of so many points, size bytes.
func roads(size, points int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var out strings.Builder
	for out.Len() < size {
		x, y := 2000*random.Float64(), 1500*random.Float64()
		fmt.Fprintf(&out, `<path class="road" fill="none" stroke="#8a4" stroke-width="0.8" d="M%.3f,%.3f`, x, y)
		for range points {
			fmt.Fprintf(&out, " %.3f,%.3f", x+20*random.NormFloat64(), y+20*random.NormFloat64())
		}
		out.WriteString(`"/>`)
	}
	return out.String()
}

// jpegNoise is a JPEG in colour with detail everywhere.
func jpegNoise(t *testing.T, width, height int) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	m := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for _, plane := range [][]byte{m.Y, m.Cb, m.Cr} {
		for i := 0; i < len(plane); i += 16 {
			copy(plane[i:], bytes.Repeat([]byte{byte(random.UintN(256))}, 16))
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 60}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bitNoise is a bitmap, in zlib's format.
func bitNoise(t *testing.T, width, height int) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	for range height {
		row := bytes.Repeat([]byte{byte(random.UintN(256)), byte(random.UintN(256))}, (width+15)/16)
		if _, err := w.Write(row[:(width+7)/8]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
