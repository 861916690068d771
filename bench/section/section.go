// Package section keeps what benchmarks wrote apart from what people wrote in
// one Markdown file, and has the words that all of them use there.
package section

import (
	"fmt"
	"os"
	"strings"
)

// Write replaces what stands in the Markdown file at path between the comments
// <!-- begin: name --> and <!-- end: name -->. It is an error if the file or
// the comments are not there.
func Write(path, name, text string) error {
	begin, end := fmt.Sprintf("<!-- begin: %s -->\n", name), fmt.Sprintf("<!-- end: %s -->\n", name)
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(old), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s has no section %q", path, name)
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+strings.TrimSpace(text)+"\n\n"+end+after), 0o644)
}

// Publish writes a section of the file at path, or shows it where path is "-".
func Publish(path, name, text string) error {
	if path == "-" {
		_, err := os.Stdout.WriteString(text)
		return err
	}
	return Write(path, name, text)
}

// Verdict says whether a target is reached.
func Verdict(holds bool) string {
	if holds {
		return "yes"
	}
	return "NO"
}
