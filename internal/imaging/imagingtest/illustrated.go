package imagingtest

import (
	"fmt"
	"testing"
)

// illustratedPage is a page with a photograph, a gradient, and paths that are
// filled, stroked, dashed, clipped to and half transparent.
func illustratedPage(t *testing.T) []byte {
	t.Helper()
	photo := file(t, "photos/hubble_deep_field.jpg")
	const resources = `/MediaBox [0 0 297.638 419.528] /Resources <<
	/XObject << /Photo 5 0 R >> /Shading << /Dusk 6 0 R /Glow 7 0 R >>
	/ExtGState << /Half << /ca 0.5 /CA 0.5 >> >> >>` // A6
	const content = `
q 0 0 297.638 160 re W n /Dusk sh Q
q 270 0 0 235.4 13.8 170 cm /Photo Do Q
0.1 0.15 0.3 RG 1.5 w 13.8 170 270 235.4 re S
q 148.8 80 m 148.8 116 119 146 83 146 c 47 146 17 116 17 80 c 17 44 47 14 83 14 c 119 14 148.8 44 148.8 80 c W n /Glow sh Q
1 1 1 RG 4 w 1 J [12 9] 0 d
170 40 m 200 120 240 20 280 100 c S
[] 0 d 2 w 0 J 0.9 0.3 0.2 rg 0.3 0.05 0.05 RG 1 j
175 60 m 195 130 l 215 60 l h B
q /Half gs 0.2 0.6 0.9 rg 195 30 80 60 re f Q
0.15 0.15 0.15 rg 230 100 m 275 100 l 275 145 l 230 145 l h 241 111 m 241 134 l 264 134 l 264 111 l h f*
`
	const ramp = `/FunctionType 2 /Domain [0 1] /N 1`
	return PDF(
		[]Page{{Entries: resources, Content: content}},
		PDFStream("/Type /XObject /Subtype /Image /Width 1000 /Height 872 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode", photo),
		fmt.Appendf(nil, "<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 0 160] /Extend [true true] /Function << %s /C0 [0.97 0.8 0.55] /C1 [0.11 0.17 0.39] >> >>", ramp),
		fmt.Appendf(nil, "<< /ShadingType 3 /ColorSpace /DeviceRGB /Coords [65 98 4 83 80 66] /Extend [true true] /Function << %s /C0 [1 1 0.9] /C1 [0.85 0.4 0.3] >> >>", ramp),
	)
}
