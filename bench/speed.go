package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"pixmill/bench/worker"
)

// speedRow is one set on one photograph.
type speedRow struct {
	set        set
	photo      photo
	vips, bimg time.Duration // medians of the CPU time
	vipsBytes  int
	bimgBytes  int
}

func (r speedRow) ratio() float64 { return float64(r.vips) / float64(r.bimg) }

// speed measures all sets on all photographs, each engine in a process of its
// own with one thread.
func (r *report) speed(ctx context.Context, dir string) error {
	return withPair(ctx, dir, func(ours, theirs *engine) error {
		for _, s := range sets() {
			for _, p := range r.photos {
				row, err := r.takeTurns(ours, theirs, s, p)
				if err != nil {
					return err
				}
				r.rows = append(r.rows, row)
				fmt.Fprintf(os.Stderr, "%s %-14s vips %4d ms, bimg %4d ms: %.2f\n", s.id, p.name, row.vips.Milliseconds(), row.bimg.Milliseconds(), row.ratio())
			}
		}
		return nil
	})
}

// takeTurns runs A B A B …; the first round warms up and is not counted.
func (r *report) takeTurns(ours, theirs *engine, s set, p photo) (speedRow, error) {
	row := speedRow{set: s, photo: p}
	times := map[*engine][]time.Duration{}
	for round := range r.settings.rounds + 1 {
		for _, e := range []*engine{ours, theirs} {
			reply, err := e.do(worker.Request{Photo: p.path, Specs: s.specs})
			if err != nil {
				return row, err
			}
			total := 0
			for _, v := range reply.Variants {
				total += v.Bytes
			}
			if e == ours {
				row.vipsBytes = total
			} else {
				row.bimgBytes = total
			}
			r.versions[e.name] = reply.Version
			if round > 0 {
				times[e] = append(times[e], reply.CPU)
			}
		}
	}
	row.vips, row.bimg = median(times[ours]), median(times[theirs])
	return row, nil
}

func median(d []time.Duration) time.Duration {
	d = slices.Clone(d)
	slices.Sort(d)
	if n := len(d); n%2 == 0 {
		return (d[n/2-1] + d[n/2]) / 2
	}
	return d[len(d)/2]
}

// memoryRow is the peak of one fresh process.
type memoryRow struct {
	engine  string
	threads int
	peak    int64
}

// memory renders the web set of the sample in fresh processes.
func (r *report) memory(ctx context.Context, dir string) error {
	for _, threads := range []int{1, 2} {
		for _, name := range []string{"vips", "bimg"} {
			var peaks []int64
			for range 3 {
				e, err := start(ctx, dir, name, threads)
				if err != nil {
					return err
				}
				reply, err := e.do(worker.Request{Photo: r.photos[0].path, Specs: sets()[0].specs})
				if err := errors.Join(err, e.close()); err != nil {
					return err
				}
				peaks = append(peaks, reply.PeakRSS)
			}
			r.peaks = append(r.peaks, memoryRow{name, threads, slices.Max(peaks)})
			fmt.Fprintf(os.Stderr, "P8 %s, %d threads: %d MB\n", name, threads, slices.Max(peaks)/1e6)
		}
	}
	return nil
}
