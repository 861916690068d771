package imagingtest

import (
	"bytes"
	"fmt"
	"strings"
)

// Page is one page of a PDF.
type Page struct {
	Entries string // of its dictionary, such as "/MediaBox [0 0 96 64]"
	Content string // what is drawn, in PDF's operators
}

// PDF writes a file (ISO 32000-1, 7.5) of pages: the first is object 3 and its
// content 4, the second 5 and 6. more are the objects that follow.
func PDF(pages []Page, more ...[]byte) []byte {
	objects := [][]byte{[]byte("<< /Type /Catalog /Pages 2 0 R >>"), nil}
	var kids []string
	for _, p := range pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", len(objects)+1))
		page := fmt.Sprintf("<< /Type /Page /Parent 2 0 R /Contents %d 0 R %s >>", len(objects)+2, p.Entries)
		objects = append(objects, []byte(page), PDFStream("", []byte(p.Content)))
	}
	objects[1] = fmt.Appendf(nil, "<< /Type /Pages /Count %d /Kids [%s] >>", len(kids), strings.Join(kids, " "))
	return PDFFile("", append(objects, more...)...)
}

// PDFFile writes a file of objects, numbered from 1, of which the first is the
// catalogue. entries are those of the trailer, beside the usual ones.
func PDFFile(entries string, objects ...[]byte) []byte {
	var out, table bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	for i, object := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n%s", len(objects)+1, table.Bytes())
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, entries, start)
	return out.Bytes()
}

// PDFStream is a stream object with entries in its dictionary.
func PDFStream(entries string, data []byte) []byte {
	return fmt.Appendf(nil, "<< /Length %d %s >>\nstream\n%s\nendstream", len(data), entries, data)
}
