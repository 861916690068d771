package vips

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest"
)

func TestSniffDrawing(t *testing.T) {
	svg := string(imagingtest.SVGCard(`width="96" height="64"`, "RGBY"))
	pdf := string(imagingtest.PDFCard())
	const doctype = `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"`
	for _, c := range []struct {
		name string
		data string
		want imaging.Format
	}{
		{"svg", svg, imaging.FormatSVG},
		{"behind a declaration", `<?xml version="1.0" encoding="ISO-8859-1"?>` + "\r\n" + svg, imaging.FormatSVG},
		{"behind another instruction", `<?xml-stylesheet href="a>b.css"?>` + svg, imaging.FormatSVG},
		{"behind a comment", "<!-- <html> -- > [ \" -->" + svg, imaging.FormatSVG},
		{"behind a byte order mark", "\xef\xbb\xbf" + svg, imaging.FormatSVG},
		{"behind blanks", " \t\r\n\n" + svg, imaging.FormatSVG},
		{"behind a doctype", doctype + ">" + svg, imaging.FormatSVG},
		{"behind a doctype with entities", doctype + ` [<!ENTITY ns "http://www.w3.org/2000/svg">]>` + svg, imaging.FormatSVG},
		{"behind a doctype with brackets in quotes", doctype + ` [ <!ENTITY a "]>"> <!ENTITY b ']>"'> ]` + "\n>" + svg, imaging.FormatSVG},
		{"behind a doctype with brackets in a comment", doctype + ` [ <!-- it's ]> over --> <!ENTITY a "1"> ]>` + svg, imaging.FormatSVG},
		{"behind a doctype with brackets in an instruction", doctype + ` [ <?note "]> ?> ]>` + svg, imaging.FormatSVG},
		{"behind a doctype with a bracket in its identifier", `<!DOCTYPE svg SYSTEM "a[b>.dtd">` + svg, imaging.FormatSVG},
		{"behind a doctype that quotes an svg", `<!DOCTYPE note [ <!ENTITY a "]><svg/>"> ]><note/>`, ""},
		{"behind a doctype that does not end", doctype + ` [ <!ENTITY a "` + svg, ""},
		{"with a prefix", `<s:svg xmlns:s="http://www.w3.org/2000/svg" width="9" height="9"/>`, imaging.FormatSVG},
		{"without attributes", "<svg></svg>", imaging.FormatSVG},
		{"cut off in its name", "<sv", ""},
		{"a longer name", "<svgs/>", ""},
		{"within html", "<!DOCTYPE html><html><body>" + svg + "</body></html>", ""},
		{"within html without a doctype", "<p>" + svg, ""},
		{"within other xml", `<?xml version="1.0"?><note>` + svg + "</note>", ""},
		{"behind a text", "a drawing: " + svg, ""},
		{"behind 60 KB of comment", "<!--" + strings.Repeat("x", 60<<10) + "-->" + svg, imaging.FormatSVG},
		{"behind 70 KB of comment", "<!--" + strings.Repeat("x", 70<<10) + "-->" + svg, ""},
		{"in utf-16", utf16Of(svg), ""},
		{"compressed", gzipped(t, svg), ""},
		{"pdf", pdf, imaging.FormatPDF},
		{"pdf at 1,000 bytes", strings.Repeat("\n", 1000) + pdf, imaging.FormatPDF},
		{"pdf at 2,000 bytes", strings.Repeat("\n", 2000) + pdf, ""},
		{"a pdf's name alone", "%PDF", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sniff([]byte(c.data)); got != c.want {
				t.Errorf("sniff(%.80q) = %q, want %q", c.data, got, c.want)
			}
		})
	}
}

// TestProbe_DrawingsThatAreNotRead: the error says what the source begins with.
func TestProbe_DrawingsThatAreNotRead(t *testing.T) {
	e, err := New(imaging.Limits{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	svg := string(imagingtest.SVGCard("", "RGBY"))
	for name, c := range map[string]struct{ data, says string }{
		"compressed": {gzipped(t, svg), `"\x1f\x8b`},
		"in utf-16":  {utf16Of(svg), `"\xff\xfe`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := e.Probe(t.Context(), []byte(c.data))
			if !errors.Is(err, imaging.ErrNotImage) || fault.KindOf(err) != fault.Rejected || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want that no known format starts with %s", err, c.says)
			}
		})
	}
}

func utf16Of(s string) string {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return string(out)
}

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
