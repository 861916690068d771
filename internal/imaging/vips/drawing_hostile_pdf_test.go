package vips_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"pixmill/internal/imaging/imagingtest"
)

const (
	sheet     = "/MediaBox [0 0 400 400]"
	redSquare = "1 0 0 rg 50 50 300 300 re f"
)

// page is a PDF of one page of 400 × 400 px; more are objects from the fifth on.
func page(entries, content string, more ...[]byte) []byte {
	return imagingtest.PDF([]imagingtest.Page{{Entries: sheet + " " + entries, Content: content}}, more...)
}

// deflatedPage has for its content what is inflated from data.
func deflatedPage(filter string, data []byte) []byte {
	return imagingtest.PDFFile("", []byte("<< /Type /Catalog /Pages 2 0 R >>"), []byte("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
		[]byte("<< /Type /Page /Parent 2 0 R /Contents 4 0 R "+sheet+" >>"), imagingtest.PDFStream("/Filter "+filter, data))
}

// formed shows an XObject, which is object 5.
func formed(objects ...[]byte) []byte {
	return page("/Resources << /XObject << /X 5 0 R >> >>", "400 0 0 400 0 0 cm /X Do", objects...)
}

func form(entries, content string) []byte {
	return imagingtest.PDFStream("/Type /XObject /Subtype /Form /BBox [0 0 400 400] "+entries, []byte(content))
}

// raster is a picture of grey.
func raster(width, height, bits int, entries string, data []byte) []byte {
	return imagingtest.PDFStream(fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent %d %s",
		width, height, bits, entries), data)
}

// formTower is levels of a form that shows another ten times.
func formTower() []byte {
	var forms [][]byte
	for i := range levels {
		forms = append(forms, form(fmt.Sprintf("/Resources << /XObject << /X %d 0 R >> >>", 6+i), strings.Repeat("/X Do ", 10)))
	}
	return formed(append(forms, form("", redSquare))...)
}

func tiled(step, content string) []byte {
	return page("/Resources << /Pattern << /P 5 0 R >> >>", "/Pattern cs /P scn 0 0 400 400 re f", imagingtest.PDFStream(
		"/PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 10 10] /Resources << /Pattern << /P 5 0 R >> >> /XStep "+step+" /YStep "+step, []byte(content)))
}

func TestHostilePDF_GrowsBeyondItsSize(t *testing.T) {
	withoutRaceDetector(t)
	spaces := bytes.Repeat([]byte(" "), 1<<20)
	painted := bytes.Repeat([]byte("0 0 400 400 re f\n"), 1<<16)
	once := deflated(t, spaces, 1<<9)
	const flate = "/Filter /FlateDecode"
	jbig2 := append([]byte{0, 0, 0, 0, 0x30, 0, 1, 0, 0, 0, 19}, make([]byte, 19)...) // ITU-T T.88, 7.2 and 7.4.8: a page
	binary.BigEndian.PutUint32(jbig2[11:], 30_000)
	binary.BigEndian.PutUint32(jbig2[15:], 300_000)
	var groups [][]byte
	for i := range 60 {
		groups = append(groups, form(fmt.Sprintf("/Group << /S /Transparency >> /Resources << /XObject << /X %d 0 R >> >>", 6+i), "/X Do"))
	}
	var pages []imagingtest.Page
	for range 5000 {
		pages = append(pages, imagingtest.Page{Entries: sheet, Content: redSquare})
	}
	withstand(t, []hostile{
		{"30 MB of squares", deflatedPage("/FlateDecode", deflated(t, painted, 30)), saysTime},
		{"500 MB of nothing, packed thrice", deflatedPage("[/FlateDecode /FlateDecode /FlateDecode]", deflated(t, deflated(t, once, 1), 1)), saysTime},
		{"states", deflatedPage("/FlateDecode", deflated(t, bytes.Repeat([]byte("q "), 1<<20), 10)), saysMuch},
		{"forms", formTower(), either},
		{"a pattern of tiny steps", tiled("0.0001", redSquare), saysTime},
		{"groups", formed(append(groups, form("", redSquare))...), ""},
		{"a picture of 100,000 × 100,000", formed(raster(100_000, 100_000, 8, flate, deflated(t, make([]byte, 100_000), 300))), saysSize},
		{"a picture of 20,000 × 20,000", formed(raster(20_000, 20_000, 1, flate, deflated(t, make([]byte, 2500), 20_000))), saysMemory},
		{"a mask of 30,000 × 30,000", formed(raster(1, 1, 8, "/SMask 6 0 R", []byte("a")), raster(30_000, 30_000, 1, flate, deflated(t, make([]byte, 3750), 30_000))), saysMemory},
		{"a fax of 100,000 × 100,000", formed(raster(100_000, 100_000, 1, "/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 100000 /Rows 100000 >>", bytes.Repeat([]byte{0xff}, 12_500))), saysSize},
		{"a fax of 2³¹ columns", formed(raster(1000, 1000, 1, "/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 2147483000 >>", bytes.Repeat([]byte{0xff}, 12_500))), either},
		{"JBIG2 of 30,000 × 300,000", formed(raster(1000, 1000, 1, "/Filter /JBIG2Decode", jbig2)), saysMemory},
		{"a picture within the content", page("", "400 0 0 400 0 0 cm BI /W 60000 /H 60000 /BPC 8 /CS /RGB ID abcabcabc EI"), either},
		{"pages", imagingtest.PDF(pages), ""},
		{"arrays", page("/Resources << /X "+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+" >>", redSquare), either},
		{"dashes", page("", "[0.00001] 0 d 0 0 m 400 400 l S"), either},
		{"a table of 2·10⁹ values", page("/Resources << /ColorSpace << /C [/Separation /X /DeviceRGB 5 0 R] >> >>", "/C cs 0.5 scn 0 0 400 400 re f",
			imagingtest.PDFStream("/FunctionType 0 /Domain [0 1] /Range [0 1 0 1 0 1] /Size [2000000000] /BitsPerSample 32", []byte("abc"))), either},
	})
}

