package event

import (
	"errors"
	"fmt"
	"strings"
)

// CompareSequencers says which of two events of one key S3 put first: negative
// where a is older than b, zero where they are the same, positive where a is
// newer. As S3 documents, the shorter hexadecimal string is filled up with zeros
// on its right and the two are compared as text. Sequencers of different keys,
// or of different stores, say nothing about each other.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
func CompareSequencers(a, b string) (int, error) {
	for _, s := range []string{a, b} {
		if err := checkSequencer(s); err != nil {
			return 0, err
		}
	}
	width := max(len(a), len(b))
	return strings.Compare(padRight(a, width), padRight(b, width)), nil
}

func checkSequencer(s string) error {
	if s == "" {
		return errors.New("sequencer is empty")
	}
	if strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return fmt.Errorf("sequencer %s is not hexadecimal", quote(s))
	}
	return nil
}

func padRight(s string, width int) string {
	return strings.ToUpper(s) + strings.Repeat("0", width-len(s))
}
