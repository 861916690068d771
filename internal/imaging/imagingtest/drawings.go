package imagingtest

import (
	"fmt"
	"image/color"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/imaging"
)

// SVG is a drawing of 96 × 64 units, unless the root's attributes say otherwise.
func SVG(attributes, body string) []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" %s>%s</svg>`+"\n", attributes, body)
}

// SVGCard is card(96, 64) as a drawing; a quarter "-" is left out. The root's
// attributes say how large it is.
func SVGCard(attributes, quarters string) []byte {
	var body strings.Builder
	for i, ink := range []byte(quarters) {
		if c := inks[ink]; c.A > 0 {
			fmt.Fprintf(&body, `<rect x="%d" y="%d" width="48" height="32" fill="%s"/>`, 48*(i%2), 32*(i/2), svgColour(c))
		}
	}
	return SVG(attributes+` viewBox="0 0 96 64"`, body.String())
}

func svgColour(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// PDFCard is card(96, 64) as a page.
func PDFCard() []byte {
	return PDF([]Page{{Entries: "/MediaBox [0 0 96 64]", Content: pdfQuarters(0, 0, 96, 64, "RGBY")}})
}

// pdfQuarters fills a rectangle, whose lower left is at x, y, as a card.
func pdfQuarters(x, y, width, height int, quarters string) string {
	var out strings.Builder
	w, h := width/2, height/2
	for i, ink := range []byte(quarters) {
		fmt.Fprintf(&out, "%s rg %d %d %d %d re f\n", pdfColour(inks[ink]), x+w*(i%2), y+h*(1-i/2), w, h)
	}
	return out.String()
}

func pdfColour(c color.NRGBA) string {
	return fmt.Sprintf("%.4f %.4f %.4f", float64(c.R)/255, float64(c.G)/255, float64(c.B)/255)
}

// drawings are the inputs that have no pixels: each shows a card of 96 × 64 px.
func drawings() []input {
	of := func(f imaging.Format) imaging.Info {
		return imaging.Info{Format: f, Width: 96, Height: 64, Frames: 1, Orientation: 1, BitDepth: 8, Alpha: f == imaging.FormatSVG}
	}
	svg := func(name, quarters string, data []byte) input {
		return input{"svg " + name, data, of(imaging.FormatSVG), quarters[:2] + "/" + quarters[2:]}
	}
	pdf := func(name string, pages ...Page) input {
		return input{"pdf " + name, PDF(pages), of(imaging.FormatPDF), "RG/BY"}
	}
	upright := Page{"/MediaBox [0 0 96 64]", pdfQuarters(0, 0, 96, 64, "RGBY")}
	const size = `width="96" height="64"`
	return []input{
		svg("in pixels", "RGBY", SVGCard(size, "RGBY")),
		svg("with a transparent quarter", "-GBY", SVGCard(size, "-GBY")),
		svg("with a viewBox alone", "RGBY", SVGCard("", "RGBY")),
		svg("in percent", "RGBY", SVGCard(`width="100%" height="100%"`, "RGBY")),
		svg("in millimetres", "RGBY", SVGCard(`width="25.4mm" height="16.9334mm"`, "RGBY")),
		svg("in points", "RGBY", SVGCard(`width="72pt" height="48pt"`, "RGBY")),
		svg("behind a prologue", "RGBY", append([]byte("\xef\xbb\xbf"+svgPrologue), SVGCard(size, "RGBY")...)),
		pdf("of one page", upright),
		pdf("turned", Page{"/MediaBox [0 0 64 96] /Rotate 90", pdfQuarters(0, 0, 64, 96, "GYRB")}),
		pdf("with a crop box", Page{
			"/MediaBox [0 0 196 164] /CropBox [50 40 146 104]",
			"0 0 196 164 re f\n" + pdfQuarters(50, 40, 96, 64, "RGBY"),
		}),
		pdf("of two pages", upright, Page{"/MediaBox [0 0 300 500]", "0 0 300 500 re f"}),
	}
}

// svgPrologue is what programs that draw write before the root element.
const svgPrologue = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- a comment -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [
	<!ENTITY ns "http://www.w3.org/2000/svg">
]>
`

// drawn checks what is made of drawings, for engines that read any.
func (s *suite) drawn(t *testing.T) {
	e := s.engine(t)
	for _, in := range drawings() {
		t.Run(in.name, func(t *testing.T) {
			s.readable(t, e, in.want.Format)
			width := imaging.Spec{Width: 480}
			wide := s.one(t, e, in.data, width)
			size(t, wide, 480, 320)
			if want := map[bool]imaging.Format{true: imaging.FormatPNG, false: imaging.FormatJPEG}[in.want.Alpha]; wide.Format != want {
				t.Errorf("the default format is %s, want %s", wide.Format, want)
			}
			s.looks(t, e, wide, in.colour)
			s.looks(t, e, s.one(t, e, in.data, imaging.Spec{Height: 20, Format: imaging.FormatPNG}), in.colour)
		})
	}
}

// readable skips t where e does not read f, which only some builds do.
func (s *suite) readable(t *testing.T, e imaging.Engine, f imaging.Format) {
	t.Helper()
	if !slices.Contains(e.Capability().Inputs, f) {
		t.Skipf("this build does not read %s", f)
	}
}

// drawingOfBars is a drawing of 96 × 64 px whose middle is not transparent.
func drawingOfBars() []byte {
	var body strings.Builder
	for i := range 5 {
		fmt.Fprintf(&body, `<path d="M%d 12 L%d 52" stroke="%s" stroke-width="4"/>`, 20+12*i, 28+12*i, svgColour(inks["RGBYN"[i]]))
	}
	return SVG(`width="96" height="64"`, body.String())
}
