package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"pixmill/internal/config"
	"pixmill/internal/preset"
	"pixmill/internal/runtime"
	"pixmill/internal/runtime/store"
)

// welcome is what `pixmill run` says when it is ready.
type welcome struct {
	opts     runtime.Options
	from     string // where the configuration is from
	endpoint store.Endpoint
	created  []string // buckets
	took     time.Duration
}

func (w welcome) print(out io.Writer) {
	fmt.Fprintf(out, "Pixmill is ready, after %d ms.\n\n", w.took.Milliseconds())
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, value string) { fmt.Fprintf(t, "  %s\t%s\n", name, value) }
	row("S3 endpoint", w.endpoint.URL)
	row("access key", w.endpoint.AccessKey)
	row("secret key", w.endpoint.SecretKey)
	row("images in", w.place(w.opts.Presets.Source))
	row("variants in", w.place(w.opts.Presets.Output))
	row("rules", w.rules())
	row("function", fmt.Sprintf("%s (%s events, at most %d at once)", strings.Join(w.opts.Function.Command, " "), w.opts.Form, w.opts.Concurrency))
	row("data", w.opts.Data)
	_ = t.Flush() // nobody is left to tell
	w.printTry(out)
}

func (w welcome) place(l preset.Location) string {
	s := bucketURL(l)
	if slices.Contains(w.created, l.Bucket) {
		s += " (new)"
	}
	return s
}

func (w welcome) rules() string {
	if w.from == config.BuiltIn {
		return "built in, since there is no " + config.DefaultFile + " here"
	}
	return w.from
}

// printTry shows commands that work when they are pasted into another terminal.
func (w welcome) printTry(out io.Writer) {
	e, source, output := w.endpoint, bucketURL(w.opts.Presets.Source), bucketURL(w.opts.Presets.Output)
	fmt.Fprintf(out, "\nTry it, in another terminal:\n\n  export %s\n", strings.Join(e.Environment(), " "))
	fmt.Fprintf(out, "  aws s3 cp photo.jpg %s\n  aws s3 ls --recursive %s\n", source, output)
	fmt.Fprintf(out, "\nor, without the AWS command line:\n\n  curl --aws-sigv4 aws:amz:%s:s3 -H x-amz-content-sha256:UNSIGNED-PAYLOAD --user '%s:%s' -T photo.jpg %s/%s/%s\n",
		e.Region, e.AccessKey, e.SecretKey, e.URL, w.opts.Presets.Source.Bucket, w.opts.Presets.Source.Prefix)
	fmt.Fprint(out, "\nCtrl-C ends it.\n\n")
}

func bucketURL(l preset.Location) string { return "s3://" + l.Bucket + "/" + l.Prefix }
