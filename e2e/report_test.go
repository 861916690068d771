package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// report is everything that explains a failure.
func (s *stage) report() string {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var b strings.Builder
	line := func(err error, format string, args ...any) {
		fmt.Fprintf(&b, format, args...)
		if err != nil {
			fmt.Fprintf(&b, " (%v)", err)
		}
		b.WriteByte('\n')
	}
	line(nil, "%s (%s)", s.place, s.plan.way)
	sources, err := s.list(ctx, s.source)
	line(err, "--- %d objects in %s", len(sources), s.source)
	for _, key := range slices.Sorted(maps.Keys(sources)) {
		line(nil, "    %s %q", sources[key], key)
	}
	objects, err := s.list(ctx, s.output)
	written := s.proxy.writes(s.output)
	line(err, "--- %d objects in %s, and how often each was written", len(objects), s.output)
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		line(nil, "    %s %d× %q", objects[key], written[key], key)
	}
	line(nil, "--- the last requests of the function\n    %s", strings.Join(s.proxy.last(60), "\n    "))
	ids, err := s.target.processes()
	line(err, "--- function processes: %v", ids)
	line(nil, "--- queues: %s", s.target.queues(ctx))
	dead, err := s.target.dead(ctx)
	line(err, "--- dead letters so far: %q", dead)
	text, err := s.target.logs(ctx)
	line(err, "--- logs, the last 80 lines\n%s", lastLines(text, 80))
	return b.String()
}

func lastLines(text string, n int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
