package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
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
	name           string // of the dead letters
	target         string // empty: each letter's own
	total          int    // letters at the beginning, about; 0: not known
	grouped        bool   // letters may wait behind others of their group
	table          *tabwriter.Writer
	rows           int
	watched        bool  // a line of progress stands there
	err            error // of writing to stdout
}

func newRedriveReport(e *env, f redriveFlags, name string) *redriveReport {
	return &redriveReport{
		stdout: e.Stdout, stderr: e.Stderr, flags: f, name: name,
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
			ID: l.ID, Keys: named(l), Reason: l.Reason, Attempts: l.Attempts, Sent: l.Sent.UTC(), Fate: fate, Body: string(l.Body),
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

// named returns the keys of a letter, and none where it is no event of a bucket.
func named(l queue.Letter) []string {
	return slices.DeleteFunc(l.Keys(), func(key string) bool { return key == "" })
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

// done ends it. Where letters were to be moved and could not be looked at, that is
// an error.
func (r *redriveReport) done(ctx context.Context, sum queue.Summary, err error) error {
	if r.watched {
		fmt.Fprint(r.stderr, "\r\x1b[K")
	}
	r.err = errors.Join(r.err, r.table.Flush())
	switch {
	case r.flags.json:
		r.concludeJSON(sum)
	case err == nil || sum.Looked() > 0: // else the error is all there is to say
		if r.rows > 0 {
			fmt.Fprintln(r.stdout)
		}
		if text := r.conclude(sum); text != "" {
			fmt.Fprintln(r.stdout, text)
		}
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) && !errors.Is(err, queue.ErrHidden) {
		return reportedError{r.stopped()}
	}
	if err == nil && r.flags.run && sum.Unseen > 0 {
		err = fmt.Errorf("about %s not sent: %s", plural(sum.Unseen, "dead letter"), r.whyUnseen())
	}
	return errors.Join(err, r.err)
}

func (r *redriveReport) stopped() error {
	fmt.Fprintln(r.stderr, "stopped; what was not moved is where it was")
	return errors.New("stopped")
}

// concludeJSON says what no line of a letter has said.
func (r *redriveReport) concludeJSON(s queue.Summary) {
	if s.Bulk > 0 {
		r.err = errors.Join(r.err, json.NewEncoder(r.stdout).Encode(struct {
			Moved int `json:"moved"`
		}{s.Bulk}))
	}
	if s.Unseen > 0 && !r.flags.run {
		fmt.Fprintf(r.stderr, "About %d more not looked at: %s.\n", s.Unseen, r.whyUnseen())
	}
}

// conclude says in a sentence or two what there is and what was done; nothing where
// the error says all.
func (r *redriveReport) conclude(s queue.Summary) string {
	var parts []string
	switch {
	case s.Looked() == 0 && s.Unseen == 0:
		return fmt.Sprintf("No dead letters in %s.", r.name)
	case s.Looked() == 0 && r.flags.run:
		return ""
	case s.Looked() == 0:
		return fmt.Sprintf("About %s in %s not looked at: %s.", plural(s.Unseen, "dead letter"), r.name, r.whyUnseen())
	case r.flags.run:
		parts = append(parts, fmt.Sprintf("%s sent from %s to %s.", plural(s.Moved, "event"), r.name, r.to()))
	case r.beyond(s) > 0:
		parts = append(parts, fmt.Sprintf("%d shown%s of about %d dead letters in %s.", s.Kept, r.ofThoseThatMatch(), r.total, r.name))
	default:
		parts = append(parts, fmt.Sprintf("%s in %s%s.", plural(s.Kept, "dead letter"), r.name, r.ofThoseThatMatch()))
	}
	if s.Filtered > 0 {
		parts = append(parts, fmt.Sprintf("%d more that do not match stay.", s.Filtered))
	}
	if s.New > 0 {
		parts = append(parts, fmt.Sprintf("%s came back meanwhile and stayed: ask pixmill doctor KEY.", plural(s.New, "event")))
	}
	if n := r.beyond(s); n > 0 && r.flags.run {
		parts = append(parts, fmt.Sprintf("About %d more stay, as --max says.", n))
	}
	if s.Unseen > 0 && !r.flags.run {
		parts = append(parts, fmt.Sprintf("About %d more not looked at: %s.", s.Unseen, r.whyUnseen()))
	}
	if !r.flags.run && !r.flags.list && s.Kept > 0 {
		parts = append(parts, fmt.Sprintf("Nothing was moved; --run sends them to %s.", r.to()))
	}
	return strings.Join(parts, " ")
}

// beyond returns about how many letters --max left out.
func (r *redriveReport) beyond(s queue.Summary) int {
	if r.flags.max == 0 || s.Kept+s.Moved < r.flags.max {
		return 0
	}
	return max(0, r.total-s.Kept-s.Moved-s.Filtered)
}

// whyUnseen says why letters could not be looked at, and what to do.
func (r *redriveReport) whyUnseen() string {
	if r.grouped {
		return "they wait behind others in their message groups, or somebody else looks at them: try again when those are gone"
	}
	return "somebody else looks at them or moves them, which hides them for some minutes: try again then"
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
		r.watched = true
		fmt.Fprintf(r.stderr, "\rSQS has moved about %d of %d ", moved, max(moved, of))
	}
}
