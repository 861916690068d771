package vips

import (
	"bytes"
	"strconv"
)

// unitPixels is how many px CSS has in each of its absolute units (CSS Values and
// Units 3, 6.2).
var unitPixels = map[string]float64{
	"in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4, "pt": 96.0 / 72, "pc": 16,
}

// rootInPixels is an SVG whose own width and height are in px where they were in an
// absolute unit: libvips before 8.18 takes 72 px for an inch there. Other lengths are
// left as they are.
func rootInPixels(data []byte) []byte {
	at := len(data) - len(fromRoot(data))
	var out []byte
	done := 0
	for _, a := range attributes(data[at:]) {
		if a.name != "width" && a.name != "height" {
			continue
		}
		from, to := at+a.from, at+a.to
		if px, ok := inPixels(data[from:to]); ok {
			out = append(append(out, data[done:from]...), px...)
			done = to
		}
	}
	if done == 0 {
		return data
	}
	return append(out, data[done:]...)
}

// inPixels is a length that has an absolute unit in px.
func inPixels(length []byte) (string, bool) {
	length = bytes.TrimSpace(length)
	number := bytes.TrimRight(length, "incmptc")
	per, ok := unitPixels[string(length[len(number):])]
	if !ok {
		return "", false
	}
	v, err := strconv.ParseFloat(string(number), 64)
	if err != nil {
		return "", false
	}
	return strconv.FormatFloat(v*per, 'f', -1, 64), true
}

// attribute is where the value of one stands in a tag.
type attribute struct {
	name     string
	from, to int
}

// attributes of the tag that data begins with, up to the first that is malformed.
func attributes(data []byte) (found []attribute) {
	at := bytes.IndexAny(data, " \t\r\n/>")
	for at >= 0 {
		at += blanks(data[at:])
		name, _, ok := bytes.Cut(data[at:], []byte("="))
		if !ok || bytes.ContainsAny(name, "<>\"'/") {
			return found
		}
		at += len(name) + 1
		at += blanks(data[at:])
		if at >= len(data) || (data[at] != '"' && data[at] != '\'') {
			return found
		}
		size := bytes.IndexByte(data[at+1:], data[at])
		if size < 0 {
			return found
		}
		found = append(found, attribute{string(bytes.TrimSpace(name)), at + 1, at + 1 + size})
		at += size + 2
	}
	return found
}

// blanks is how many blanks of XML data begins with.
func blanks(data []byte) int { return len(data) - len(bytes.TrimLeft(data, " \t\r\n")) }
