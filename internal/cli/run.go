package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"pixmill"
	"pixmill/internal/config"
	"pixmill/internal/runtime"
	"pixmill/internal/runtime/dispatch"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/store"
)

// The environment variables with keys for the store; both or none.
const (
	varAccessKey = "PIXMILL_ACCESS_KEY_ID"
	varSecretKey = "PIXMILL_SECRET_ACCESS_KEY" //nolint:gosec // the name of a variable
)

// inherited are the variables of this process that functions may need.
var inherited = []string{"PATH", "TMPDIR", "LD_LIBRARY_PATH", config.VarSourceBucket, config.VarOutputBucket, config.VarLogLevel}

// maxConfigText is the longest configuration that fits into an environment variable, in bytes.
const maxConfigText = 128<<10 - 64

// runFlags are the flags of `pixmill run`.
type runFlags struct {
	data        string
	config      string
	listen      string
	function    string
	via         string
	env         []string
	event       string
	concurrency int
	memory      int
	idle        time.Duration
	timeout     time.Duration
	drain       time.Duration
	sample      bool
	sync        bool
	recheck     bool
	given       func(name string) bool // whether a flag is on the command line
}

// newRun returns `pixmill run`.
func newRun(e *env) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Serve S3 on this machine and make the variants of what is put there",
		Long: `Starts the local runtime: an S3 store, a durable queue and the function that
makes variants, in one program. Put an image into the source bucket with any S3
client, and its variants and a manifest appear in the output bucket; delete it,
and they go, too. The function runs as child processes, from none while there is
nothing to do up to --concurrency, over the same interface as on AWS Lambda.

With --function http://… no process is started. Each event is sent to that function,
one S3 notification a request, and the status of the answer is what came of it: 2xx
is done; 400, 413, 415, 422 and the like are not tried again; all else comes again,
later and later. What finds no function, or one that has no room, is no attempt. What
was given up comes again when another version of Pixmill's function answers. The
function has to have the same configuration, and reach the store (--listen). What it
made is in its own log; here is only what failed.

Everything is kept under --data, survives kill -9, and is there again at the next
start. Keys for the store are made at the first start, or taken from
` + varAccessKey + ` and ` + varSecretKey + `.

The log goes to standard error, short where that is a terminal. ` + config.VarLogLevel + `
(debug, info, warn, error) and ` + config.VarLogFormat + ` (terminal, text, json) change it.

Ctrl-C finishes what has begun and ends; a second Ctrl-C ends at once.`,
		Example: `  pixmill run --sample
  pixmill run --config pixmill.yaml --data /var/lib/pixmill --listen 127.0.0.1:9000
  pixmill run --function build/bootstrap.zip --event sqs
  pixmill run --listen 192.168.49.1:9000 --function http://pixmill.default.example.com --function-via 192.168.49.2:80`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.given = cmd.Flags().Changed
			return runLocal(cmd.Context(), e, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.data, "data", "d", ".pixmill", "the `FOLDER` for everything; it is made if it is not there")
	flags.StringVarP(&f.config, "config", "c", "", "the `FILE` with buckets, rules and presets (default: "+config.DefaultFile+" if it is there, else a built-in one)")
	flags.StringVarP(&f.listen, "listen", "l", "127.0.0.1:9000", "the `ADDRESS` of the S3 store; with port 0 a free one is taken")
	flags.StringVar(&f.function, "function", "", "run another function: the `PATH` of a provided.al2023 bootstrap, a folder with one, or a zip; or call the one at this http:// or https:// URL")
	flags.StringVar(&f.via, "function-via", "", "connect to this `HOST:PORT` in place of the URL's own, which stays the Host header: a cluster's ingress")
	flags.StringArrayVar(&f.env, "env", nil, "set `NAME=VALUE` in the environment of the function processes; may be given again")
	flags.StringVar(&f.event, "event", string(dispatch.FormSQS), "give the function `FORM` events: sqs (batches of S3 notifications) or s3 (one notification each)")
	flags.IntVar(&f.concurrency, "concurrency", goruntime.GOMAXPROCS(0), "run at most `N` function processes at once, or requests to a URL ("+strconv.Itoa(remoteConcurrency)+" of these unless told otherwise)")
	flags.IntVar(&f.memory, "memory", 1024, "end a function process that takes more than `N` MiB (resident, on Linux); 0: no limit")
	flags.DurationVar(&f.idle, "idle", 2*time.Minute, "end a function process that had nothing to do for so long")
	flags.DurationVar(&f.timeout, "timeout", time.Minute, "end an invocation, or a request, that takes longer; what is left of a source is done in the next, of five at most")
	flags.DurationVar(&f.drain, "drain", 20*time.Second, "at the end, finish what has begun for at most so long")
	flags.BoolVar(&f.sample, "sample", false, "put a sample photograph through and show its variants")
	flags.BoolVar(&f.sync, "sync", false, "write each event through to the disk before its request is answered, against power cuts; costs an fsync (about 1 ms, at times 10) for each change, and leaves the objects to the file system")
	flags.BoolVar(&f.recheck, "recheck", true, "at the start, queue every source whose output is not what the configuration asks for")
	return cmd
}

