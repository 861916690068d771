package vips_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"pixmill/internal/imaging/imagingtest"
)

const (
	square = `<rect width="400" height="400" fill="red"/>`
	canvas = `width="400" height="400"`
	levels = 9 // of tenfold repetition
)

func svg(body string) []byte { return imagingtest.SVG(canvas, body) }

// tower is level 0, and levels that use the one below ten times.
func tower(ground, open, use, end string) string {
	var out strings.Builder
	out.WriteString(ground)
	for i := 1; i <= levels; i++ {
		fmt.Fprintf(&out, open, i)
		for range 10 {
			fmt.Fprintf(&out, use, i-1)
		}
		out.WriteString(end)
	}
	return out.String()
}

// endlessSVG draws 10⁹ squares.
func endlessSVG() []byte {
	return svg(`<defs>` + tower(`<g id="a0">`+square+`</g>`, `<g id="a%d">`, `<use xlink:href="#a%d"/>`, `</g>`) + `</defs><use xlink:href="#a9"/>`)
}

func dataURI(mediaType string, data []byte) string {
	return "data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString(data)
}

func picture(uri string) string {
	return fmt.Sprintf(`<image width="400" height="400" xlink:href=%q/>`, uri)
}

func TestHostileSVG_GrowsBeyondItsSize(t *testing.T) {
	withoutRaceDetector(t)
	filtered := func(body string) []byte {
		return svg(`<filter id="f" x="-1" y="-1" width="3" height="3">` + body + `</filter>` + strings.Repeat(`<rect width="400" height="400" filter="url(#f)"/>`, 1000))
	}
	entities := `<!DOCTYPE svg [<!ENTITY l0 "lol">` + tower("", `<!ENTITY l%d "`, `&l%d;`, `">`) + `]>`
	quadratic := `<!DOCTYPE svg [<!ENTITY l "` + strings.Repeat("x", 50_000) + `">]>`
	nested := svg(square)
	for range 12 {
		nested = svg(picture(dataURI("image/svg+xml", nested)))
	}
	withstand(t, []hostile{
		{"use", endlessSVG(), saysTime},
		{"patterns", svg(tower(`<pattern id="p0" width="3" height="3" patternUnits="userSpaceOnUse">`+square+`</pattern>`,
			`<pattern id="p%d" width="399" height="399" patternUnits="userSpaceOnUse">`, `<rect width="400" height="400" fill="url(#p%d)"/>`, `</pattern>`) +
			`<rect width="400" height="400" fill="url(#p9)"/>`), saysTime},
		{"entities", append([]byte(entities), svg(`<text>&l9;</text>`)...), saysDamaged},
		{"one entity many times", append([]byte(quadratic), svg(`<text>`+strings.Repeat("&l;", 20_000)+`</text>`)...), saysMemory},
		{"filters", filtered(strings.Repeat(`<feTurbulence baseFrequency="0.01" numOctaves="10"/><feMorphology radius="100"/>`, 20)), saysTime},
		{"octaves", filtered(`<feTurbulence baseFrequency="0.01" numOctaves="1000000"/>`), saysTime},
		{"filter results", imagingtest.SVG(`width="1000" height="1000"`, `<filter id="f">`+counted(2000, `<feOffset dx="1" result="r%d"/>`)+
			`</filter><rect width="1000" height="1000" filter="url(#f)"/>`), saysMemory},
		{"a filter's region", svg(`<filter id="f" x="-1e6" y="-1e6" width="2e6" height="2e6" filterUnits="userSpaceOnUse"><feGaussianBlur stdDeviation="1e6"/></filter>` +
			`<rect width="400" height="400" filter="url(#f)"/>`), ""},
		{"layers", imagingtest.SVG(`width="1000" height="1000"`, strings.Repeat(`<g opacity="0.9">`, 190)+square+strings.Repeat(`</g>`, 190)), saysMemory},
		{"groups", svg(strings.Repeat(`<g>`, 50_000) + square + strings.Repeat(`</g>`, 50_000)), saysDamaged},
		{"selectors", svg(`<style>` + strings.Repeat(`*>*>*>*{fill:red}`, 5000) + `</style>` + strings.Repeat(`<g><g><g>`+square+`</g></g></g>`, 5000)), saysTime},
		{"attributes", svg(`<rect ` + counted(100_000, `a%d="1" `) + `/>`), saysTime},
		{"elements", svg(strings.Repeat(`<g/>`, 2_000_000)), saysMemory},
		{"gradient stops", svg(`<linearGradient id="g">` + strings.Repeat(`<stop offset="0.5" stop-color="red"/>`, 300_000) + `</linearGradient><rect width="9" height="9" fill="url(#g)"/>`), saysMemory},
		{"20 MB of small paths", svg(manyPaths(20 << 20)), saysMuch},
		{"20 MB in one path", svg(`<path d="M0 0` + strings.Repeat("L9 9 0 7 ", 20<<20/9) + `"/>`), saysDamaged},
		{"dashes", svg(`<path d="M0 0H1e9" stroke="red" stroke-dasharray="0.0001"/>`), ""},
		{"a long list of dashes", svg(`<path d="M0 0H400" stroke="red" stroke-dasharray="` + strings.Repeat("0.001 ", 1_000_000) + `"/>`), either},
		{"a matrix of 500 × 500", svg(`<filter id="f"><feConvolveMatrix order="500" kernelMatrix="` + strings.Repeat("1 ", 250_000) + `"/></filter><rect width="9" height="9" filter="url(#f)"/>`), "memory, or is damaged"},
		{"text", svg(`<text font-size="9">` + strings.Repeat("W", 2_000_000) + `</text>`), "memory"},
		{"a picture of 100,000 × 100,000", svg(picture(dataURI("image/png", imagingtest.PixelBomb()))), saysMemory},
		{"a picture of 20,000 × 20,000", svg(picture(dataURI("image/png", blackPNG(t, 20_000)))), saysMemory},
		{"a drawing in a drawing", svg(picture(dataURI("image/svg+xml", endlessSVG()))), saysTime},
		{"twelve drawings in drawings", nested, ""},
	})
}

