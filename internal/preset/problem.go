package preset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"pixmill/internal/fault"
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	File    string
	Line    int    // from 1; 0 where the problem has no place in the file
	Column  int    // from 1, in characters
	Field   string // "presets.web[1].quality"; empty for the file as a whole
	Message string // the value, and what is allowed
}

// String is "file:line:column: field: message", the form that editors jump to.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	return b.String() + p.Message
}

// Error is everything that is wrong with a configuration, in the order of the file.
type Error struct{ Problems []Problem }

// Error has a line for each problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// FaultKind returns Misconfigured.
func (e *Error) FaultKind() fault.Kind { return fault.Misconfigured }

// position is a place in the file, both from 1; the zero value is none.
type position struct{ line, column int }

// report collects the problems of one file, and knows where its fields stand.
type report struct {
	file     string
	at       map[string]position // of every field that the file has, by its path
	problems []Problem
}

// add notes a problem with a field, at the nearest place that the file has for it.
func (r *report) add(field, format string, args ...any) {
	r.addAt(r.place(field), field, format, args...)
}

func (r *report) addAt(pos position, field, format string, args ...any) {
	r.problems = append(r.problems, Problem{
		File: r.file, Line: pos.line, Column: pos.column, Field: field, Message: fmt.Sprintf(format, args...),
	})
}

// place returns where a field stands, or where the nearest field around it does.
func (r *report) place(field string) position {
	for {
		if pos, ok := r.at[field]; ok {
			return pos
		}
		end := strings.LastIndexAny(field, ".[")
		if end < 0 {
			return r.at[""]
		}
		field = field[:end]
	}
}

// has reports whether the file has a field.
func (r *report) has(field string) bool {
	_, ok := r.at[field]
	return ok
}

// err returns an *Error with all problems, or nil.
func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &Error{Problems: slices.Compact(r.problems)}
}
