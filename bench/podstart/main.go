// Command podstart measures how long a service that has no pod takes to answer (P7):
// from the request that Knative holds until a pod is there, to the answer. Beside
// Pixmill's image and its full one stands the smallest HTTP service that Go can make,
// all in turns in one cluster. It then does the same with images that the node has just
// got, and says how long that took.
//
// It needs KUBECONFIG and what else package e2e/kube reads from the environment, and
// the images of `make image image-full`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"

	"pixmill/bench/machine"
	"pixmill/bench/pods"
	"pixmill/bench/program"
	"pixmill/bench/section"
	"pixmill/bench/stand"
	"pixmill/bench/work"
)

// sectionName is the report's.
const sectionName = "go run ./bench/podstart"

func main() { program.Main("podstart", run) }

// settings are the command line.
type settings struct {
	image  string
	full   string
	photo  string
	count  int
	fresh  int
	note   string
	report string
}

func parse() (settings, error) {
	var s settings
	flag.StringVar(&s.image, "image", "dist/image.tar", "the image")
	flag.StringVar(&s.full, "full", "dist/image-full.tar", "the full image")
	flag.StringVar(&s.photo, "photo", work.Small, "the photograph, a small JPEG")
	flag.IntVar(&s.count, "n", 10, "starts of each service from an image that the node has; one more warms up before")
	flag.IntVar(&s.fresh, "fresh", 5, "starts of each image that the node has just got")
	flag.StringVar(&s.note, "note", "", "a sentence for the report: under which circumstances")
	flag.StringVar(&s.report, "report", "docs/benchmarks.md", "where the report goes; - for the terminal")
	flag.Parse()
	if s.count < 1 || s.fresh < 1 {
		return s, fmt.Errorf("-n is %d and -fresh is %d: at least 1 each", s.count, s.fresh)
	}
	// The S3 changes the working directory: no relative path after this.
	return s, stand.Absolute(&s.image, &s.full, &s.photo, &s.report)
}

func run(ctx context.Context) (err error) {
	s, err := parse()
	if err != nil {
		return err
	}
	words := machine.Words()
	photo, err := work.Photo(s.photo)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pixmill-podstart-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	hello := filepath.Join(dir, "hello")
	if err := buildHello(ctx, hello); err != nil {
		return err
	}
	place, err := pods.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	b := &bench{settings: s, place: place, random: rand.New(rand.NewPCG(1, 2))}
	if err := b.deploy(ctx, hello, photo); err != nil {
		return err
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	return section.Publish(s.report, sectionName, b.report(words))
}

// buildHello compiles the other service as a static program.
func buildHello(ctx context.Context, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "pixmill/bench/podstart/hello")
	cmd.Env, cmd.Stderr = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux"), os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building hello: %w", err)
	}
	return nil
}
