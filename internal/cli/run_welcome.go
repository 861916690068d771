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
	keysFile string   // where the keys are kept; empty: they were given
	created  []string // buckets
	private  bool     // it is read by the user, and not kept in somebody's log
	took     time.Duration
}

func (w welcome) print(out io.Writer) {
	fmt.Fprintf(out, "Pixmill is ready, after %d ms.\n\n", w.took.Milliseconds())
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, value string) { fmt.Fprintf(t, "  %s\t%s\n", name, value) }
	row("S3 endpoint", w.endpoint.URL)
	row("access key", w.endpoint.AccessKey)
	row("secret key", w.secret())
	row("images in", w.place(w.opts.Presets.Source))
	row("variants in", w.place(w.opts.Presets.Output))
	row("rules", w.rules())
	row("function", w.function())
	row("data", w.opts.Data)
	_ = t.Flush() // nobody is left to tell
	w.printTry(out)
}

// function says what is started, or called, for an event.
func (w welcome) function() string {
	o := w.opts
	if o.URL == nil {
		return fmt.Sprintf("%s (%s events, at most %d at once)", strings.Join(o.Function.Command, " "), o.Form, o.Concurrency)
	}
	by := ""
	if o.Via != "" {
		by = " via " + o.Via
	}
	return fmt.Sprintf("POST %s%s (at most %d requests at once)", o.URL, by, o.Concurrency)
}

// secret is the secret key for a user who needs to be told, else where it is.
func (w welcome) secret() string {
	switch {
	case w.keysFile == "":
		return "the value of " + varSecretKey
	case w.private:
		return w.endpoint.SecretKey
	}
	return "in " + w.keysFile
}

// environment sets a client up for the store, in a shell that may not have
// been told the secret key.
func (w welcome) environment() []string {
	e := w.endpoint
	switch {
	case w.keysFile == "":
		e.SecretKey = `"$` + varSecretKey + `"`
	case !w.private:
		e.SecretKey = `"$(sed -n 's/.*"secretAccessKey": "\(.*\)".*/\1/p' ` + shellQuote(w.keysFile) + `)"`
	}
	return e.Environment()
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
// curl's has the key in its URL: where curl makes it of the file's name, some
// versions sign another encoding of it than the one that S3 asks for (%2b, not %2B).
func (w welcome) printTry(out io.Writer) {
	source, output := w.opts.Presets.Source, w.opts.Presets.Output
	fmt.Fprintf(out, "\nTry it, in another terminal:\n\n  export %s\n", strings.Join(w.environment(), " "))
	fmt.Fprintf(out, "  aws s3 cp photo.jpg %s\n  aws s3 ls --recursive %s\n", bucketURL(source), bucketURL(output))
	fmt.Fprint(out, "\nor, without the AWS command line (percent-encode the name in the URL, with capitals: a plus is %2B):\n\n")
	fmt.Fprintf(out, `  curl --aws-sigv4 aws:amz:%s:s3 -H x-amz-content-sha256:UNSIGNED-PAYLOAD --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -T photo.jpg "$AWS_ENDPOINT_URL/%s/%sphoto.jpg"`,
		w.endpoint.Region, source.Bucket, source.Prefix)
	fmt.Fprint(out, "\n\nCtrl-C ends it.\n\n")
}

func bucketURL(l preset.Location) string { return "s3://" + l.Bucket + "/" + l.Prefix }

// shellQuote returns s as one word of a shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
