// Command latency measures what the local runtime adds to the work itself: the
// time from the start of a PUT until the manifest can be read, less the CPU time
// that the function's process took for it. It starts `pixmill run` in a folder
// of its own, or measures one that runs, and waits for one photograph after the
// other: it is no load test.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"pixmill/bench/machine"
	"pixmill/bench/program"
	"pixmill/bench/section"
	"pixmill/bench/work"
)

func main() { program.Main("latency", run) }

// settings are the command line.
type settings struct {
	binary    string
	endpoint  string
	accessKey string
	secretKey string
	source    string
	output    string
	pid       int
	photo     string
	count     int
	pause     time.Duration
	note      string
	apart     bool // the function has a core of its own, so that it computes on one at a time
	report    string
}

func parse() settings {
	var s settings
	flag.StringVar(&s.binary, "pixmill", "", "a pixmill program to start; empty: build it")
	flag.StringVar(&s.endpoint, "endpoint", "", "measure what runs at this URL instead; -pid, -access-key and -secret-key go with it")
	flag.StringVar(&s.accessKey, "access-key", "AKIDBENCHMARK", "access key")
	flag.StringVar(&s.secretKey, "secret-key", "benchmark-secret-key", "secret key")
	flag.StringVar(&s.source, "source", "uploads", "source bucket")
	flag.StringVar(&s.output, "output", "variants", "output bucket")
	flag.IntVar(&s.pid, "pid", 0, "process id of the pixmill at -endpoint")
	flag.StringVar(&s.photo, "photo", work.Small, "the photograph")
	flag.IntVar(&s.count, "n", 300, "measured PUTs; a tenth as many warm up before")
	flag.DurationVar(&s.pause, "pause", 100*time.Millisecond, "wait between two")
	flag.StringVar(&s.note, "note", "", "a sentence for the report: under which circumstances")
	flag.StringVar(&s.report, "report", "docs/benchmarks.md", "where the report goes; - for the terminal")
	flag.Parse()
	return s
}

func run(ctx context.Context) error {
	s, words := parse(), machine.Words()
	photo, err := work.Photo(s.photo)
	if err != nil {
		return err
	}
	text := heading(s, words)
	if s.endpoint != "" {
		all, err := series(ctx, s, photo)
		if err != nil {
			return err
		}
		text += table("as it was started", all)
	} else {
		all, err := localSeries(ctx, s, photo)
		if err != nil {
			return err
		}
		text += table("pixmill and its function on all cores", all)
		if s.apart = runtime.NumCPU() > 1; s.apart {
			if all, err = localSeries(ctx, s, photo); err != nil {
				return err
			}
			text += table("the function on a core of its own, pixmill on the others", all)
		}
	}
	return section.Publish(s.report, "go run ./bench/latency", text)
}

// localSeries starts pixmill for one series.
func localSeries(ctx context.Context, s settings, photo []byte) (_ []sample, err error) {
	local, err := startLocal(ctx, &s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, local.close()) }()
	return series(ctx, s, photo)
}

// series puts the photograph again and again, under new keys.
func series(ctx context.Context, s settings, photo []byte) ([]sample, error) {
	client, err := connect(ctx, s)
	if err != nil {
		return nil, err
	}
	defer client.close()
	var all []sample
	for i := range s.count + s.count/10 {
		one, err := client.measure(ctx, fmt.Sprintf("latency/%d-%04d.jpg", os.Getpid(), i), photo)
		if err != nil {
			return nil, err
		}
		if i == 0 && s.apart {
			if err := moveChildren(s.pid); err != nil {
				return nil, err
			}
		}
		if i >= s.count/10 {
			all = append(all, one)
		}
		select {
		case <-time.After(s.pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return all, nil
}
