package cli

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"pixmill/internal/app"
	"pixmill/internal/blob"
	"pixmill/internal/blob/fileblob"
	"pixmill/internal/config"
	"pixmill/internal/event"
	"pixmill/internal/preset"
)

// processFlags are the flags of `pixmill process`.
type processFlags struct {
	out     string
	config  string
	preset  string
	jobs    int
	json    bool
	verbose bool
}

// newProcess returns `pixmill process`.
func newProcess(e *env) *cobra.Command {
	var f processFlags
	cmd := &cobra.Command{
		Use:   "process FILE|FOLDER… --out FOLDER",
		Short: "Make the variants of files and folders, without a server",
		Long: `Makes the variants of image files and puts each source's variants and manifest
into a folder of its own: photo.jpg becomes OUT/photo.jpg/large.webp and so on,
and OUT/photo.jpg/manifest.json says what was made. The files of a folder keep
their place in it. What stands in OUT already and agrees with its source is not
made again, so a run that was stopped goes on where it was.

Hidden files, links and special files in folders are passed over. The exit code
is 0 if everything asked for is there, 1 if something is not, and 2 if nothing
was begun because the command line or the configuration is wrong.`,
		Example: `  pixmill process photo.jpg --out variants
  pixmill process photos/ more/one.png --out variants --jobs 4
  pixmill process photos/ --out variants --preset avatar
  pixmill process photos/ --out variants --json | jq 'select(.result != "made")'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("process needs at least one file or folder, as in: pixmill process photo.jpg --out variants")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return process(cmd.Context(), e, f, args) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "out", "o", "", "the `FOLDER` for variants and manifests; it is made if it is not there")
	flags.StringVarP(&f.config, "config", "c", "", "the `FILE` with rules and presets (default: "+config.DefaultFile+" if it is there, else a built-in one)")
	flags.StringVarP(&f.preset, "preset", "p", "", "use the preset of this `NAME` for every file, whatever the rules say")
	flags.IntVarP(&f.jobs, "jobs", "j", runtime.GOMAXPROCS(0), "work on `N` files at a time")
	flags.BoolVar(&f.json, "json", false, "print one JSON line for each source, and no table")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "say what is done with each file, and what is passed over")
	return cmd
}

// process is the command: find the files, make everything ready, then work.
func process(ctx context.Context, e *env, f processFlags, args []string) error {
	cfg, err := f.configuration(e)
	if err != nil {
		return usageError{err}
	}
	r := newProcessReport(e, f)
	inputs, err := collectInputs(args, f.out, r.note)
	if err != nil {
		return usageError{err}
	}
	a, err := openFiles(ctx, e.Self, cfg, inputs, f.out)
	if err != nil {
		return usageError{err}
	}
	defer a.Close()

	r.start(len(inputs))
	workers := errgroup.Group{}
	workers.SetLimit(f.jobs)
	for _, in := range inputs {
		if ctx.Err() != nil {
			break
		}
		workers.Go(func() error {
			r.done(processOne(ctx, a, cfg, in, f.out))
			return nil
		})
	}
	_ = workers.Wait() // what went wrong is in the report
	return r.finish(ctx.Err() != nil)
}

// configuration returns what to make: the rules and presets of the configuration,
// over files instead of buckets.
func (f processFlags) configuration(e *env) (*preset.Config, error) {
	switch {
	case f.out == "":
		return nil, fmt.Errorf("--out is missing: the folder for variants and manifests")
	case f.jobs < 1:
		return nil, fmt.Errorf("--jobs is %d: at least 1", f.jobs)
	}
	settings, err := config.Load(e.Getenv, f.config)
	if err != nil {
		return nil, err
	}
	cfg := *settings.Presets
	cfg.Source.Prefix, cfg.Output.Prefix = "", "" // keys are relative to the folders given
	if f.preset == "" {
		return &cfg, nil
	}
	one, err := cfg.WithPreset(f.preset)
	if err != nil {
		return nil, fmt.Errorf("--preset: %w (in %s)", err, settings.From)
	}
	return one, nil
}

// openFiles returns the handler over files. The source keeps the name of the
// configured bucket, so that an output copied to its bucket later agrees there.
func openFiles(ctx context.Context, self *app.Self, cfg *preset.Config, inputs []input, out string) (*app.App, error) {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	output, err := fileblob.Open(out, fileblob.Options{AttributesOptional: true})
	if err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	return app.New(ctx, app.Options{
		Config: cfg, Self: self,
		Source: blob.NewBucket(cfg.Source.Bucket, newFileSource(inputs, cfg.Limits.SourceBytes)),
		Output: output,
	})
}

// processOne makes one file's output agree with it and says what came of it.
func processOne(ctx context.Context, a *app.App, cfg *preset.Config, in input, out string) record {
	begin := time.Now()
	outcome, err := a.Handler.Handle(ctx, event.ObjectEvent{Bucket: cfg.Source.Bucket, Key: in.key, Op: event.OpDirect})
	r := newRecord(in, out, outcome, err)
	if err != nil && ctx.Err() != nil {
		r.Result, r.Reason = resultStopped, ""
	}
	r.Millis = float64(time.Since(begin).Microseconds()) / 1000
	return r
}
