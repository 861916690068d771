package vips

import (
	"bytes"

	"pixmill/internal/imaging"
)

const (
	pdfWindow = 1024     // bytes in which PDF's header stands: ISO 32000-1, annex H.3.4.1
	xmlWindow = 64 << 10 // bytes in which an SVG's root element begins
)

// sniffDrawing looks for what has no signature at a fixed place.
func sniffDrawing(data []byte) imaging.Format {
	if name := rootElement(data[:min(len(data), xmlWindow)]); name == "svg" {
		return imaging.FormatSVG
	}
	if bytes.Contains(data[:min(len(data), pdfWindow)], []byte("%PDF-")) {
		return imaging.FormatPDF
	}
	return ""
}

// rootElement is the local name of the first element of an XML document in any
// encoding that extends ASCII; "" where something else comes first.
func rootElement(data []byte) string {
	name := bytes.TrimPrefix(fromRoot(data), []byte("<"))
	if end := bytes.IndexAny(name, " \t\r\n/>"); end >= 0 {
		name = name[:end]
	}
	return string(name[bytes.IndexByte(name, ':')+1:])
}

// fromRoot is an XML document from its first element on: empty where something
// else comes first.
func fromRoot(data []byte) []byte {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for {
		data = data[blanks(data):]
		switch {
		case bytes.HasPrefix(data, []byte("<?")):
			data = after(data, "?>")
		case bytes.HasPrefix(data, []byte("<!--")):
			data = after(data, "-->")
		case bytes.HasPrefix(data, []byte("<!DOCTYPE")):
			data = afterDoctype(data)
		case bytes.HasPrefix(data, []byte("<")):
			return data
		default:
			return nil
		}
	}
}

func after(data []byte, end string) []byte {
	_, rest, _ := bytes.Cut(data, []byte(end))
	return rest
}

// afterDoctype passes over a document type declaration, with the declarations in
// its brackets and what is quoted or commented on there (XML 1.0, 2.8).
func afterDoctype(data []byte) []byte {
	inside := false
	for {
		at := bytes.IndexAny(data, "\"'[]<>")
		if at < 0 {
			return nil
		}
		rest := data[at+1:]
		switch data[at] {
		case '"', '\'':
			data = after(rest, string(data[at]))
		case '[':
			inside, data = true, rest
		case ']':
			inside, data = false, rest
		case '>':
			if !inside {
				return rest
			}
			data = rest
		default:
			data = afterMarkup(rest)
		}
	}
}

// afterMarkup passes over a comment or an instruction, whose "<" is gone: quotes
// and brackets mean nothing there. Of a declaration only its "<" is.
func afterMarkup(data []byte) []byte {
	switch {
	case bytes.HasPrefix(data, []byte("!--")):
		return after(data[3:], "-->")
	case bytes.HasPrefix(data, []byte("?")):
		return after(data, "?>")
	}
	return data
}
