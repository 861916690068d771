// Command autoscale measures what settings of Knative's autoscaler cost and what they
// give: how long uploads that come in bursts wait for their variants, and for how many
// seconds there were pods. The settings are those of knative/base and, one after the
// other, neighbours of them. It needs KUBECONFIG and what else package e2e/kube reads
// from the environment, and a cluster that lets Services begin without a pod
// (allow-zero-initial-scale in Knative's ConfigMap config-autoscaler).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"time"

	"pixmill/bench/machine"
	"pixmill/bench/pods"
	"pixmill/bench/program"
	"pixmill/bench/section"
	"pixmill/bench/stand"
	"pixmill/bench/work"
)

// sectionName is the report's.
const sectionName = "go run ./bench/autoscale"

func main() { program.Main("autoscale", run) }

// settings are the command line.
type settings struct {
	image  string
	photo  string
	only   string
	burst  int
	pause  time.Duration
	report string
}

func run(ctx context.Context) (err error) {
	var s settings
	flag.StringVar(&s.image, "image", "dist/image.tar", "the image")
	flag.StringVar(&s.photo, "photo", work.Large, "the photograph, a large JPEG")
	flag.StringVar(&s.only, "only", "", "a regular expression: measure only the settings whose name it matches")
	flag.IntVar(&s.burst, "n", 12, "images in a burst, all at once")
	flag.DurationVar(&s.pause, "pause", 25*time.Second, "from the end of the first burst to the second")
	flag.StringVar(&s.report, "report", "docs/knative.md", "where the report goes; - for the terminal")
	flag.Parse()
	only, err := regexp.Compile(s.only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	if s.burst < 1 {
		return fmt.Errorf("-n is %d: at least 1", s.burst)
	}
	words := machine.Words()
	// The S3 changes the working directory: no relative path after this.
	if err := stand.Absolute(&s.image, &s.photo, &s.report); err != nil {
		return err
	}
	photo, err := work.Photo(s.photo)
	if err != nil {
		return err
	}
	place, err := pods.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	all, err := measure(ctx, s, place, photo, only)
	if err != nil {
		return err
	}
	return section.Publish(s.report, sectionName, report(s, words, all))
}
