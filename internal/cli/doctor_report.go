package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"pixmill/internal/doctor"
	"pixmill/internal/preset"
)

// The width of the names of checks, and of a line of text, in characters.
const (
	checkWidth = len("conditional writes")
	textWidth  = 96
)

// doctorReport shows findings as they come.
type doctorReport struct {
	out    io.Writer
	colour bool
	json   bool
	last   string // the check of the finding before
	err    error  // of writing
}

func newDoctorReport(out io.Writer, getenv func(string) string, asJSON bool) *doctorReport {
	return &doctorReport{out: out, json: asJSON, colour: isTerminal(out) && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"}
}

func (r *doctorReport) title(p *preset.Config, from, key string) {
	if r.json {
		return
	}
	what := fmt.Sprintf("from %s to %s, %s", bucketURL(p.Source), bucketURL(p.Output), from)
	if key != "" {
		what = fmt.Sprintf("%s%s, %s", bucketURL(preset.Location{Bucket: p.Source.Bucket}), key, from)
	}
	r.printf("\n  %s  %s\n\n", r.bold("Pixmill doctor"), r.dim(what))
}

// look is a mark and its colour.
type look struct{ mark, colour string }

// looks are for people who see colours, and for those who do not.
var looks = map[doctor.Status]look{
	doctor.StatusOK:      {"✓", "32"},
	doctor.StatusWarning: {"!", "33"},
	doctor.StatusProblem: {"✗", "31"},
	doctor.StatusSkipped: {"–", "2"},
}

func (r *doctorReport) finding(f doctor.Finding) {
	if r.json {
		line, err := json.Marshal(f)
		r.err = errors.Join(r.err, err)
		r.printf("%s\n", line)
		return
	}
	name := f.Check
	if name == r.last {
		name = ""
	}
	r.last = f.Check
	l := looks[f.Status]
	indent := strings.Repeat(" ", 4+checkWidth+2)
	lines := wrap(printable(f.What), textWidth)
	r.printf("  %s %-*s  %s\n", r.paint(l.colour, l.mark), checkWidth, name, lines[0])
	for _, line := range lines[1:] {
		r.printf("%s%s\n", indent, line)
	}
	r.detail(indent, "why", f.Why)
	r.detail(indent, "fix", f.Fix)
}

// detail shows a why in lines, and a fix in one that can be copied.
func (r *doctorReport) detail(indent, name, text string) {
	if text == "" {
		return
	}
	text = printable(text)
	if name == "fix" {
		command, note, found := strings.Cut(text, "   (")
		if found {
			note = r.dim("   (" + note)
		}
		r.printf("%s%s  %s%s\n", indent, r.dim(name), command, note)
		return
	}
	for i, line := range wrap(text, textWidth-len("why  ")) {
		if i > 0 {
			name = "   "
		}
		r.printf("%s%s  %s\n", indent, r.dim(name), r.dim(line))
	}
}

// conclude says in a line what there was.
func (r *doctorReport) conclude(s doctor.Report, key string, took time.Duration) {
	if r.json {
		return
	}
	var parts []string
	for _, p := range []struct {
		n    int
		noun string
	}{{s.Problems, "problem"}, {s.Warnings, "warning"}} {
		if p.n > 0 {
			parts = append(parts, plural(p.n, p.noun))
		}
	}
	text := strings.Join(parts, " and ") + "."
	switch {
	case len(parts) == 0 && s.Skipped > 0:
		text = fmt.Sprintf("All is well, as far as it could be looked at (%d could not).", s.Skipped)
	case len(parts) == 0 && key != "":
		text = "All is well: the variants are what this source and these presets ask for."
	case len(parts) == 0:
		text = "All is well."
	}
	r.printf("\n  %s  %s\n\n", text, r.dim(fmt.Sprintf("%.1f s", took.Seconds())))
}

func (r *doctorReport) printf(format string, args ...any) {
	_, err := fmt.Fprintf(r.out, format, args...)
	r.err = errors.Join(r.err, err)
}

func (r *doctorReport) bold(s string) string { return r.paint("1", s) }
func (r *doctorReport) dim(s string) string  { return r.paint("2", s) }

func (r *doctorReport) paint(code, s string) string {
	if !r.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// wrap breaks a text between words into lines of at most width characters; a
// longer word stands alone.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
