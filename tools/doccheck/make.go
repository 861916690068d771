package main

import (
	"regexp"
	"strings"
)

var (
	targetLine = regexp.MustCompile(`^([a-z][a-z0-9-]*):([^=]|$)`)
	// A mention is in backquotes or begins an indented line of commands.
	mention = regexp.MustCompile("(?:`|^    +)make ([a-z][a-z0-9-]*(?: [a-z][a-z0-9-]*)*)")
)

// readTargets returns the targets of a Makefile, and a problem for each that
// `make help` would not list.
func readTargets(makefile string) (targets map[string]bool, problems []string) {
	targets = map[string]bool{}
	for line := range strings.Lines(makefile) {
		m := targetLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		targets[m[1]] = true
		if !strings.Contains(line, " ## ") {
			problems = append(problems, "Makefile: "+m[1]+" has no line of help")
		}
	}
	return targets, problems
}

// checkTargets returns a problem for each target that line speaks of and that
// does not exist.
func checkTargets(line string, targets map[string]bool) []string {
	var problems []string
	for _, m := range mention.FindAllStringSubmatch(line, -1) {
		for _, t := range strings.Fields(m[1]) {
			if !targets[t] {
				problems = append(problems, "there is no `make "+t+"`")
			}
		}
	}
	return problems
}
