package main

import (
	"fmt"
	"strings"
	"time"

	"pixmill/bench/quantile"
	"pixmill/bench/section"
)

// targetMade is P5's.
const targetMade = 80 * time.Millisecond

// localReport is the section of the processes that were started here.
func localReport(s subjects, words string, rows map[string][]start) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured %s on %s: %d starts of each function, in turns, files in the page cache.\nCommand: `go run ./bench/coldstart -n %d`; the function: %s.\n\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), words, s.count, s.count, s.origin)
	b.WriteString("| from the start of the process, ms | p50 | p90 | max |\n|---|---|---|---|\n")
	row := func(name, function string, of func(start) time.Duration) time.Duration {
		var all []time.Duration
		for _, one := range rows[function] {
			all = append(all, of(one))
		}
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %.1f |\n", name, quantile.Milliseconds(quantile.Of(all, 0.5)), quantile.Milliseconds(quantile.Of(all, 0.9)), quantile.Milliseconds(quantile.Of(all, 1)))
		return quantile.Of(all, 0.5)
	}
	row("hello world: until it asks for work", "hello", func(s start) time.Duration { return s.ready })
	row("hello world: until it has answered", "hello", func(s start) time.Duration { return s.answered })
	row("pixmill: until it asks for work", "pixmill", func(s start) time.Duration { return s.ready })
	made := row("**pixmill: until four variants are in the store**", "pixmill", func(s start) time.Duration { return s.made })
	row("pixmill: until it has answered, after the manifest and the last look", "pixmill", func(s start) time.Duration { return s.answered })
	row("pixmill: CPU time of the process", "pixmill", func(s start) time.Duration { return s.cpu })
	fmt.Fprintf(&b, "\nTarget (P5): p50 ≤ %v: %s.\n", targetMade, section.Verdict(made <= targetMade))
	return b.String()
}

// localStackReport is the section of the functions that were deployed.
func localStackReport(s subjects, words string, cold map[string][]time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured %s on %s: %d cold invocations of each function through LocalStack's Lambda, in turns; each follows a change of\nthe function's configuration, after which no process of it is left. Command: `AWS_ENDPOINT_URL=… go run ./bench/coldstart -n %d`; the function: %s.\n\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), words, s.count, s.count, s.origin)
	b.WriteString("| cold invocation, ms, from the request to the answer | p50 | p90 | above hello world, p50 | ratio |\n|---|---|---|---|---|\n")
	base := quantile.Of(cold[caseHello], 0.5)
	for _, name := range []string{caseHello, caseNothing, caseFour} {
		p50 := quantile.Of(cold[name], 0.5)
		fmt.Fprintf(&b, "| %s | %.0f | %.0f | %+.0f | %.2f |\n", name, quantile.Milliseconds(p50), quantile.Milliseconds(quantile.Of(cold[name], 0.9)), quantile.Milliseconds(p50-base), float64(p50)/float64(base))
	}
	return b.String()
}
