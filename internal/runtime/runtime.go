// Package runtime is Pixmill's local runtime: an S3 store, a durable queue and
// the Lambda function as child processes, in one program and one directory; or, in
// place of the processes, requests to an HTTP function that runs elsewhere. A
// change of a source becomes an event before the request that made it is
// answered, an event becomes an invocation at once, and at every start what does
// not agree with its source is queued again: kill -9 at any moment loses nothing.
//
// It is made for one machine. What outgrows it moves to S3, SQS and Lambda
// without a change; the runtime has no cluster of its own.
package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"pixmill/internal/app"
	"pixmill/internal/fault"
	"pixmill/internal/preset"
	"pixmill/internal/runtime/dispatch"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/queue"
	"pixmill/internal/runtime/store"
)

const (
	initTimeout = 10 * time.Second // of a function process, as in Lambda
	killGrace   = 5 * time.Second  // past the deadline of an invocation
	margin      = 30 * time.Second // of the visibility over everything that it must outlast
	maxAttempts = 5                // of an event, as in the deploy files; a source may take so many time-outs in all
	batchSize   = 10               // as an SQS event source has it unless told otherwise
)

// Options say what a runtime serves and with what. All fields but Credentials,
// Self, Load, URL, Via, Memory, Sync, Recheck and Env are needed; with URL, Function,
// Form, Idle and Environ are not either.
type Options struct {
	Data        string // directory of everything; made if it is missing
	Listen      string // of the S3 store: "127.0.0.1:9000"; with port 0 a free one is taken
	Credentials store.Credentials
	Presets     *preset.Config
	Config      string // the text that Presets were read from: the functions get it, too
	Function    pool.Function
	Self        *app.Self // of this program, for what is drawn
	Load        string    // instead of Function: the path of a bootstrap, a folder with one, or a zip; see pool.Load
	URL         *url.URL  // instead of Function: of an HTTP function that runs elsewhere; see httpfn
	Via         string    // host:port to connect to in place of URL's own; may be empty
	Form        dispatch.Form
	Concurrency int           // function processes, or requests, at once
	Idle        time.Duration // without work, before a process ends
	Timeout     time.Duration // of an invocation, or a request
	Drain       time.Duration // how long Run may take to finish what has begun
	Memory      int64         // bytes of a function process; 0: no limit
	Sync        bool          // see queue.Options
	Recheck     bool          // queue at the start what does not agree with its source
	Environ     []string      // of this process
	Env         []string      // of the functions, over everything else: "NAME=VALUE", see CheckVariable
	Log         *slog.Logger
	Now         func() time.Time
	Rand        io.Reader
}

// Runtime is an open runtime. Its store serves requests from Open on; events
// wait in the queue until Run.
type Runtime struct {
	opts    Options
	created []string // buckets that Open made
	news    newsKeys
	lock    *dirLock
	guard   *pool.Guard
	queue   *queue.Queue
	store   *store.Store
	calls   function

	versions *versions     // of an HTTP function
	steady   time.Duration // see steadyTime
}

// Open locks the directory, makes sure that no function of an earlier run is
// left, and opens the queue and the store. The error is Misconfigured.
func Open(ctx context.Context, o Options) (_ *Runtime, err error) {
	for _, v := range o.Env {
		if err := CheckVariable(v); err != nil {
			return nil, fault.New(fault.Misconfigured, "set variable", "", err)
		}
	}
	if o.Data, err = filepath.Abs(o.Data); err != nil {
		return nil, fault.New(fault.Misconfigured, "open data directory", o.Data, err)
	}
	dir, err := openDataDir(o.Data)
	if err != nil {
		return nil, err
	}
	if o.URL != nil {
		o.Form = dispatch.FormS3 // a status cannot say which of several events has failed
	}
	r := &Runtime{opts: o, versions: newVersions(), steady: steadyTime}
	if o.Recheck {
		r.news.remember()
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close(dir.remove))
		}
	}()
	if r.lock, err = lockDir(filepath.Join(o.Data, "lock")); err != nil {
		return nil, err
	}
	if r.guard, err = pool.Pass(ctx, filepath.Join(o.Data, "functions.lock")); err != nil {
		return nil, err
	}
	if o.Load != "" {
		if r.opts.Function, err = pool.Load(o.Load, filepath.Join(o.Data, "functions")); err != nil {
			return nil, err
		}
	}
	if err := r.openQueueAndStore(ctx); err != nil {
		return nil, err
	}
	r.openFunction(ctx)
	return r, nil
}

func (r *Runtime) openQueueAndStore(ctx context.Context) error {
	o := &r.opts
	var err error
	if r.queue, err = queue.Open(ctx, queue.Options{
		Dir: filepath.Join(o.Data, "queue"), Visibility: o.visibility(), Sync: o.Sync, Settings: r.settings(), Log: o.Log,
	}); err != nil {
		return err
	}
	if r.store, err = store.Open(ctx, store.Options{
		Dir: o.storeDir(), Listen: o.Listen, Credentials: o.Credentials,
		Notify: r.enqueue, Log: o.Log, Now: o.Now, Rand: o.Rand,
	}); err != nil {
		return err
	}
	return r.createBuckets(ctx)
}

