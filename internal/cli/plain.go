package cli

import (
	"slices"
	"strings"

	"pixmill/internal/fault"
)

// plain returns the text of err without the names of fault kinds, which say what
// a program does next: a person reads what is wrong, and the exit code says the rest.
func plain(err error) string {
	text := err.Error()
	for _, f := range faults(err) {
		cause := f.Err.Error()
		text = strings.Replace(text, f.Kind.String()+": "+cause, cause, 1)
	}
	return text
}

// faults returns the faults in err's tree, each before those that it wraps.
func faults(err error) []*fault.Error {
	var found []*fault.Error
	if f, ok := err.(*fault.Error); ok { //nolint:errorlint // the whole tree is walked, a node at a time
		found = append(found, f)
	}
	switch e := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			found = append(found, faults(inner)...)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			found = slices.Concat(found, faults(inner))
		}
	}
	return found
}
