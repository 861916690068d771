package vips

import (
	"bytes"
	"strconv"

	"pixmill/internal/fault"
)

// checkPictures refuses a PDF with a picture that is too large to be drawn: cairo has
// no surface for it, and poppler leaves it out and says nothing. The dictionary of a
// stream, as a picture is one, stands in the file as it is (ISO 32000-1, 7.5.7); on
// which page the picture is, is not looked up.
func checkPictures(pdf []byte) error {
	for _, key := range []string{"/Width", "/Height"} {
		for rest := pdf; ; {
			_, after, found := bytes.Cut(rest, []byte(key))
			if !found {
				break
			}
			if side := leadingNumber(after); side > maxDrawSide {
				return &fault.LimitError{Field: "width or height of a picture in a PDF", Limit: maxDrawSide, Value: side, Unit: "px"}
			}
			rest = after
		}
	}
	return nil
}

// leadingNumber is the whole number that data begins with; 0 where there is none.
func leadingNumber(data []byte) int64 {
	const longest = 20
	data = bytes.TrimLeft(data[:min(len(data), longest)], " \t\r\n\f\x00")
	end := 0
	for end < len(data) && data[end] >= '0' && data[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(string(data[:end]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
