package main

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode"
)

var link = regexp.MustCompile(`\]\(([^()\s]+)\)`)

// checkLinks returns a problem for each relative link of a line of the document
// name that leads nowhere.
func checkLinks(tree fs.FS, name, line string) []string {
	var problems []string
	for _, m := range link.FindAllStringSubmatch(line, -1) {
		u, err := url.Parse(m[1])
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		if u.Scheme != "" || u.Host != "" {
			continue
		}
		file := name
		if u.Path != "" {
			file = path.Join(path.Dir(name), u.Path)
		}
		if _, err := fs.Stat(tree, file); err != nil {
			problems = append(problems, fmt.Sprintf("the link %s leads to no file", m[1]))
		} else if u.Fragment != "" && !hasHeading(tree, file, u.Fragment) {
			problems = append(problems, fmt.Sprintf("the link %s leads to no heading of %s", m[1], file))
		}
	}
	return problems
}

// hasHeading reports whether a Markdown file has a heading with this anchor.
func hasHeading(tree fs.FS, file, anchor string) bool {
	text, err := fs.ReadFile(tree, file)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if title := strings.TrimLeft(line, "#"); title != line && slug(title) == anchor {
			return true
		}
	}
	return false
}

// slug returns the anchor that GitHub gives a heading.
func slug(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, strings.TrimSpace(title))
}
