// Command bench measures the default engine against bimg on the same libvips:
// CPU time for sets of variants, quality, and peak memory. Both run in one
// invocation and take turns, so that a busy machine slows both; what counts are
// the ratios. The report goes to a Markdown file. It measures nothing over the
// network: see bench/latency for that.
package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"

	"pixmill/bench/machine"
	"pixmill/bench/program"
	"pixmill/bench/section"
	"pixmill/bench/work"
)

func main() { program.Main("bench", run) }

// settings are the command line.
type settings struct {
	photos  string
	rounds  int
	report  string
	quality bool
}

func run(ctx context.Context) error {
	var s settings
	flag.StringVar(&s.photos, "photos", "/usr/share/backgrounds/*.jpg", "more photographs (those of the Debian package lomiri-wallpapers-16.04); the ones of 10 megapixels and more count")
	flag.IntVar(&s.rounds, "rounds", 7, "measured rounds of each set, photograph and engine")
	flag.StringVar(&s.report, "report", "docs/benchmarks.md", "where the report goes; - for the terminal")
	flag.BoolVar(&s.quality, "quality", true, "compare the quality, too")
	flag.Parse()

	dir, err := os.MkdirTemp("", "pixmill-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
	photos, err := findPhotos(work.Large, s.photos)
	if err != nil {
		return err
	}
	if err := build(ctx, dir); err != nil {
		return err
	}
	r := report{settings: s, machine: machine.Words(), photos: photos, versions: map[string]string{}}
	if err := r.speed(ctx, dir); err != nil {
		return err
	}
	if err := r.memory(ctx, dir); err != nil {
		return err
	}
	if s.quality {
		if err := r.compareQuality(ctx, dir); err != nil {
			return err
		}
	}
	if s.report == "-" {
		_, err = os.Stdout.WriteString(r.markdown())
		return err
	}
	return section.Write(filepath.Clean(s.report), "go run ./bench", r.markdown())
}
