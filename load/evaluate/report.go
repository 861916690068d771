package main

import (
	_ "embed" // the document's frame
	"fmt"
	"os"
	"strings"
	"text/template"
	"time"

	"pixmill/bench/quantile"
	"pixmill/load/jtl"
)

// report is the document: its template calls the methods.
type report struct {
	Settings settings
	Machine  string
	Date     time.Time
	Results  []result
}

//go:embed evaluation.md.tmpl
var frame string

func (r report) write() error {
	t, err := template.New("evaluation.md").Parse(frame)
	if err != nil {
		return err
	}
	var page strings.Builder
	if err := t.Execute(&page, r); err != nil {
		return err
	}
	if err := r.writeCSV(); err != nil {
		return err
	}
	return os.WriteFile(r.Settings.page, []byte(page.String()), 0o644)
}

// Graphs is the way from the document to its graphs, with a slash.
func (r report) Graphs() string {
	if r.Settings.graphs == r.Settings.out {
		return ""
	}
	return "evaluation/"
}

// Docs is the way from the document to the folder that its links are for, with a slash.
func (r report) Docs() string {
	if r.Settings.graphs == r.Settings.out {
		return "../../docs/"
	}
	return ""
}

// Command is what repeats the run.
func (r report) Command() string {
	if r.Settings.Short {
		return "EVALUATE_SHORT=1 make evaluate"
	}
	return "make evaluate"
}

// Slugs are in the names of the graphs.
func (r result) Slug() string { return r.slug }

// step is one of a rising load.
type step struct {
	jtl.Summary
	Clients int
	Pods    int     // ready at its end
	Cores   float64 // that the pods used on average
}

// Steps are those of a form's rising load.
func (r report) Steps(of result) []step {
	var steps []step
	for i, clients := range r.Settings.Steps {
		from := of.Rising.from.Add(time.Duration(i) * r.Settings.Step)
		to := from.Add(r.Settings.Step)
		s := step{Summary: jtl.Summarise(of.Rising.samples, from, to), Clients: clients}
		s.Cores = cpuTime(of.Rising.moments, from, to).Seconds() / r.Settings.Step.Seconds()
		for _, m := range between(of.Rising.moments, from, to) {
			s.Pods = m.Ready
		}
		steps = append(steps, s)
	}
	return steps
}

// Best is the step with the highest throughput.
func (r report) Best(of result) step {
	var best step
	for _, s := range r.Steps(of) {
		if s.PerSecond > best.PerSecond {
			best = s
		}
	}
	return best
}

// Before sums up the constant load until the fault.
func (r result) Before() jtl.Summary {
	return jtl.Summarise(r.Constant.samples, r.Constant.from, r.Constant.fault)
}

// Recovery compares what came after the fault with that. The first seconds are left
// out: pods that a rising load had made may be new.
func (r result) Recovery() jtl.Recovery {
	return jtl.Recover(r.Constant.samples, r.Constant.from.Add(3*time.Second), r.Constant.fault, r.Constant.to)
}

// Back is when throughput was back, in words.
func (r result) Back() string {
	switch rec := r.Recovery(); {
	case !rec.Back:
		return fmt.Sprintf("not within %.0f s", r.Constant.to.Sub(r.Constant.fault).Seconds())
	case rec.After == 0:
		return "at once"
	default:
		return fmt.Sprintf("%.1f s", rec.After.Seconds())
	}
}

// MaxPods is how many were ready at most, in both loads.
func (r result) MaxPods() int {
	most := 0
	for _, m := range between(r.Rising.moments, r.Rising.from, r.Constant.to) {
		most = max(most, m.Ready)
	}
	return most
}

// PerImage is the CPU time of all pods in the rising load for each image that came of it.
func (r result) PerImage() time.Duration {
	n := r.Rising.all().Images
	if n == 0 {
		return 0
	}
	return cpuTime(r.Rising.moments, r.Rising.from, r.Rising.to) / time.Duration(n)
}

// Spread is each pod's part of the constant load, in per cent.
func (r result) Spread() string {
	sum := 0
	for _, s := range r.Served {
		sum += s.Images
	}
	if sum == 0 {
		return "–"
	}
	var parts []string
	for _, s := range r.Served {
		parts = append(parts, fmt.Sprintf("%.0f", 100*float64(s.Images)/float64(sum)))
	}
	return strings.Join(parts, " : ")
}

// Rises says how many requests of the rising load were refused and failed.
func (r result) Rises() jtl.Summary { return r.Rising.all() }

// part is a share of the processors in cores.
type part struct {
	Pods, Generator, Store, Other, Idle float64
}

// Parts say who used the processors during the rising load.
func (r result) Parts() part {
	s := r.Rising.shares
	wall := s.To.Sub(s.From).Seconds()
	p := part{
		Pods:      cpuTime(r.Rising.moments, s.From, s.To).Seconds() / wall,
		Generator: s.Generator.Seconds() / wall, Store: s.Store.Seconds() / wall,
		Idle: (s.Total - s.Busy).Seconds() / wall,
	}
	p.Other = max(s.Busy.Seconds()/wall-p.Pods-p.Generator-p.Store, 0)
	return p
}

// quietCores is more than a cluster takes that does nothing but what is measured.
const quietCores = 0.5

// Shared names the forms that had to share the machine with other programs.
func (r report) Shared() string {
	var names []string
	for _, of := range r.Results {
		if of.Parts().Other > quietCores {
			names = append(names, of.Name)
		}
	}
	return strings.Join(names, " and ")
}

// KnowsAll says whether the system counts what its processors do.
func (r report) KnowsAll() bool { return len(r.Results) > 0 && r.Results[0].Rising.shares.Total > 0 }

// Words says how many clients there were.
func (s step) Words() string {
	if s.Clients == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", s.Clients)
}

// MS shows a duration in milliseconds.
func (r report) MS(d time.Duration) string { return fmt.Sprintf("%.0f", quantile.Milliseconds(d)) }

// Seconds shows a duration with one digit behind the point.
func (r report) Seconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }
