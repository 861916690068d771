package vips

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// sourceError says in our own words why a source cannot be decoded, where the
// decoder failed: what libvips says depends on its version and on what else fails
// at the same moment. It stays in the chain. Other errors are returned as they are.
func sourceError(f imaging.Format, data []byte, err error) error {
	said, ok := errors.AsType[*imaging.LibraryError](err)
	if !ok {
		return err
	}
	return &imaging.LibraryError{What: unreadable(f, data), Err: said}
}

// variantError gives an error of one variant its kind, and our own words: what
// libvips refuses once it refuses each time.
func variantError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, ok := errors.AsType[fault.Kinded](err); ok {
		return err
	}
	if said, ok := errors.AsType[*imaging.LibraryError](err); ok {
		err = &imaging.LibraryError{What: "the pixels of this variant cannot be computed", Err: said}
	}
	return fault.New(fault.Permanent, "variant", "", err)
}

// encoderError is that of one encoder, in our own words.
func encoderError(f imaging.Format, err error) error {
	return fault.New(fault.Permanent, "encode", string(f),
		&imaging.LibraryError{What: fmt.Sprintf("the %s encoder failed", formatName(f)), Err: err})
}

func unreadable(f imaging.Format, data []byte) string {
	if endsEarly(f, data) {
		return fmt.Sprintf("the %s data ends early, after %d bytes", formatName(f), len(data))
	}
	if f == imaging.FormatPDF && bytes.Contains(data, []byte("/Encrypt")) {
		return "the PDF needs a password, or is damaged"
	}
	return fmt.Sprintf("the %s data cannot be decoded: it is damaged, or of a kind that is not supported", formatName(f))
}

// formatName is how people write a format.
func formatName(f imaging.Format) string {
	switch f {
	case imaging.FormatWebP:
		return "WebP"
	case imaging.FormatJXL:
		return "JPEG XL"
	}
	return strings.ToUpper(string(f))
}
