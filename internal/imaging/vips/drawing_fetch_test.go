package vips_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest"
)

const (
	magenta     = "#ff00ff"
	magentaRect = `<rect id="m" class="m" width="400" height="400" fill="` + magenta + `"/>`
	plainRect   = `<rect class="m" width="400" height="400" fill="#808080"/>`
)

// outside are files that a drawing refers to, in the working directory and behind an
// HTTP server: whatever shows one is magenta.
type outside struct {
	dir    string
	server *httptest.Server
	seen   atomic.Int64 // connections
}

func newOutside(t *testing.T) *outside {
	t.Helper()
	o := &outside{dir: t.TempDir()}
	for name, data := range map[string][]byte{
		"m.png": magentaPNG(t),
		"m.svg": imagingtest.SVG(canvas, `<linearGradient id="g"><stop stop-color="`+magenta+`"/></linearGradient><filter id="f"><feFlood flood-color="`+magenta+`"/></filter>`+magentaRect),
		"m.css": []byte(`.m{fill:` + magenta + `}`),
		"m.xml": []byte(magentaRect),
		"m.dtd": []byte(`<!ENTITY m "` + magenta + `">`),
		"m.txt": []byte("1 0 1 rg 0 0 400 400 re f"),
		"m.rgb": {255, 0, 255},
		"m.pdf": page("", "1 0 1 rg 0 0 400 400 re f"),
	} {
		if err := os.WriteFile(filepath.Join(o.dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(o.dir)
	o.server = httptest.NewUnstartedServer(http.FileServer(http.Dir(o.dir)))
	o.server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			o.seen.Add(1)
		}
	}
	o.server.Start()
	t.Cleanup(o.server.Close)
	return o
}

func magentaPNG(t *testing.T) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	draw.Draw(m, m.Rect, image.NewUniform(color.NRGBA{255, 0, 255, 255}), image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// places are the ways in which a drawing may name a file of o.
func (o *outside) places(file string) []string {
	path := filepath.Join(o.dir, file)
	return []string{o.server.URL + "/" + file, strings.Replace(o.server.URL, "http:", "", 1) + "/" + file, "file://" + path, path, file, "./" + file}
}

// showsMagenta is whether data is drawn and magenta is in it.
func showsMagenta(t *testing.T, data []byte) bool {
	t.Helper()
	shows := false
	_, err := newEngine(t, imaging.Limits{}).Render(t.Context(), data, imaging.Request{Specs: []imaging.Spec{{Width: 100, Format: imaging.FormatPNG}}}, func(_ int, out imaging.Encoded) error {
		if out.Err != nil {
			return out.Err
		}
		m, err := png.Decode(bytes.NewReader(out.Data))
		if err != nil {
			return err
		}
		b := m.Bounds()
		for i := range b.Dx() * b.Dy() {
			c := color.NRGBAModel.Convert(m.At(i%b.Dx(), i/b.Dx())).(color.NRGBA)
			shows = shows || (c.R > 200 && c.G < 60 && c.B > 200 && c.A > 100)
		}
		return nil
	})
	plainly(t, err)
	return shows
}

// reference is a way to name a file. inside is the same without a file, which does show.
type reference struct {
	name, file string
	with       func(places ...string) []byte // names the file in one or all of these ways
	inside     []byte
}

// check fails t if a file is read, or if it would not be seen.
func (o *outside) check(t *testing.T, format string, refs []reference) {
	reads(t, newEngine(t, imaging.Limits{}), format)
	for _, r := range refs {
		t.Run(r.name, func(t *testing.T) {
			if !showsMagenta(t, r.inside) {
				t.Fatal("what the drawing itself holds does not show: the test could not fail")
			}
			places := o.places(r.file)
			if !strings.Contains(string(r.inside), "<!DOCTYPE") { // there is but one of that
				if showsMagenta(t, r.with(places...)) {
					t.Errorf("one of %q was read", places)
				}
				return
			}
			for _, place := range places {
				if showsMagenta(t, r.with(place)) {
					t.Errorf("%s was read", place)
				}
			}
		})
	}
	if n := o.seen.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	o.counts(t)
}

// counts fails t if o does not see a connection.
func (o *outside) counts(t *testing.T) {
	t.Helper()
	before := o.seen.Load()
	response, err := o.server.Client().Get(o.server.URL + "/m.png")
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if o.seen.Load() != before+1 {
		t.Error("a connection was not seen")
	}
}

func TestSVG_ReadsNothingOutside(t *testing.T) {
	withoutRaceDetector(t)
	o := newOutside(t)
	filled := func(format string, places []string) string {
		var out strings.Builder
		for i, place := range places {
			out.WriteString(strings.NewReplacer("PLACE", place, "NAME", fmt.Sprint("n", i)).Replace(format))
		}
		return out.String()
	}
	in := func(format string) func(...string) []byte {
		return func(places ...string) []byte { return svg(filled(format, places)) }
	}
	before := func(format, body string) func(...string) []byte {
		return func(places ...string) []byte { return append([]byte(filled(format, places)), svg(body)...) }
	}
	uri := dataURI("image/png", magentaPNG(t))
	shown := func(format string) []byte { return in(format)(uri) }
	const (
		pictured  = `<image width="400" height="400" xlink:href="PLACE"/>`
		filtered  = `<filter id="NAME"><feImage xlink:href="PLACE"/></filter><rect width="400" height="400" filter="url(#NAME)"/>`
		patterned = `<pattern id="NAME" width="1" height="1"><image width="400" height="400" href="PLACE"/></pattern><rect width="400" height="400" fill="url(#NAME)"/>`
		included  = `<g xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="PLACE"/></g>`
		caught    = `<g xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="PLACE"><xi:fallback>` + magentaRect + `</xi:fallback></xi:include></g>`
	)
	gradient := `<linearGradient id="g"><stop stop-color="` + magenta + `"/></linearGradient>`
	flood := `<filter id="f"><feFlood flood-color="` + magenta + `"/></filter>`
	styled := svg(`<style>.m{fill:` + magenta + `}</style>` + plainRect)
	o.check(t, "svg", []reference{
		{"image", "m.png", in(pictured), shown(pictured)},
		{"image of SVG", "m.svg", in(pictured), in(pictured)(dataURI("image/svg+xml", svg(magentaRect)))},
		{"image with a base", "m.png", in(`<g xml:base="` + o.server.URL + `/">` + pictured + `</g>`), shown(`<g xml:base="/">` + pictured + `</g>`)},
		{
			"image in a drawing in it", "m.png", func(places ...string) []byte { return in(pictured)(dataURI("image/svg+xml", in(pictured)(places...))) },
			in(pictured)(dataURI("image/svg+xml", shown(pictured))),
		},
		{"feImage", "m.png", in(filtered), shown(filtered)},
		{"pattern", "m.png", in(patterned), shown(patterned)},
		{"use", "m.svg", in(`<use xlink:href="PLACE#m"/>`), in(`<defs>` + magentaRect + `</defs><use xlink:href="#m"/>`)("")},
		{"paint", "m.svg", in(`<rect width="400" height="400" fill="url(PLACE#g)"/>`), in(gradient + `<rect width="400" height="400" fill="url(#g)"/>`)("")},
		{"filter", "m.svg", in(`<rect width="400" height="400" filter="url(PLACE#f)"/>`), in(flood + `<rect width="400" height="400" filter="url(#f)"/>`)("")},
		{"@import", "m.css", in(`<style>@import url("PLACE");</style><style>@import "PLACE";</style>` + plainRect), styled},
		{"xml-stylesheet", "m.css", before(`<?xml-stylesheet type="text/css" href="PLACE"?>`, plainRect), styled},
		{"link", "m.css", in(`<link xmlns="http://www.w3.org/1999/xhtml" rel="stylesheet" type="text/css" href="PLACE"/>` + plainRect), styled},
		{"xi:include", "m.svg", in(included), in(caught)("none.svg")},
		{"xi:include of text", "m.css", in(`<style><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="PLACE" parse="text"/></style>` + plainRect), styled},
		{"entity", "m.xml", before(`<!DOCTYPE svg [<!ENTITY m SYSTEM "PLACE">]>`, `&m;`), before(`<!DOCTYPE svg [<!ENTITY m "`+magenta+`">]>`, `<rect width="400" height="400" fill="&m;"/>`)("")},
		{
			"parameter entity", "m.dtd", before(`<!DOCTYPE svg [<!ENTITY % p SYSTEM "PLACE"> %p;]>`, `<rect width="400" height="400" fill="&m;"/>`),
			before(`<!DOCTYPE svg [<!ENTITY m "`+magenta+`">]>`, `<rect width="400" height="400" fill="&m;"/>`)(""),
		},
		{
			"DTD", "m.dtd", before(`<!DOCTYPE svg SYSTEM "PLACE">`, `<rect width="400" height="400" fill="&m;"/>`),
			before(`<!DOCTYPE svg [<!ENTITY m "`+magenta+`">]>`, `<rect width="400" height="400" fill="&m;"/>`)(""),
		},
		{
			"font", "m.svg", in(`<style>@font-face{font-family:f;src:url("PLACE")}</style><text y="300" font-size="300" font-family="f">M</text>`),
			in(`<text y="300" font-size="300" fill="` + magenta + `">M</text>`)(""),
		},
		{"script", "m.svg", in(`<script xlink:href="PLACE"/>` + plainRect), svg(magentaRect)},
		{"page in it", "m.png", in(`<foreignObject width="400" height="400"><img xmlns="http://www.w3.org/1999/xhtml" src="PLACE"/></foreignObject>` + plainRect), svg(magentaRect)},
	})
}

func TestPDF_ReadsNothingOutside(t *testing.T) {
	withoutRaceDetector(t)
	o := newOutside(t)
	const paint = "1 0 1 rg 0 0 400 400 re f"
	rgb := "/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceRGB /BitsPerComponent 8 "
	shown := func(object func(file string) []byte) func(...string) []byte {
		return withFiles("/XObject", "q 400 0 0 400 0 0 cm /%s Do Q\n", object)
	}
	o.check(t, "pdf", []reference{
		{"content", "m.txt", func(places ...string) []byte {
			var streams [][]byte
			var contents strings.Builder
			for i, file := range files(places) {
				streams = append(streams, imagingtest.PDFStream("/F "+file, nil))
				fmt.Fprintf(&contents, "%d 0 R ", 4+i)
			}
			return imagingtest.PDFFile("", append([][]byte{
				[]byte("<< /Type /Catalog /Pages 2 0 R >>"), []byte("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
				[]byte("<< /Type /Page /Parent 2 0 R " + sheet + " /Contents [" + contents.String() + "] >>"),
			}, streams...)...)
		}, page("", paint)},
		{"picture", "m.rgb", shown(func(file string) []byte { return imagingtest.PDFStream(rgb+"/F "+file, nil) }), formed(imagingtest.PDFStream(rgb, []byte{255, 0, 255}))},
		{"form of another file", "m.pdf", shown(func(file string) []byte { return form("/Ref << /F "+file+" /Page 0 >>", "") }), formed(form("", "1 0 1 rg 0 0 1 1 re f"))},
		{"font", "m.txt", withFiles("/Font", "BT /%s 300 Tf (M) Tj ET\n", func(file string) []byte {
			return []byte("<< /Type /Font /Subtype /TrueType /BaseFont /Outside /FontDescriptor << /Type /FontDescriptor /FontName /Outside /Flags 32 /FontFile2 << /F " + file + " >> >> >>")
		}), page("/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>", "1 0 1 rg BT /F 300 Tf (M) Tj ET")},
		{"action", "m.pdf", func(places ...string) []byte {
			var all strings.Builder
			for i, file := range files(places) {
				place := places[i/formsOfName]
				for _, action := range []string{
					"/URI /URI (" + place + ")", "/JavaScript /JS (app.launchURL\\('" + place + "'\\))",
					"/Launch /F " + file, "/GoToR /D [0 /Fit] /F " + file, "/ImportData /F " + file, "/SubmitForm /F " + file,
				} {
					a := "<< /S " + action + " >>"
					all.WriteString("<< /Type /Annot /Subtype /Link /Rect [0 0 400 400] /A " + a + " /AA << /PV " + a + " /PO " + a + " >> >>\n")
				}
			}
			return page("/Annots ["+all.String()+"]", "")
		}, page("/Annots [<< /Type /Annot /Subtype /Square /Rect [0 0 400 400] /C [1 0 1] /IC [1 0 1] /AP << /N 5 0 R >> >>]", "", form("", paint))},
	})
}

// formsOfName is how many file specifications there are of each place (ISO 32000-1, 7.11).
const formsOfName = 3

func files(places []string) (specs []string) {
	for _, place := range places {
		specs = append(specs, "("+place+")", "<< /Type /Filespec /F ("+place+") /UF ("+place+") >>", "<< /Type /Filespec /FS /URL /F ("+place+") >>")
	}
	return specs
}

// withFiles is a page that uses an object for each way to name each place.
func withFiles(kind, use string, object func(file string) []byte) func(...string) []byte {
	return func(places ...string) []byte {
		var objects [][]byte
		var resources, content strings.Builder
		for i, file := range files(places) {
			objects = append(objects, object(file))
			fmt.Fprintf(&resources, "/N%d %d 0 R ", i, 5+i)
			fmt.Fprintf(&content, use, fmt.Sprint("N", i))
		}
		return page("/Resources << "+kind+" << "+resources.String()+">> >>", content.String(), objects...)
	}
}
