package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pixmill/bench/quantile"
)

// report is the section.
func report(s settings, words string, all []*outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured %s on %s, which is the cluster's only node. To each: %d images (%s) at once with no pod there, %v of silence after\nthe last answer, %d images at once again. Pods have a CPU limit of %s, and there are at most %s. Pod-seconds count from the first request until\nno pod is left that was not told to end. Command: `go run ./bench/autoscale -n %d -pause %v`.\n\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), words, s.burst, filepath.Base(s.photo), s.pause, s.burst, limitCPU, maxScale, s.burst, s.pause)
	b.WriteString("| settings | from zero: p50, p95, s | after the pause: p50, p95, s | most pods | pod-seconds | failed |\n|---|---|---|---|---|---|\n")
	for _, o := range all {
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %.0f | %d |\n", o.name, two(o.first), two(o.second), o.most, o.pods.Seconds(), o.failed)
	}
	if slices.ContainsFunc(all, func(o *outcome) bool { return o.annotations["min-scale"] != "" }) {
		fmt.Fprintf(&b, "\nWith min-scale 1 there was a pod before the first request, and it stays: %.0f s after the last answer are counted.\n", stays.Seconds())
	}
	return b.String()
}

func two(all []time.Duration) string {
	return fmt.Sprintf("%.1f, %.1f", quantile.Of(all, 0.5).Seconds(), quantile.Of(all, 0.95).Seconds())
}
