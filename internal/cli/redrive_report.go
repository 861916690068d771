package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"pixmill/internal/queue"
)

// Widths of the table's texts, in characters.
const (
	maxKeyWidth    = 48
	maxReasonWidth = 72
)

// redriveReport says what is among the dead letters, and what became of it.
type redriveReport struct {
	stdout, stderr io.Writer
	flags          redriveFlags
	name           string               // of the dead letters
	target         string               // empty: each letter's own
	behind         func(looked int) int // letters that could not be seen; nil: none
	table          *tabwriter.Writer
	rows           int
	moved          int   // by SQS itself, before the walk
	err            error // of writing to stdout
}

func newRedriveReport(e *env, f redriveFlags, name, target string) *redriveReport {
	return &redriveReport{
		stdout: e.Stdout, stderr: e.Stderr, flags: f, name: name, target: target,
		table: tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0),
	}
}

// letterRecord is one letter as --json prints it.
type letterRecord struct {
	ID       string     `json:"id"`
	Keys     []string   `json:"keys"`
	Reason   string     `json:"reason,omitempty"`
	Attempts int        `json:"attempts,omitempty"`
	Sent     time.Time  `json:"sent"`
	Fate     queue.Fate `json:"fate"`
	Body     string     `json:"body"`
}

// letter takes in one letter.
func (r *redriveReport) letter(l queue.Letter, fate queue.Fate) {
	if fate == queue.FateFiltered {
		return
	}
	if r.flags.json {
		line, err := json.Marshal(letterRecord{
			ID: l.ID, Keys: l.Keys(), Reason: l.Reason, Attempts: l.Attempts, Sent: l.Sent.UTC(), Fate: fate, Body: string(l.Body),
		})
		if err == nil {
			_, err = fmt.Fprintf(r.stdout, "%s\n", line)
		}
		r.err = errors.Join(r.err, err)
		return
	}
	if r.rows++; r.rows == 1 {
		fmt.Fprint(r.table, "\n  KEY\tTRIED\tAGE\tREASON\n")
	}
	fmt.Fprintf(r.table, "  %s\t%s\t%s\t%s\n", keysOf(l), tried(l.Attempts), age(time.Since(l.Sent)), reasonOf(l, fate))
}

// keysOf names the objects of an event in a cell.
func keysOf(l queue.Letter) string {
	keys := l.Keys()
	first := "(no event of a bucket)"
	if keys[0] != "" {
		first = shorten(printable(keys[0]), maxKeyWidth)
	}
	if n := len(keys) - 1; n > 0 {
		return fmt.Sprintf("%s and %d more", first, n)
	}
	return first
}

func tried(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%d ×", n)
}

func reasonOf(l queue.Letter, fate queue.Fate) string {
	if fate == queue.FateNew {
		return "came back while this ran: it fails still"
	}
	return shorten(cmp.Or(printable(oneLine(l.Reason)), "not noted by the queue"), maxReasonWidth)
}

// shorten ends a long text with a dash of dots.
func shorten(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// age writes a duration in its largest unit.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// done ends a walk.
func (r *redriveReport) done(ctx context.Context, sum queue.Summary, err error) error {
	r.err = errors.Join(r.err, r.table.Flush())
	if !r.flags.json {
		if r.rows > 0 {
			fmt.Fprintln(r.stdout)
		}
		if err == nil || sum.Looked()+r.moved > 0 { // else the error is all there is to say
			fmt.Fprintln(r.stdout, r.conclude(sum))
		}
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) && !errors.Is(err, queue.ErrHidden) {
		return reportedError{r.stopped()}
	}
	return errors.Join(err, r.err)
}

func (r *redriveReport) stopped() error {
	fmt.Fprintln(r.stderr, "stopped; what was not moved is where it was")
	return errors.New("stopped")
}

// conclude says in a sentence or two what there is and what was done.
func (r *redriveReport) conclude(s queue.Summary) string {
	s.Moved += r.moved
	if s.Looked() == 0 {
		return fmt.Sprintf("No dead letters in %s.", r.name)
	}
	var parts []string
	if r.flags.run {
		parts = append(parts, fmt.Sprintf("%s sent from %s to %s.", plural(s.Moved, "event"), r.name, r.to()))
	} else {
		parts = append(parts, fmt.Sprintf("%s in %s%s.", plural(s.Kept, "dead letter"), r.name, r.ofThoseThatMatch()))
	}
	if s.Filtered > 0 {
		parts = append(parts, fmt.Sprintf("%d more that do not match stay.", s.Filtered))
	}
	if s.New > 0 {
		parts = append(parts, fmt.Sprintf("%s came back meanwhile and stayed: ask pixmill doctor KEY.", plural(s.New, "event")))
	}
	if n := r.unseen(s); n > 0 {
		parts = append(parts, fmt.Sprintf("About %d more wait behind these in their message groups and were not looked at.", n))
	}
	if !r.flags.run && !r.flags.list && s.Kept > 0 {
		parts = append(parts, fmt.Sprintf("Nothing was moved; --run sends them to %s.", r.to()))
	}
	return strings.Join(parts, " ")
}

// unseen counts the letters that the walk could not see, where it wanted all.
func (r *redriveReport) unseen(s queue.Summary) int {
	if r.behind == nil || r.flags.max > 0 {
		return 0
	}
	return r.behind(s.Looked())
}

func (r *redriveReport) to() string { return cmp.Or(r.target, "where they came from") }

func (r *redriveReport) ofThoseThatMatch() string {
	if r.flags.key == "" {
		return ""
	}
	return fmt.Sprintf(" that match %q", r.flags.key)
}

// progress tells of SQS's own moving, where somebody is watching.
func (r *redriveReport) progress(moved, of int) {
	if isTerminal(r.stderr) {
		fmt.Fprintf(r.stderr, "\rSQS has moved about %d of %d ", moved, max(moved, of))
	}
}

// movedAll ends what SQS moved itself.
func (r *redriveReport) movedAll(ctx context.Context, moved int, err error) error {
	if isTerminal(r.stderr) {
		fmt.Fprint(r.stderr, "\r\x1b[K")
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		fmt.Fprintf(r.stderr, "about %s sent\n", plural(moved, "event"))
		return reportedError{r.stopped()}
	}
	if err != nil {
		return err
	}
	if r.flags.json {
		return json.NewEncoder(r.stdout).Encode(struct {
			Moved int `json:"moved"`
		}{moved})
	}
	if moved == 0 {
		_, err = fmt.Fprintf(r.stdout, "No dead letters in %s.\n", r.name)
		return err
	}
	_, err = fmt.Fprintf(r.stdout, "%s sent from %s to %s.\n", plural(moved, "event"), r.name, r.to())
	return err
}
