package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"pixmill/bench/quantile"
	"pixmill/bench/section"
	"pixmill/internal/blob"
	"pixmill/internal/blob/s3blob"
	"pixmill/internal/manifest"
)

const (
	poll        = 2 * time.Millisecond // between two looks for the manifest
	patience    = 30 * time.Second
	maxManifest = 4 << 20 // bytes
)

// sample is one PUT.
type sample struct {
	total  time.Duration // start of the PUT until the manifest was read
	put    time.Duration // the PUT's own answer
	cpu    time.Duration // of the function's process meanwhile
	handle time.Duration // of the invocation by its own clock, to just before the manifest's PUT
}

// above is what P6 speaks of.
func (s sample) above() time.Duration { return s.total - s.cpu }

// client puts photographs and waits for manifests.
type client struct {
	store          *s3blob.Store
	source, output *blob.Bucket
	pid            int
}

func connect(ctx context.Context, s settings) (*client, error) {
	store, err := s3blob.New(ctx, s3blob.Options{
		Endpoint: s.endpoint,
		Creds:    credentials.NewStaticCredentialsProvider(s.accessKey, s.secretKey, ""),
	})
	if err != nil {
		return nil, err
	}
	return &client{store: store, source: store.Bucket(s.source), output: store.Bucket(s.output), pid: s.pid}, nil
}

func (c *client) close() { c.store.Close() }

func (c *client) measure(ctx context.Context, key string, photo []byte) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	before, err := functionTime(c.pid)
	if err != nil {
		return sample{}, err
	}
	start := time.Now()
	if _, err := c.source.Put(ctx, key, photo, &blob.PutOptions{ContentType: "image/jpeg"}); err != nil {
		return sample{}, err
	}
	one := sample{put: time.Since(start)}
	m, err := c.await(ctx, key+"/"+manifest.Name)
	if err != nil {
		return sample{}, fmt.Errorf("the manifest of %s: %w", key, err)
	}
	one.total = time.Since(start)
	after, err := functionTime(c.pid)
	if err != nil {
		return sample{}, err
	}
	if m.Status != manifest.StatusOK {
		return sample{}, fmt.Errorf("the manifest of %s says %s: %s", key, m.Status, m.Reason)
	}
	one.cpu = after - before
	one.handle = time.Duration(m.Timings.TotalMS * float64(time.Millisecond))
	return one, nil
}

// await looks for the manifest until it is there.
func (c *client) await(ctx context.Context, key string) (*manifest.Manifest, error) {
	for {
		data, _, err := c.output.Get(ctx, key, maxManifest)
		if err == nil {
			return manifest.Parse(data)
		}
		if blob.CodeOf(err) != blob.CodeNoSuchKey {
			return nil, err
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// The targets of P6.
const (
	targetP50 = 15 * time.Millisecond
	targetP99 = 60 * time.Millisecond
)

// heading says what was measured, on what and how.
func heading(s settings, words string) string {
	note := s.note
	if note != "" {
		note = " " + note
	}
	return fmt.Sprintf("Measured %s on %s: %d PUTs of %s, one after the other, one warm function process.\nCommand: `go run ./bench/latency -n %d`.%s\n\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), words, s.count, filepath.Base(s.photo), s.count, note)
}

// table is one series.
func table(name string, all []sample) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| from the start of the PUT, ms; %s | p50 | p90 | p99 |\n|---|---|---|---|\n", name)
	row := func(name string, of func(sample) time.Duration) {
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %.1f |\n", name, quantile.Milliseconds(quantileOf(all, 0.5, of)), quantile.Milliseconds(quantileOf(all, 0.9, of)), quantile.Milliseconds(quantileOf(all, 0.99, of)))
	}
	row("until the PUT is answered", func(s sample) time.Duration { return s.put })
	row("until the manifest is read", func(s sample) time.Duration { return s.total })
	row("the function's CPU time in it", func(s sample) time.Duration { return s.cpu })
	row("the invocation by its own clock", func(s sample) time.Duration { return s.handle })
	row("until the manifest, above the invocation's own time", func(s sample) time.Duration { return s.total - s.handle })
	row("**until the manifest, above the function's CPU time**", sample.above)
	p50, p99 := quantileOf(all, 0.5, sample.above), quantileOf(all, 0.99, sample.above)
	fmt.Fprintf(&b, "\nTarget (P6): p50 ≤ %v: %s; p99 ≤ %v: %s.\n\n", targetP50, section.Verdict(p50 <= targetP50), targetP99, section.Verdict(p99 <= targetP99))
	return b.String()
}

// quantileOf sums up one of the times of all samples.
func quantileOf(all []sample, q float64, of func(sample) time.Duration) time.Duration {
	values := make([]time.Duration, len(all))
	for i, s := range all {
		values[i] = of(s)
	}
	return quantile.Of(values, q)
}
