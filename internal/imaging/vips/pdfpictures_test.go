package vips

import (
	"errors"
	"testing"

	"pixmill/internal/fault"
)

func TestCheckPictures(t *testing.T) {
	for data, want := range map[string]int64{
		"": 0, "%PDF-1.4": 0, "/Width": 0, "/Width /Height": 0, "/Widths [99999]": 0, "/Width 8 0 R": 0,
		"/Width 32767 /Height 32767":                0,
		"/Width 32768":                              32_768,
		"/Height\n\x00 40000/Width 3":               40_000,
		"<</Width 20/Height 20>> <</Height 99999>>": 99_999,
		"/Width 99999999999999999999999999":         0, // no picture: poppler reads that as nothing, too
	} {
		err := checkPictures([]byte(data))
		limit, ok := errors.AsType[*fault.LimitError](err)
		if want == 0 && err != nil || want > 0 && (!ok || limit.Value != want) {
			t.Errorf("%q: got %v, want %d px", data, err, want)
		}
	}
}