func TestHostileSVG_RefersToItself(t *testing.T) {
	withoutRaceDetector(t)
	withstand(t, []hostile{
		{"use", svg(`<g id="a"><use xlink:href="#a"/>` + square + `</g>`), ""},
		{"pattern", svg(`<pattern id="p" width="10" height="10"><rect width="10" height="10" fill="url(#p)"/></pattern><rect width="400" height="400" fill="url(#p)"/>`), either},
		{"mask", svg(`<mask id="m"><rect width="400" height="400" fill="white" mask="url(#m)"/></mask><rect width="400" height="400" mask="url(#m)"/>`), ""},
		{"clip path", svg(`<clipPath id="c" clip-path="url(#c)">` + square + `</clipPath><rect width="400" height="400" clip-path="url(#c)"/>`), ""},
		{"filter", svg(`<filter id="f"><feImage xlink:href="#r"/></filter><rect id="r" width="400" height="400" filter="url(#f)"/>`), ""},
		{"marker", svg(`<marker id="k"><path d="M0 0L9 9" marker-start="url(#k)"/></marker><path d="M0 0L99 99L9 99" marker-mid="url(#k)"/>`), ""},
		{"gradient", svg(`<linearGradient id="g" xlink:href="#h"/><linearGradient id="h" xlink:href="#g"/><rect width="400" height="400" fill="url(#g)"/>`), ""},
		{"entity", append([]byte(`<!DOCTYPE svg [<!ENTITY a "&b;"><!ENTITY b "&a;">]>`), svg(`<text>&a;</text>`)...), saysDamaged},
	})
}