func TestHostilePDF_RefersToItself(t *testing.T) {
	withoutRaceDetector(t)
	object := func(s string) []byte { return []byte(s) }
	catalogue := object("<< /Type /Catalog /Pages 2 0 R >>")
	withstand(t, []hostile{
		{"form", formed(form("/Resources << /XObject << /X 5 0 R >> >>", "/X Do /X Do "+redSquare)), ""},
		{"pattern", tiled("10", "/Pattern cs /P scn 0 0 10 10 re f"), ""},
		{"glyph", page("/Resources << /Font << /F 5 0 R >> >>", "BT /F 20 Tf (aa) Tj ET",
			object("<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1e6 1e6] /FontMatrix [1 0 0 1 0 0] /CharProcs << /a 6 0 R >> /Encoding << /Differences [97 /a] >> "+
				"/FirstChar 97 /LastChar 97 /Widths [1000] /Resources << /Font << /F 5 0 R >> >> >>"),
			imagingtest.PDFStream("", object("1000 0 0 0 1000000 1000000 d1 BT /F 20 Tf (aaaa) Tj ET"))), ""},
		{"page tree", imagingtest.PDFFile("", catalogue, object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"), object("<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>")), saysDamaged},
		{"page tree that says it is large", imagingtest.PDFFile("", catalogue, object("<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2000000000 >>")), saysDamaged},
		{"parent of all pages", imagingtest.PDFFile("", catalogue, object("<< /Type /Pages /Parent 2 0 R /Kids [3 0 R] /Count 1 >>"),
			object("<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>"), imagingtest.PDFStream("", object(redSquare))), either},
		{"earlier table of objects", imagingtest.PDFFile("/Prev 200", catalogue, object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
			object("<< /Type /Page /Parent 2 0 R /Contents 4 0 R "+sheet+" >>"), imagingtest.PDFStream("", object(redSquare))), either},
		{"length", imagingtest.PDFFile("", catalogue, object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
			object("<< /Type /Page /Parent 2 0 R /Contents 4 0 R "+sheet+" >>"), object("<< /Length 4 0 R >>\nstream\n"+redSquare+"\nendstream")), either},
	})
}

func TestHostilePDF_Sizes(t *testing.T) {
	withoutRaceDetector(t)
	sized := func(entries string) []byte {
		return imagingtest.PDF([]imagingtest.Page{{Entries: entries, Content: redSquare}})
	}
	withstand(t, []hostile{
		{"10⁹", sized("/MediaBox [0 0 1000000000 1000000000]"), saysSize},
		{"10⁹ wide", sized("/MediaBox [0 0 1000000000 10]"), saysSize},
		{"100,000", sized("/MediaBox [0 0 100000 100000]"), saysSize},
		// Poppler takes US Letter for what is no size.
		{"10³⁸", sized("/MediaBox [0 0 1e38 1e38]"), either},
		{"nothing", sized("/MediaBox [0 0 0 0]"), either},
		{"the wrong way round", sized("/MediaBox [400 400 0 0]"), ""},
		{"no numbers", sized("/MediaBox [0 0 (x) null]"), either},
		{"none", sized(""), either},
		{"a unit of a million", sized(sheet + " /UserUnit 1000000"), either},
	})
}

// TestHostilePDF_OutOfOrder: what can be repaired is drawn, what is cut off is not.
func TestHostilePDF_OutOfOrder(t *testing.T) {
	withoutRaceDetector(t)
	long := page("", strings.Repeat(" ", 5000)+redSquare)
	half := long[:len(long)*6/10]
	packed := page("", redSquare, imagingtest.PDFStream("/Type /ObjStm /N 2000000000 /First 4 /Filter /FlateDecode", deflated(t, []byte("9 0 "), 1)))
	withstand(t, []hostile{
		{"empty", []byte("%PDF-1.7\n%%EOF\n"), saysDamaged},
		{"without pages", imagingtest.PDFFile("", []byte("<< /Type /Catalog /Pages 2 0 R >>"), []byte("<< /Type /Pages /Kids [] /Count 0 >>")), saysDamaged},
		{"cut off", half, saysEarly},
		{"cut off, with an end", append(bytes.Clone(half), "\n%%EOF\n"...), saysDamaged},
		{"a table that is not where it should be", bytes.Replace(long, []byte("startxref\n"), []byte("startxref\n9"), 1), ""},
		{"a table of wrong places", bytes.ReplaceAll(long, []byte(" 00000 n"), []byte(" 00001 n")), ""},
		{"behind other bytes", append(bytes.Repeat([]byte("GARBAGE\n"), 50), long...), ""},
		{"a stream of objects that says it is large", packed, ""},
		{"encrypted", imagingtest.PDFFile("/ID [<0011> <0011>] /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <"+
			strings.Repeat("11", 32)+"> /U <"+strings.Repeat("22", 32)+"> >>",
			[]byte("<< /Type /Catalog /Pages 2 0 R >>"), []byte("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
			[]byte("<< /Type /Page /Parent 2 0 R /Contents 4 0 R "+sheet+" >>"), imagingtest.PDFStream("", []byte(redSquare))), "password"},
	})
}
