package preset

import (
	"os"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// Option changes a configuration before it is checked.
type Option func(*overrides)

type overrides struct {
	source, output string
	notify         *Notify
}

// SourceBucket replaces source.bucket; an empty name replaces nothing.
func SourceBucket(name string) Option { return func(o *overrides) { o.source = name } }

// OutputBucket replaces output.bucket; an empty name replaces nothing.
func OutputBucket(name string) Option { return func(o *overrides) { o.output = name } }

// Load reads and checks a file. Its errors are Misconfigured.
func Load(path string, opts ...Option) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "read the configuration", "", err)
	}
	return Parse(path, data, opts...)
}

// Parse checks a pixmill.yaml; filename is for messages. An error is an *Error
// with everything that is wrong, which the checks find in two steps: what a field
// is, and when that is right everywhere, what the fields mean together.
func Parse(filename string, data []byte, opts ...Option) (*Config, error) {
	r := &report{file: filename, at: map[string]position{}}
	raw := decodeFile(r, data)
	var o overrides
	for _, opt := range opts {
		opt(&o)
	}
	r.override(&raw.Source, "source", o.source)
	r.override(&raw.Output, "output", o.output)
	r.overrideNotify(&raw, o.notify)
	if err := r.err(); err != nil {
		return nil, err
	}
	cfg := r.build(&raw)
	if err := r.err(); err != nil {
		return nil, err
	}
	return cfg, nil
}

// override sets a bucket's name from outside, which also mends a file that has none.
func (r *report) override(loc *rawLocation, section, bucket string) {
	if bucket == "" {
		return
	}
	loc.Bucket = bucket
	kept := r.problems[:0]
	for _, p := range r.problems {
		if p.Field != section+".bucket" {
			kept = append(kept, p)
		}
	}
	r.problems = kept
}

// build turns a raw configuration, right in each of its fields, into a checked one.
func (r *report) build(raw *rawConfig) *Config {
	cfg := &Config{
		Revision: raw.Revision,
		Engine:   raw.Engine,
		Source:   r.location("source", raw.Source),
		Output:   r.location("output", raw.Output),
		Limits:   limits(raw.Limits),
		Notify:   r.notify(raw.Notify),
	}
	if cfg.Engine == "" {
		cfg.Engine = "vips"
	}
	r.checkLoop(cfg.Source, cfg.Output)
	cfg.presets = r.presets(raw.Presets, cfg)
	for i := range raw.Rules {
		cfg.Rules = append(cfg.Rules, r.rule(raw.Rules, i, cfg.presets))
	}
	return cfg
}

func limits(raw rawLimits) imaging.Limits {
	l := imaging.DefaultLimits()
	set := func(dst *int64, v int64) {
		if v > 0 {
			*dst = v
		}
	}
	set(&l.SourceBytes, int64(raw.SourceBytes))
	set(&l.Pixels, int64(raw.Pixels))
	set(&l.TotalPixels, int64(raw.TotalPixels))
	set(&l.Frames, int64(raw.Frames))
	set(&l.Dimension, int64(raw.Dimension))
	set(&l.Memory, int64(raw.Memory))
	set((*int64)(&l.Deadline), int64(raw.Deadline))
	return l
}
