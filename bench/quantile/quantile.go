// Package quantile is the one way in which the benchmarks sum up what was measured.
package quantile

import (
	"math"
	"slices"
	"time"
)

// Of returns the nearest-rank quantile q, from 0 to 1, of at least one value.
func Of(values []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// Milliseconds is how the reports show durations.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
