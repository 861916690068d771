package jtl

import (
	"time"

	"pixmill/bench/quantile"
)

// Summary is what happened in a stretch of time. Latencies are those of images alone:
// a refusal is quick.
type Summary struct {
	Images        int // answered as they should be
	Refused       int
	Failed        int
	PerSecond     float64 // images
	P50, P95, P99 time.Duration
}

// Summarise sums up the samples whose answers came between two times.
func Summarise(all []Sample, from, to time.Time) Summary {
	var sum Summary
	var took []time.Duration
	for _, s := range Between(all, from, to) {
		switch {
		case s.OK:
			took = append(took, s.Elapsed)
		case s.Refused():
			sum.Refused++
		default:
			sum.Failed++
		}
	}
	sum.Images = len(took)
	if sum.Images > 0 {
		sum.PerSecond = float64(sum.Images) / to.Sub(from).Seconds()
		sum.P50, sum.P95, sum.P99 = quantile.Of(took, 0.50), quantile.Of(took, 0.95), quantile.Of(took, 0.99)
	}
	return sum
}

// Slices sums up one stretch after the other, from the first time to the second.
func Slices(all []Sample, from, to time.Time, width time.Duration) []Summary {
	var sums []Summary
	for t := from; t.Before(to); t = t.Add(width) {
		sums = append(sums, Summarise(all, t, t.Add(width)))
	}
	return sums
}