func TestHostileSVG_Sizes(t *testing.T) {
	withoutRaceDetector(t)
	var drawings []hostile
	for _, c := range []struct{ name, root, says string }{
		{"a million px", `width="1000000" height="1000000"`, saysSize},
		{"10⁹ px", `width="1e9" height="1e9"`, saysSize},
		{"10⁹ px wide", `width="1e9" height="10"`, saysSize},
		{"10³⁸ px", `width="1e38" height="1e38"`, saysSize},
		{"a kilometre", `width="1e6mm" height="1e6mm"`, saysSize},
		{"a box of 10³⁰", `viewBox="0 0 1e30 1e30"`, saysSize},
		{"zero", `width="0" height="0"`, saysDamaged},
		{"a side of zero", `width="0" height="400"`, saysDamaged},
		{"less than a px", `width="0.4" height="0.4"`, saysDamaged},
		{"negative box", `viewBox="0 0 -4 -4"`, saysDamaged},
		// What is no number or not allowed is as good as left out (SVG 2, 8.2).
		{"negative", `width="-4" height="-4"`, ""},
		{"no number", `width="NaN" height="NaN"`, ""},
		{"infinite", `width="inf" height="inf"`, ""},
		{"a box of nothing", `viewBox="0 0 0 0"`, ""},
		{"a px over a box of 10³⁰", `width="400" height="400" viewBox="0 0 1e30 1e30"`, ""},
		{"a px over a box of 10⁻³⁰", `width="400" height="400" viewBox="0 0 1e-30 1e-30"`, ""},
		{"no size", ``, ""},
		{"percent", `width="50%" height="25%"`, ""},
		{"percent of a box", `width="50%" height="25%" viewBox="0 0 400 200"`, ""},
		{"millimetres", `width="254mm" height="127mm"`, ""},
	} {
		drawings = append(drawings, hostile{c.name, imagingtest.SVG(c.root, square), c.says})
	}
	withstand(t, append(drawings,
		hostile{"nothing, without a size", imagingtest.SVG("", ""), saysDamaged},
		hostile{"10⁹ px by what is drawn", imagingtest.SVG("", `<rect width="1e9" height="1e9"/>`), saysSize},
		hostile{"coordinates", svg(`<path d="M1e38 1e38L-1e38 1e38 1e308 -1e308z" stroke="red" stroke-width="1e38"/><rect x="NaN" width="1e38" height="inf"/>` +
			`<circle r="1e38" stroke="red"/><path d="M0 0C1e38 1e38 -1e38 NaN 1 1A1e38 1e-38 0 1 1 5 5" stroke="blue"/>`), ""},
		hostile{"a transformation", svg(`<g transform="scale(1e30) rotate(45) skewX(89.9999)"><circle r="10" stroke="red" stroke-dasharray="1e-30"/></g>`), ""},
		hostile{"the beginning of one", endlessSVG()[:400], saysEarly},
		hostile{"one without its middle", append(endlessSVG()[:400], "</svg>"...), saysDamaged},
	))
}

func counted(n int, format string) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, format, i)
	}
	return out.String()
}

// manyPaths is a triangle again and again, size bytes.
func manyPaths(size int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var out strings.Builder
	for out.Len() < size {
		fmt.Fprintf(&out, `<path d="M%d %dl9 9 9 -9z"/>`, random.IntN(400), random.IntN(400))
	}
	return out.String()
}

// blackPNG is a whole PNG of side × side px, of one bit each: side is a multiple of 8.
func blackPNG(t *testing.T, side int) []byte {
	t.Helper()
	out := bytes.NewBufferString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		body := append([]byte(kind), data...)
		out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data))))
		out.Write(binary.BigEndian.AppendUint32(body, crc32.ChecksumIEEE(body)))
	}
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(side)), uint32(side))
	chunk("IHDR", append(size, 1, 0, 0, 0, 0))
	chunk("IDAT", deflated(t, bytes.Repeat([]byte{0}, 1+side/8), side))
	chunk("IEND", nil)
	return out.Bytes()
}

// deflated is piece times n, in zlib's format.
func deflated(t *testing.T, piece []byte, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	for range n {
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
