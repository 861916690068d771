// Package config is where a process of Pixmill gets its settings from: the
// environment, and the configuration that it names. It reads no environment by
// itself and keeps nothing: everything comes in through getenv and goes out in
// one struct.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"pixmill"
	"pixmill/internal/fault"
	"pixmill/internal/preset"
)

// The environment variables. All are optional.
const (
	VarConfig       = "PIXMILL_CONFIG"        // the path of a pixmill.yaml, or, with a line break in it, its text
	VarSourceBucket = "PIXMILL_SOURCE_BUCKET" // instead of source.bucket
	VarOutputBucket = "PIXMILL_OUTPUT_BUCKET" // instead of output.bucket
	VarNotify       = "PIXMILL_NOTIFY"        // instead of notify: "eventbridge=BUS sns=ARN sqs=URL", or "none"
	VarLogLevel     = "PIXMILL_LOG_LEVEL"     // debug, info, warn or error
	VarLogFormat    = "PIXMILL_LOG_FORMAT"    // json, text or terminal
)

// DefaultFile is the configuration that is taken, if it is there, when none is named.
const DefaultFile = "pixmill.yaml"

// BuiltIn is Settings.From where no configuration is named and DefaultFile is not there.
const BuiltIn = "the built-in configuration"

// Settings are what a process runs with.
type Settings struct {
	Presets *preset.Config
	From    string // where Presets come from: a path, VarConfig or BuiltIn
	Log     Log
}

// Load reads the settings. file is a path that goes before VarConfig; it may be
// empty. All that is wrong is reported together, as Misconfigured; Settings.Log
// is usable even then.
func Load(getenv func(string) string, file string) (Settings, error) {
	log, logErr := logFrom(getenv)
	s := Settings{Log: log}
	opts, bucketErr := bucketsFrom(getenv)
	notify, notifyErr := notifyFrom(getenv)
	opts = append(opts, notify...)
	if file == "" {
		file = getenv(VarConfig)
	}
	var err error
	s.Presets, s.From, err = load(file, opts)
	if err := errors.Join(logErr, bucketErr, notifyErr, err); err != nil {
		return Settings{Log: log}, misconfigured{err}
	}
	return s, nil
}

func load(file string, opts []preset.Option) (*preset.Config, string, error) {
	if strings.Contains(file, "\n") {
		c, err := preset.Parse(VarConfig, []byte(file), opts...)
		return c, VarConfig, err
	}
	if file != "" {
		c, err := preset.Load(file, opts...)
		return c, file, err
	}
	c, err := preset.Load(DefaultFile, opts...)
	if errors.Is(err, fs.ErrNotExist) {
		c, err = preset.Parse(BuiltIn, []byte(pixmill.DefaultConfig), opts...)
		return c, BuiltIn, err
	}
	return c, DefaultFile, err
}

func bucketsFrom(getenv func(string) string) ([]preset.Option, error) {
	var opts []preset.Option
	var errs []error
	for _, v := range []struct {
		name   string
		option func(string) preset.Option
	}{{VarSourceBucket, preset.SourceBucket}, {VarOutputBucket, preset.OutputBucket}} {
		bucket := getenv(v.name)
		if bucket == "" {
			continue
		}
		if err := preset.CheckBucket(bucket); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", v.name, err))
			continue
		}
		opts = append(opts, v.option(bucket))
	}
	return opts, errors.Join(errs...)
}

func notifyFrom(getenv func(string) string) ([]preset.Option, error) {
	text := getenv(VarNotify)
	if text == "" {
		return nil, nil
	}
	n, err := preset.ParseNotify(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", VarNotify, err)
	}
	return []preset.Option{preset.NotifyTo(n)}, nil
}

func logFrom(getenv func(string) string) (Log, error) {
	log := Log{Level: slog.LevelInfo}
	var errs []error
	if level := getenv(VarLogLevel); level != "" {
		if err := log.Level.UnmarshalText([]byte(level)); err != nil {
			errs = append(errs, fmt.Errorf("%s: %q is not one of debug, info, warn, error", VarLogLevel, level))
		}
	}
	switch format := strings.ToLower(getenv(VarLogFormat)); format {
	case "", FormatJSON, FormatText, FormatTerminal:
		log.Format = format
	default:
		errs = append(errs, fmt.Errorf("%s: %q is not one of %s, %s, %s", VarLogFormat, format, FormatJSON, FormatText, FormatTerminal))
	}
	return log, errors.Join(errs...)
}

// misconfigured gives a joined error its kind and leaves its lines alone.
type misconfigured struct{ error }

// FaultKind returns Misconfigured.
func (misconfigured) FaultKind() fault.Kind { return fault.Misconfigured }

func (m misconfigured) Unwrap() error { return m.error }
