// Command coldstart measures how long a function that does not run yet takes for
// a photograph (P5): from the start of its process until four variants of a small
// JPEG are in the store. The process is the Lambda function's, as it is in its
// zip, and is driven over a Runtime API as Lambda does it, beside the smallest
// function that Go can make. Where AWS_ENDPOINT_URL names a LocalStack, both are
// deployed there and started cold, too.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"pixmill/bench/machine"
	"pixmill/bench/program"
	"pixmill/bench/section"
	"pixmill/bench/work"
	"pixmill/internal/runtime/pool"
)

// The sections of the report: the second stays as it is where there is no LocalStack.
const (
	sectionLocal      = "go run ./bench/coldstart"
	sectionLocalStack = "go run ./bench/coldstart, with AWS_ENDPOINT_URL"
)

func main() { program.Main("coldstart", run) }

// settings are the command line.
type settings struct {
	function string
	photo    string
	count    int
	report   string
}

// subjects are what is measured.
type subjects struct {
	dir     string // a temporary one
	origin  string // what pixmill was made from, for the report
	pixmill pool.Function
	hello   pool.Function
	photo   []byte
	count   int
}

func run(ctx context.Context) (err error) {
	var s settings
	flag.StringVar(&s.function, "function", "dist/lambda.zip", "the function: a zip, a bootstrap or a folder with one; where the default is not there, one is built with the libvips of this system")
	flag.StringVar(&s.photo, "photo", work.Small, "the photograph, a small JPEG")
	flag.IntVar(&s.count, "n", 25, "measured starts of each function; one more warms up before")
	flag.StringVar(&s.report, "report", "docs/benchmarks.md", "where the report goes; - for the terminal")
	flag.Parse()
	if s.count < 1 {
		return fmt.Errorf("-n is %d: at least 1", s.count)
	}
	words := machine.Words()
	// The store changes the working directory: no relative path after this.
	if s.report != "-" {
		if s.report, err = filepath.Abs(s.report); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "pixmill-coldstart-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	sub, err := prepare(ctx, s, dir)
	if err != nil {
		return err
	}
	stack, err := findLocalStack(ctx, os.Getenv)
	if err != nil {
		return err
	}
	rows, err := sub.measureLocal(ctx)
	if err != nil {
		return err
	}
	if err := section.Publish(s.report, sectionLocal, localReport(sub, words, rows)); err != nil {
		return err
	}
	if stack == nil {
		fmt.Fprintln(os.Stderr, "AWS_ENDPOINT_URL names no LocalStack: the starts there are not measured")
		return nil
	}
	cold, err := sub.measureLocalStack(ctx, stack)
	if err != nil {
		return fmt.Errorf("LocalStack: %w", err)
	}
	return section.Publish(s.report, sectionLocalStack, localStackReport(sub, words, cold))
}

// prepare builds what is not built and unpacks what is packed.
func prepare(ctx context.Context, s settings, dir string) (subjects, error) {
	sub := subjects{dir: dir, origin: s.function, count: s.count}
	var err error
	if sub.photo, err = work.Photo(s.photo); err != nil {
		return sub, err
	}
	if _, err := os.Stat(s.function); errors.Is(err, os.ErrNotExist) && s.function == flag.Lookup("function").DefValue {
		sub.origin = "functions/lambda, built with the libvips of this system"
		s.function = filepath.Join(dir, "built", "bootstrap")
		if err := program.Build(ctx, s.function, "pixmill/functions/lambda"); err != nil {
			return sub, err
		}
	}
	if sub.pixmill, err = pool.Load(s.function, filepath.Join(dir, "pixmill")); err != nil {
		return sub, err
	}
	hello := filepath.Join(dir, "hello", "bootstrap")
	if err := program.Build(ctx, hello, "pixmill/bench/coldstart/hello"); err != nil {
		return sub, err
	}
	sub.hello, err = pool.Load(hello, filepath.Join(dir, "unpacked"))
	return sub, err
}
