package driver

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxKeyBytes is the length of the longest key, as in S3.
const MaxKeyBytes = 1024

// CheckKey says why no store can hold a key: a key has 1 to 1,024 bytes of
// UTF-8. The error's code is CodeInvalidKey.
func CheckKey(key string) error {
	switch {
	case key == "":
		return &Error{Code: CodeInvalidKey, Err: errors.New("the key is empty")}
	case len(key) > MaxKeyBytes:
		return &Error{Code: CodeInvalidKey, Err: fmt.Errorf("the key has %d bytes, over the limit of %d", len(key), MaxKeyBytes)}
	case !utf8.ValidString(key):
		return &Error{Code: CodeInvalidKey, Err: errors.New("the key is not UTF-8")}
	}
	return nil
}

// Check says what of the options would not come back as it was given.
func (o *PutOptions) Check() error {
	if o.IfNoneMatch && o.IfMatch != "" {
		return errors.New("IfMatch and IfNoneMatch exclude each other")
	}
	for what, value := range map[string]string{"content type": o.ContentType, "cache control": o.CacheControl, "IfMatch": o.IfMatch} {
		if !isHeaderValue(value) {
			return fmt.Errorf("%s %q is not printable ASCII", what, value)
		}
	}
	for key, value := range o.Metadata {
		if !isMetadataKey(key) {
			return fmt.Errorf("metadata key %q is not of lower-case letters, digits, '-', '_' and '.'", key)
		}
		if !isHeaderValue(value) {
			return fmt.Errorf("metadata %s=%q is not printable ASCII, or begins or ends with a space", key, value)
		}
	}
	return nil
}

func isMetadataKey(s string) bool {
	for i := range len(s) {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_.", rune(s[i])) {
			return false
		}
	}
	return s != ""
}

// isHeaderValue says whether an HTTP header brings a value through unchanged.
func isHeaderValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return strings.TrimSpace(s) == s
}
