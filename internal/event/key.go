package event

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"pixmill/internal/fault"
)

// maxKeyBytes is the longest key that S3 can hold, as UTF-8.
const maxKeyBytes = 1024

// EncodeKey writes a key as S3 notifications carry it: percent-encoded, a space
// as "+", the slash as it is.
func EncodeKey(key string) string {
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}

// DecodeKey undoes EncodeKey, once. The error shows the key.
func DecodeKey(encoded string) (string, error) {
	key, err := url.QueryUnescape(encoded)
	if err != nil {
		return "", fmt.Errorf("key %s is not URL-encoded: %w", quote(encoded), err)
	}
	if err := checkKey(key); err != nil {
		return "", err
	}
	return key, nil
}

// checkKey refuses what no bucket can hold.
func checkKey(key string) error {
	if key == "" {
		return errors.New("key is empty")
	}
	if n := int64(len(key)); n > maxKeyBytes {
		return &fault.LimitError{Field: "key", Limit: maxKeyBytes, Value: n, Unit: "bytes"}
	}
	if !utf8.ValidString(key) {
		return fmt.Errorf("key %s is not UTF-8", quote(key))
	}
	return nil
}

// quote shows a piece of somebody's input, never more than 80 bytes of it.
func quote(s string) string {
	const most = 80
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q and %d bytes more", s[:most], len(s)-most)
}
