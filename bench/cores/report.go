package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pixmill/bench/quantile"
	"pixmill/bench/section"
)

// targetWorth is P10's.
const targetWorth = 0.95

// middle is the series with the median rate.
func middle(all []series) series {
	sorted := slices.SortedFunc(slices.Values(all), func(a, b series) int { return cmp.Compare(a.rate(), b.rate()) })
	return sorted[(len(sorted)-1)/2]
}

// worth is what each core is worth against one alone: images a second for each core
// that others left to the function.
func worth(one, more series) float64 {
	return more.rate() / more.left() / (one.rate() / one.left())
}

// rows writes a table of kinds, of which the first has one core.
func rows(b *strings.Builder, names []string, all []series) {
	b.WriteString("| the function has | images/s | ÷ (cores × one core) | CPU time for an image, ms | cores that it used | that all else took | **a core's worth** |\n|---|---|---|---|---|---|---|\n")
	for i, s := range all {
		fmt.Fprintf(b, "| %s | %.2f | %.2f | %.0f | %.2f | %.2f | **%.3f** |\n", names[i], s.rate(), s.rate()/(float64(s.cores)*all[0].rate()),
			quantile.Milliseconds(s.cost), s.used(), s.others(), worth(all[0], s))
	}
}

// heading says what was measured, on what and how.
func heading(s settings, words string) string {
	return fmt.Sprintf("Measured %s on %s: medians of %d series of %d images (%s, the web set of the pixmill.yaml that is built in), in turns,\n%d requests under way for each core. Command: `go run ./bench/cores -n %d -rounds %d`.\n\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), words, s.rounds, s.count, filepath.Base(s.photo), perCore, s.count, s.rounds)
}

func localReport(s settings, words string, all map[kind][]series) string {
	var b strings.Builder
	b.WriteString(heading(s, words))
	one, two, processes := middle(all[oneCore]), middle(all[twoCores]), middle(all[twoProcesses])
	rows(&b, []string{"one core", "two cores", "two processes with one core each"}, []series{one, two, processes})
	fmt.Fprintf(&b, "\nTarget (P10): %.2f: %s; two processes that share nothing: %.3f.\n", targetWorth, section.Verdict(worth(one, two) >= targetWorth), worth(one, processes))
	return b.String()
}

func podReport(s settings, words string, all map[kind][]series) string {
	var b strings.Builder
	b.WriteString(heading(s, words))
	one, two := middle(all[oneCore]), middle(all[twoCores])
	rows(&b, []string{"a pod with a limit of 1", "a pod with a limit of 2"}, []series{one, two})
	fmt.Fprintf(&b, "\nTarget (P10): %.2f: %s.\n", targetWorth, section.Verdict(worth(one, two) >= targetWorth))
	return b.String()
}
