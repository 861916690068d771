package main

import (
	"fmt"
	"strings"
	"time"

	"pixmill/bench/quantile"
	"pixmill/bench/section"
)

// targetAbove is P7's.
const targetAbove = 150 * time.Millisecond

// report is the section.
func (b *bench) report(words string) string {
	var t strings.Builder
	note := b.note
	if note != "" {
		note = " " + note
	}
	fmt.Fprintf(&t, "Measured %s on %s, which is the cluster's only node: %d starts of each service, in turns, each from zero; the images are on the node.\nCommand: `go run ./bench/podstart -n %d -fresh %d`.%s\n\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), words, b.count, b.count, b.fresh, note)
	base := quantile.Of(b.services[0].warm, 0.5)
	t.WriteString("| from the request to the answer, ms | min | median | max | median above hello world |\n|---|---|---|---|---|\n")
	for _, s := range b.services {
		fmt.Fprintf(&t, "| %s: %s | %s | %+.0f |\n", s.image.words, s.words, threeOf(s.warm, " | "), quantile.Milliseconds(quantile.Of(s.warm, 0.5)-base))
	}
	above := quantile.Of(b.services[1].warm, 0.5) - base
	fmt.Fprintf(&t, "\nTarget (P7), of pixmill's answer to `GET /`: ≤ %v above hello world: %s.\n\n", targetAbove, section.Verdict(above <= targetAbove))
	t.WriteString("Start by the size of the image. A new image is one of which the node has no layer, and that was put there from a file just before; the\ntime for that, which is what a pull takes after the download, is not in the start.\n\n")
	t.WriteString("| image | compressed, MB | put into the node, s | start, image there: min, median, max, ms | start, image new: min, median, max, ms |\n|---|---|---|---|---|\n")
	for _, s := range b.services {
		if s.words != getRoot {
			continue // of an image that is in the table
		}
		fmt.Fprintf(&t, "| %s | %.1f | %.1f | %s | %s |\n", s.image.words, float64(s.image.Bytes)/1e6, quantile.Of(s.image.loads, 0.5).Seconds(), threeOf(s.warm, ", "), threeOf(s.fresh, ", "))
	}
	return t.String()
}

// threeOf is the least, the median and the most of some times, in milliseconds.
func threeOf(all []time.Duration, between string) string {
	var words []string
	for _, q := range []float64{0, 0.5, 1} {
		words = append(words, fmt.Sprintf("%.0f", quantile.Milliseconds(quantile.Of(all, q))))
	}
	return strings.Join(words, between)
}
