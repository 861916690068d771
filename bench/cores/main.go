// Command cores measures what further cores are worth to the HTTP function (P10):
// how many images a second it makes variants of on two, against twice as many as on
// one. Two processes with one core each, at the same time, show what the machine
// itself loses when both cores compute. With KUBECONFIG the same is measured in pods
// whose quota is one and two.
//
// The S3 and the program that sends the requests are on the same cores. What they and
// everything else on the machine take is measured, and not counted as the function's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"pixmill/bench/machine"
	"pixmill/bench/program"
	"pixmill/bench/section"
	"pixmill/bench/stand"
	"pixmill/bench/work"
	"pixmill/e2e/kube"
)

// The sections of the report.
const (
	sectionLocal = "go run ./bench/cores"
	sectionPods  = "go run ./bench/cores, with KUBECONFIG"
)

func main() { program.Main("cores", run) }

// settings are the command line.
type settings struct {
	function string
	image    string
	photo    string
	count    int
	rounds   int
	report   string
}

func run(ctx context.Context) (err error) {
	var s settings
	flag.StringVar(&s.function, "function", "", "the HTTP function's program; empty: build it with the libvips of this system")
	flag.StringVar(&s.image, "image", "dist/image.tar", "the image, for pods")
	flag.StringVar(&s.photo, "photo", work.Large, "the photograph, a large JPEG")
	flag.IntVar(&s.count, "n", 24, "measured images of one series")
	flag.IntVar(&s.rounds, "rounds", 3, "series of each kind, in turns")
	flag.StringVar(&s.report, "report", "docs/benchmarks.md", "where the report goes; - for the terminal")
	flag.Parse()
	if s.count < 1 || s.rounds < 1 {
		return fmt.Errorf("-n is %d and -rounds is %d: at least 1 each", s.count, s.rounds)
	}
	if runtime.NumCPU() < mostCores {
		return fmt.Errorf("this machine has %d core: there is nothing to compare", runtime.NumCPU())
	}
	words := machine.Words()
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	// The S3 changes the working directory: no relative path after this.
	if err := stand.Absolute(&s.report, &s.function, &s.image, &s.photo); err != nil {
		return err
	}
	photo, err := work.Photo(s.photo)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pixmill-cores-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if s.function == "" {
		s.function = filepath.Join(dir, "knative")
		if err := program.Build(ctx, s.function, "pixmill/functions/knative"); err != nil {
			return err
		}
	}
	all, err := measureProcesses(ctx, s, filepath.Join(dir, "s3"), photo)
	if err != nil {
		return err
	}
	if err := section.Publish(s.report, sectionLocal, localReport(s, words, all)); err != nil {
		return err
	}
	return runPods(ctx, s, root, photo)
}

// runPods measures in pods where the environment names a cluster.
func runPods(ctx context.Context, s settings, root string, photo []byte) error {
	if err := os.Chdir(root); err != nil { // the S3 of the other measurement changed it
		return err
	}
	words := machine.Words()
	all, err := measurePods(ctx, s, photo)
	if errors.Is(err, kube.ErrNoCluster) {
		fmt.Fprintln(os.Stderr, "not measured in pods:", err)
		return nil
	}
	if err != nil {
		return err
	}
	return section.Publish(s.report, sectionPods, podReport(s, words, all))
}