// runLocal is the command: open, say so, work until ctx ends.
func runLocal(ctx context.Context, e *env, f runFlags) error {
	begin := time.Now()
	settings, err := config.Load(e.Getenv, f.config)
	if err != nil {
		return usageError{err}
	}
	opts, err := f.options(e, settings)
	if err != nil {
		return usageError{err}
	}
	r, err := runtime.Open(ctx, opts)
	if errors.Is(err, syscall.EADDRINUSE) {
		return usagef("%s is in use by another program: choose another address with --listen", opts.Listen)
	}
	if err != nil && ctx.Err() != nil {
		return err // it was ended while it started, and nothing is wrong
	}
	if err != nil {
		return usageError{err}
	}
	opts.Function = r.Function()
	w := welcome{
		opts: opts, from: settings.From, endpoint: r.Endpoint(), keysFile: r.KeysFile(),
		created: r.Created(), private: isTerminal(e.Stdout), took: time.Since(begin),
	}
	w.print(e.Stdout)
	quiet := context.AfterFunc(ctx, func() { fmt.Fprintln(e.Stderr, "finishing what has begun; Ctrl-C again ends at once") })
	defer quiet() // ctx may end after this has

	var parts sync.WaitGroup
	if f.sample {
		parts.Go(func() {
			if err := showSample(ctx, e.Stdout, r.Endpoint(), opts.Presets); err != nil && ctx.Err() == nil {
				fmt.Fprintf(e.Stderr, "pixmill: sample: %v\n", err)
			}
		})
	}
	err = r.Run(ctx)
	parts.Wait()
	if err = errors.Join(err, r.Close()); err == nil {
		fmt.Fprintf(e.Stderr, "stopped; everything is kept in %s\n", opts.Data)
	}
	return err
}

// options checks the flags and makes the runtime's options of them.
func (f runFlags) options(e *env, s config.Settings) (runtime.Options, error) {
	address, via, err := f.remote()
	if err != nil {
		return runtime.Options{}, err
	}
	if err := f.check(); err != nil {
		return runtime.Options{}, err
	}
	// The store changes the working directory: no relative path after this.
	data, err := filepath.Abs(f.data)
	if err != nil {
		return runtime.Options{}, fmt.Errorf("--data: %w", err)
	}
	function, err := thisAsFunction()
	if err != nil {
		return runtime.Options{}, err
	}
	load := f.function
	if address != nil {
		load = ""
	}
	text, err := configText(e, s)
	if err != nil {
		return runtime.Options{}, err
	}
	keys := store.Credentials{AccessKey: e.Getenv(varAccessKey), SecretKey: e.Getenv(varSecretKey)}
	if (keys.AccessKey == "") != (keys.SecretKey == "") {
		return runtime.Options{}, fmt.Errorf("of %s and %s only one is set: both or none", varAccessKey, varSecretKey)
	}
	var environ []string
	for _, name := range inherited {
		if value := e.Getenv(name); value != "" {
			environ = append(environ, name+"="+value)
		}
	}
	return runtime.Options{
		Self:        e.Self,
		Data:        data,
		Listen:      f.listen,
		Credentials: keys,
		Presets:     s.Presets,
		Config:      text,
		Function:    function,
		Load:        load,
		URL:         address,
		Via:         via,
		Form:        dispatch.Form(f.event),
		Concurrency: f.concurrency,
		Idle:        f.idle,
		Timeout:     f.timeout,
		Drain:       f.drain,
		Memory:      int64(f.memory) << 20,
		Sync:        f.sync,
		Recheck:     f.recheck,
		Environ:     environ,
		Env:         f.env,
		Log:         s.Log.Logger(e.Stderr, logFormat(e.Stderr)),
		Now:         time.Now,
		Rand:        rand.Reader,
	}, nil
}

func (f runFlags) check() error {
	for _, v := range f.env {
		if err := runtime.CheckVariable(v); err != nil {
			return fmt.Errorf("--env: %w", err)
		}
	}
	if err := checkListen(f.listen); err != nil {
		return err
	}
	switch form := dispatch.Form(f.event); {
	case form != dispatch.FormSQS && form != dispatch.FormS3:
		return fmt.Errorf("--event is %q: %s or %s", f.event, dispatch.FormSQS, dispatch.FormS3)
	case f.concurrency < 1:
		return fmt.Errorf("--concurrency is %d: at least 1", f.concurrency)
	case f.memory < 0 || f.memory > 0 && f.memory < 128:
		return fmt.Errorf("--memory is %d MiB: at least 128, or 0 for no limit", f.memory)
	case f.timeout < time.Second:
		return fmt.Errorf("--timeout is %v: at least 1s", f.timeout)
	case f.idle <= 0:
		return fmt.Errorf("--idle is %v: more than 0", f.idle)
	case f.drain < 0:
		return fmt.Errorf("--drain is %v: 0 or more", f.drain)
	}
	return nil
}

// checkListen wants a host, which may be empty, and a port.
func checkListen(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("--listen is %q: it must be host:port, as in 127.0.0.1:9000", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("--listen is %q: the port must be a number from 0 to 65535", address)
	}
	return nil
}

// thisAsFunction is this very program in the role of the function.
func thisAsFunction() (pool.Function, error) {
	self, err := os.Executable()
	if err != nil {
		return pool.Function{}, err
	}
	return pool.Function{Name: "pixmill", Command: []string{self, "function"}, Root: filepath.Dir(self)}, nil
}

// logFormat is the short one where somebody is watching.
func logFormat(stderr io.Writer) string {
	if isTerminal(stderr) {
		return config.FormatTerminal
	}
	return config.FormatText
}

// configText returns what the configuration was read from, so that functions that
// start later work with the same one, whatever becomes of the file.
func configText(e *env, s config.Settings) (string, error) {
	var text string
	switch s.From {
	case config.BuiltIn:
		text = pixmill.DefaultConfig
	case config.VarConfig:
		text = e.Getenv(config.VarConfig)
	default:
		data, err := os.ReadFile(s.From)
		if err != nil {
			return "", err
		}
		text = string(data) + "\n" // the line break tells a text from a path
	}
	if len(text) > maxConfigText {
		return "", fmt.Errorf("%s has %d bytes: at most %d", s.From, len(text), maxConfigText)
	}
	return text, nil
}
