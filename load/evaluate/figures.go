package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"pixmill/load/graph"
	"pixmill/load/jtl"
)

// draw draws all graphs: SVG beside the document, PNG beside the raw results.
func (r report) draw() error {
	figures := map[string]graph.Figure{"forms": r.comparison(), "killed": r.killed()}
	for _, of := range r.Results {
		figures["rising-"+of.slug] = r.rising(of)
	}
	for name, f := range figures {
		if err := f.Write(r.Settings.graphs, name); err != nil {
			return err
		}
		if r.Settings.graphs == r.Settings.out {
			continue
		}
		if err := os.Rename(filepath.Join(r.Settings.graphs, name+".png"), filepath.Join(r.Settings.out, name+".png")); err != nil {
			return err
		}
	}
	return nil
}

// comparison is throughput and latency of all forms by the number of clients.
func (r report) comparison() graph.Figure {
	throughput := graph.Panel{Y: "images/s"}
	latency := graph.Panel{Y: "95th percentile, s"}
	for i, of := range r.Results {
		a := graph.Line{Name: of.Name, Points: true, Colour: i}
		b := a
		for _, s := range r.Steps(of) {
			x := float64(s.Clients)
			a.X, a.Y = append(a.X, x), append(a.Y, s.PerSecond)
			b.X, b.Y = append(b.X, x), append(b.Y, orNothing(s.Summary, s.P95))
		}
		throughput.Lines, latency.Lines = append(throughput.Lines, a), append(latency.Lines, b)
	}
	return graph.Figure{
		Title: "Throughput and latency by load", X: "clients that send one image after the other",
		Panels: []graph.Panel{throughput, latency},
	}
}

// rising is one form under a rising load, over time.
func (r report) rising(of result) graph.Figure {
	ph := of.Rising
	width := max(r.Settings.Step/5, time.Second)
	marks := make([]graph.Mark, 0, len(r.Settings.Steps))
	for i, clients := range r.Settings.Steps {
		marks = append(marks, graph.Mark{X: float64(i) * r.Settings.Step.Seconds(), Name: step{Clients: clients}.Words()})
	}
	rates := graph.Panel{Y: fmt.Sprintf("requests/s, %.0f s each", width.Seconds()), Marks: marks, Lines: r.rates(ph, ph.from, width)}
	p50, p95 := graph.Line{Name: "median"}, graph.Line{Name: "95th percentile", Colour: 1}
	for i, s := range jtl.Slices(ph.samples, ph.from, ph.to, width) {
		x := (float64(i) + 0.5) * width.Seconds()
		p50.X, p50.Y = append(p50.X, x), append(p50.Y, orNothing(s, s.P50))
		p95.X, p95.Y = append(p95.X, x), append(p95.Y, orNothing(s, s.P95))
	}
	latency := graph.Panel{Y: "latency of images, s", Marks: unnamed(marks), Lines: []graph.Line{p50, p95}}
	ready, used := r.pods(ph, ph.from)
	pods := graph.Panel{Y: "pods, cores", Marks: unnamed(marks), Lines: []graph.Line{ready, used}}
	// The end, without a name: there the axis ends, too.
	rates.Marks = append(rates.Marks, graph.Mark{X: ph.to.Sub(ph.from).Seconds()})
	return graph.Figure{Title: of.Name + ": a rising load", X: "seconds", Panels: []graph.Panel{rates, latency, pods}}
}

// killed is all forms under a constant load, around the fault.
func (r report) killed() graph.Figure {
	const width = 2 * time.Second
	f := graph.Figure{
		Title: fmt.Sprintf("%d clients, and a pod is killed", r.Settings.Clients), X: "seconds after the pod was killed",
	}
	for _, of := range r.Results {
		ph := of.Constant
		ph.from = ph.fault.Add(-ph.fault.Sub(ph.from).Truncate(width)) // the fault is between two stretches
		ph.to = ph.fault.Add(ph.to.Sub(ph.fault).Truncate(width))
		ready, _ := r.pods(ph, ph.fault)
		ready.Colour = 3
		f.Panels = append(f.Panels, graph.Panel{
			Y:     of.Name,
			Marks: []graph.Mark{{X: 0, Name: "pod killed", Loud: true}},
			Lines: append(r.rates(ph, ph.fault, width), ready),
		})
	}
	return f
}

// rates are the requests in each second by what became of them, for each stretch of a
// width; nobody wants a line of zeroes for what never happened.
func (r report) rates(ph phase, zero time.Time, width time.Duration) []graph.Line {
	kinds := []struct {
		line  graph.Line
		count func(jtl.Summary) int
		all   int
	}{
		{graph.Line{Name: "images/s"}, func(s jtl.Summary) int { return s.Images }, 1},
		{graph.Line{Name: "refused/s (503)", Colour: 1}, func(s jtl.Summary) int { return s.Refused }, ph.all().Refused},
		{graph.Line{Name: "failed/s", Colour: 4}, func(s jtl.Summary) int { return s.Failed }, ph.all().Failed},
	}
	stretches := jtl.Slices(ph.samples, ph.from, ph.to, width)
	var lines []graph.Line
	for _, k := range kinds {
		if k.all == 0 {
			continue
		}
		k.line.Steps = true
		y := 0.0
		for i, s := range stretches {
			y = float64(k.count(s)) / width.Seconds()
			k.line.X = append(k.line.X, ph.from.Sub(zero).Seconds()+float64(i)*width.Seconds())
			k.line.Y = append(k.line.Y, y)
		}
		k.line.X = append(k.line.X, ph.from.Sub(zero).Seconds()+float64(len(stretches))*width.Seconds())
		k.line.Y = append(k.line.Y, y) // the last one lasts, too
		lines = append(lines, k.line)
	}
	return lines
}

// pods are how many were ready, and how many cores all used.
func (r report) pods(ph phase, zero time.Time) (ready, used graph.Line) {
	ready = graph.Line{Name: "pods ready", Steps: true, Colour: 3}
	used = graph.Line{Name: "cores used", Colour: 2}
	rates := cores(ph.moments)
	for i, m := range ph.moments {
		if m.At.Before(ph.from) || !m.At.Before(ph.to) {
			continue
		}
		x := m.At.Sub(zero).Seconds()
		ready.X, ready.Y = append(ready.X, x), append(ready.Y, float64(m.Ready))
		used.X, used.Y = append(used.X, x), append(used.Y, rates[i])
	}
	return ready, used
}

func orNothing(s jtl.Summary, d time.Duration) float64 {
	if s.Images == 0 {
		return math.NaN()
	}
	return d.Seconds()
}

func unnamed(marks []graph.Mark) []graph.Mark {
	out := make([]graph.Mark, 0, len(marks))
	for _, m := range marks {
		out = append(out, graph.Mark{X: m.X})
	}
	return out
}
