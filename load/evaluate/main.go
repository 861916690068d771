// Command evaluate puts a rising load of images on Pixmill in a Kubernetes cluster, once
// for each form of deployment, kills a pod under a constant one, and writes what came of
// it: docs/evaluation.md with its graphs and tables.
//
// JMeter makes the load, with the plan of the folder above. The S3 is the local runtime's
// store, on this machine; the cluster is found as package kube says. Everything that it
// deploys is in namespaces of its own, which it removes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"pixmill/bench/machine"
	"pixmill/bench/program"
)

func main() { program.Main("evaluate", run) }

// patience bounds a run, whatever hangs.
const patience = 30 * time.Minute

func run(ctx context.Context) error {
	s, err := parse()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, dir := range []string{s.out, s.graphs} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	rep := report{Settings: s, Machine: machine.Words(), Date: time.Now().UTC()}
	if rep.Results, err = evaluate(ctx, s); err != nil {
		return err
	}
	return errors.Join(rep.write(), rep.draw())
}

// settings are the command line, and what EVALUATE_SHORT makes of it.
type settings struct {
	root    string // of the tree; a store changes the working directory
	out     string // for what is looked at once: JTL, CSV, PNG
	graphs  string // for the SVGs of the document
	page    string // the document
	tarball string

	Short   bool
	Steps   []int         // clients in all, step by step; each twice the one before, or one more
	Step    time.Duration // how long each step lasts
	Hold    time.Duration // of constant load, with a pod killed in the middle of it
	Clients int           // of the constant load
	Pods    int           // that the forms with more than one have at most
	CPU     string        // a pod's limit
	Request string        // a pod's request
	ScaleAt string        // CPU of a pod at which the autoscaler wants another
	only    string
}

func parse() (settings, error) {
	s := settings{Steps: []int{1, 2, 4, 8, 16}, Short: os.Getenv("EVALUATE_SHORT") != ""}
	flag.StringVar(&s.tarball, "image", "dist/image.tar", "the image, which is put into the cluster first")
	flag.DurationVar(&s.Step, "step", 20*time.Second, "how long each step of the rising load lasts")
	flag.DurationVar(&s.Hold, "hold", 40*time.Second, "how long the constant load lasts, in the middle of which a pod is killed")
	flag.IntVar(&s.Clients, "clients", 4, "clients of the constant load")
	flag.IntVar(&s.Pods, "pods", 3, "pods at most; leave the machine something to make the load with")
	flag.StringVar(&s.CPU, "cpu", "500m", "what a pod may use of a core")
	flag.StringVar(&s.Request, "request", "100m", "what is reserved for it")
	flag.StringVar(&s.ScaleAt, "scale-at", "350m", "CPU of a pod at which the HPA wants another")
	flag.StringVar(&s.only, "only", "", "one form: one, fixed, hpa or knative; its figures go to dist alone")
	flag.Parse()
	root, err := os.Getwd()
	if err != nil {
		return s, err
	}
	if _, err := os.Stat(filepath.Join(root, "load", "pixmill.jmx")); err != nil {
		return s, fmt.Errorf("run it from the top of the tree: %w", err)
	}
	if s.Short {
		s.Steps, s.Step, s.Hold = []int{1, 2, 4}, 4*time.Second, 18*time.Second
	}
	if s.root = root; !filepath.IsAbs(s.tarball) {
		s.tarball = filepath.Join(root, s.tarball)
	}
	s.out = filepath.Join(root, "dist", "evaluation")
	s.graphs, s.page = filepath.Join(root, "docs", "evaluation"), filepath.Join(root, "docs", "evaluation.md")
	if s.Short || s.only != "" {
		s.graphs, s.page = s.out, filepath.Join(s.out, "evaluation.md")
	}
	return s, nil
}