func (r *Runtime) createBuckets(ctx context.Context) error {
	for _, name := range []string{r.opts.Presets.Source.Bucket, r.opts.Presets.Output.Bucket} {
		made, err := r.store.CreateBucket(ctx, name)
		if err != nil {
			return err
		}
		if made {
			r.created = append(r.created, name)
		}
	}
	return nil
}

// visibility outlasts the start of a process and the longest invocation.
func (o *Options) visibility() time.Duration { return initTimeout + o.Timeout + killGrace + margin }

func (o *Options) storeDir() string { return filepath.Join(o.Data, "s3") }

// Endpoint returns where the store is, and its keys.
func (r *Runtime) Endpoint() store.Endpoint { return r.store.Endpoint() }

// KeysFile returns the file that keeps the store's keys, empty if they were given.
func (r *Runtime) KeysFile() string {
	if r.opts.Credentials != (store.Credentials{}) {
		return ""
	}
	return filepath.Join(r.opts.storeDir(), store.CredentialsFile)
}

// Function returns what runs: Options.Function, or what Options.Load named.
func (r *Runtime) Function() pool.Function { return r.opts.Function }

// Created returns the buckets that were missing and were made.
func (r *Runtime) Created() []string { return r.created }

// Events counts what waits, is being worked on, and was given up.
func (r *Runtime) Events(ctx context.Context) (queue.Stats, error) { return r.queue.Stats(ctx) }

// Dead returns the events that were given up, oldest first, at most limit.
func (r *Runtime) Dead(ctx context.Context, limit int) ([]queue.Letter, error) {
	return r.queue.Letters(ctx, limit)
}

// Run gives events to the function until ctx ends. Then it finishes what has
// begun, for Drain at most; what is cut short comes again at the next start. It
// returns an error if the store ended by itself.
func (r *Runtime) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var parts sync.WaitGroup
	if r.opts.Recheck {
		parts.Go(func() { r.rechecks(ctx) })
	}
	drained := make(chan struct{})
	parts.Go(func() {
		defer close(drained)
		r.awaitEarlier(ctx)
		r.dispatcher().Run(ctx)
	})
	var err error
	select {
	case <-ctx.Done():
	case <-r.store.Done():
		err = fault.New(fault.Transient, "serve", r.Endpoint().URL, errors.New("the S3 store ended by itself"))
		stop()
	}
	r.drain(drained)
	parts.Wait()
	return err
}

// drain waits for the invocations under way and ends them when that takes too long.
func (r *Runtime) drain(drained <-chan struct{}) {
	timer := time.NewTimer(r.opts.Drain)
	defer timer.Stop()
	select {
	case <-drained:
	case <-timer.C:
		r.opts.Log.Warn("invocations cut short; their events come again at the next start", "after", r.opts.Drain)
		r.calls.Close()
	}
}

func (r *Runtime) dispatcher() *dispatch.Dispatcher {
	o := &r.opts
	return dispatch.New(dispatch.Options{
		Queue: r.queue, Function: r.calls, Alone: r.calls.alone(), Form: o.Form, Workers: o.Concurrency, Batch: batchSize,
		MaxAttempts: maxAttempts, Visibility: o.visibility(),
		Backoff:        func(n int) time.Duration { return backoff(n, time.Second, 3, time.Minute) },
		Settled:        r.settled,
		RestartBackoff: restartBackoff,
		Log:            o.Log, Now: o.Now,
	})
}

// settled waits for the writes that a function can have made, and for no client's
// upload, which may take as long as it likes.
func (r *Runtime) settled(ctx context.Context) error {
	output := r.opts.Presets.Output
	return r.store.Settled(ctx, func(bucket, key string) bool {
		return bucket == output.Bucket && strings.HasPrefix(key, output.Prefix)
	})
}

// restartBackoff is between looks for a function that is not there.
func restartBackoff(n int) time.Duration { return backoff(n, 500*time.Millisecond, 2, 30*time.Second) }

// backoff returns first × factor^(n-1), at most most.
func backoff(n int, first time.Duration, factor int, most time.Duration) time.Duration {
	d := first
	for range n - 1 {
		if d *= time.Duration(factor); d >= most {
			return most
		}
	}
	return d
}

// Close ends everything that Open opened, functions first. Run has returned.
func (r *Runtime) Close() error {
	return r.close(func() error { return nil })
}

// close calls last before it lets go of the directory.
func (r *Runtime) close(last func() error) error {
	var errs []error
	if r.calls != nil {
		r.calls.Close()
	}
	if r.store != nil {
		errs = append(errs, r.store.Close())
	}
	if r.queue != nil {
		r.queue.Close()
	}
	if r.guard != nil {
		errs = append(errs, r.guard.Close())
	}
	if r.lock != nil {
		errs = append(errs, last(), r.lock.release())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the runtime: %w", err)
	}
	return nil
}
