package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"text/tabwriter"
	"time"
)

// maxListed is how many sources the summary names that did not come out well.
const maxListed = 20

// processReport tells what happens: a line or a bar while it does, and a summary
// at the end. It may be used concurrently.
type processReport struct {
	stdout  io.Writer
	stderr  io.Writer
	json    bool
	verbose bool
	begin   time.Time
	bar     *progressBar // nil where nobody is watching

	mu       sync.Mutex
	total    int
	count    map[string]int // by result
	variants int
	bytesIn  int64
	bytesOut int64
	unusual  []record // those with a reason
	last     record
	err      error // of writing to stdout
}

func newProcessReport(e *env, f processFlags) *processReport {
	return &processReport{
		stdout: e.Stdout, stderr: e.Stderr, json: f.json, verbose: f.verbose,
		begin: time.Now(), count: map[string]int{},
	}
}

func (r *processReport) start(total int) {
	r.total = total
	r.bar = newProgressBar(r.stderr, total)
}

// note tells what somebody who asks for it wants to know.
func (r *processReport) note(format string, args ...any) {
	if r.verbose {
		fmt.Fprintf(r.bar.above(r.stderr), format+"\n", args...)
	}
}

// done takes in what came of one source.
func (r *processReport) done(rec record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count[rec.Result]++
	r.bytesIn += rec.Bytes
	for _, v := range rec.Variants {
		if v.File != "" {
			r.variants++
			r.bytesOut += v.Bytes
		}
	}
	if rec.Reason != "" {
		r.unusual = append(r.unusual, rec)
	}
	r.last = rec
	if r.json {
		r.err = errors.Join(r.err, json.NewEncoder(r.stdout).Encode(rec))
	}
	r.note("%-9s %s: %s, %.0f ms%s", rec.Result, printable(rec.Source), plural(len(rec.Variants), "variant"), rec.Millis, because(rec.Reason))
	if rec.Result != resultStopped {
		r.bar.increment()
	}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// finish prints the summary and returns nil if everything asked for is there.
func (r *processReport) finish(stopped bool) error {
	r.bar.close()
	done := 0
	for result, n := range r.count {
		if result != resultStopped {
			done += n
		}
	}
	if !r.json {
		r.err = errors.Join(r.err, r.writeSummary())
	}
	bad := r.bad()
	switch {
	case r.err != nil:
		return fmt.Errorf("write the report: %w", r.err)
	case stopped:
		return fmt.Errorf("stopped: %d of %s done; the same command goes on from here", done, plural(r.total, "source"))
	case bad > 0:
		return fmt.Errorf("%d of %s did not come out as asked", bad, plural(r.total, "source"))
	}
	return nil
}

// bad is how many sources lack something that was asked for.
func (r *processReport) bad() int {
	return r.count[resultFailed] + r.count[resultRejected] + r.count[resultPartial]
}

// writeSummary prints the table of the whole run, and what is to be said of
// single sources: all variants if there was one source, else what was unusual.
func (r *processReport) writeSummary() error {
	w := tabwriter.NewWriter(r.stdout, 0, 0, 2, ' ', 0)
	if r.total == 1 && len(r.last.Variants) > 0 {
		fmt.Fprintln(w, "VARIANT\tPIXELS\tBYTES")
		for _, v := range r.last.Variants {
			if v.File == "" {
				fmt.Fprintf(w, "%s\t-\t%s\n", v.Name, v.Reason)
				continue
			}
			fmt.Fprintf(w, "%s\t%d × %d\t%s\n", printable(v.File), v.Width, v.Height, formatBytes(v.Bytes))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "SOURCES\tMADE\tUNCHANGED\tSKIPPED\tBAD\tVARIANTS\tIN\tOUT\tTIME")
	fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\n", r.total, r.count[resultMade], r.count[resultUnchanged],
		r.count[resultSkipped], r.bad(), r.variants, formatBytes(r.bytesIn), formatBytes(r.bytesOut), time.Since(r.begin).Round(10*time.Millisecond))
	if len(r.unusual) > 0 {
		fmt.Fprintln(w, "\nSOURCE\tRESULT\tWHY")
	}
	for i, rec := range r.unusual {
		if i == maxListed {
			fmt.Fprintf(w, "and %d more, which --json names\n", len(r.unusual)-maxListed)
			break
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", printable(rec.Source), rec.Result, rec.Reason)
	}
	return w.Flush()
}
