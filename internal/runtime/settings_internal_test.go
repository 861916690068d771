package runtime

import (
	"testing"

	"pixmill/internal/runtime/httpfn"
)

// What was given up is tried again with another function.
func TestSettings_DifferByTheFunctionsURL(t *testing.T) {
	settings := func(function string) string {
		u, err := httpfn.ParseURL(function)
		if err != nil {
			t.Fatal(err)
		}
		return (&Options{URL: u}).settings()
	}
	if settings("http://f/") != settings("http://f") || settings("http://f/") == settings("http://f/v2") {
		t.Errorf("http://f: %s and %s, http://f/v2: %s", settings("http://f/"), settings("http://f"), settings("http://f/v2"))
	}
}
