package runtime

import (
	"testing"

	"pixmill/internal/runtime/httpfn"
)

// What was given up is tried again with another function, or another version of it.
func TestSettings_DifferByTheFunctionsURLAndVersion(t *testing.T) {
	settings := func(function, version string) string {
		u, err := httpfn.ParseURL(function)
		if err != nil {
			t.Fatal(err)
		}
		return (&Options{URL: u}).settings(version)
	}
	a := settings("http://f/", "")
	if b := settings("http://f", ""); a != b {
		t.Errorf("of the same function %s and %s", a, b)
	}
	for name, b := range map[string]string{"URL": settings("http://f/v2", ""), "version": settings("http://f/", "v2")} {
		if a == b {
			t.Errorf("with another %s as before: %s", name, a)
		}
	}
}
