package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/spf13/cobra"

	"pixmill/internal/config"
	"pixmill/internal/queue"
	"pixmill/internal/queue/sqs"
	"pixmill/internal/runtime"
)

// redriveFlags are the flags of `pixmill redrive`.
type redriveFlags struct {
	queue      string
	data       string
	toQueue    string
	toFunction string
	key        string
	max        int
	list       bool
	run        bool
	json       bool
}

// newRedrive returns `pixmill redrive`.
func newRedrive(e *env) *cobra.Command {
	var f redriveFlags
	cmd := &cobra.Command{
		Use:   "redrive",
		Short: "Look at the events that were given up, and try them again",
		Long: `Shows the dead letters: events that failed as often as they may, with their keys
and, where it is known, the reason. With --run they go back to where they came
from and are tried again. Do that when what was wrong is mended: "pixmill doctor"
says what it is.

The dead letters are those of a queue in SQS (--queue), also of one that Lambda
uses as the failure destination of a function, or those of the local runtime
(--data), which has to be stopped for it.

No event is lost: each is sent first and deleted then. One that is sent twice,
because the program ended in between, costs a look at an object that agrees.
Looked at only, letters are there for others again at once.`,
		Example: `  pixmill redrive --queue pixmill-dead
  pixmill redrive --queue pixmill-dead --run
  pixmill redrive --queue pixmill-dead --key 'avatars/**' --max 10 --run
  pixmill redrive --data .pixmill --run`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return redrive(cmd.Context(), e, f) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.queue, "queue", "q", "", "the dead-letter queue in SQS: its `NAME`, URL or ARN")
	flags.StringVarP(&f.data, "data", "d", "", "the `FOLDER` of the local runtime")
	flags.StringVar(&f.toQueue, "to-queue", "", "send them to the queue `NAME` (default: the one that they came from)")
	flags.StringVar(&f.toFunction, "to-function", "", "give them to the function `NAME` (default: the one that they came from)")
	flags.StringVarP(&f.key, "key", "k", "", "only events with a key that matches `PATTERN`, as in pixmill.yaml")
	flags.IntVar(&f.max, "max", 0, "move, or without --run show, at most `N`; 0: all")
	flags.BoolVar(&f.list, "list", false, "show them (this is what happens without --run, too)")
	flags.BoolVar(&f.run, "run", false, "send them back")
	flags.BoolVar(&f.json, "json", false, "print a JSON object for each, a line each")
	return cmd
}

func (f redriveFlags) check() error {
	switch {
	case (f.queue == "") == (f.data == ""):
		return usagef("which dead letters? --queue NAME for those in SQS, or --data .pixmill for those of the local runtime")
	case f.list && f.run:
		return usagef("--list and --run: one of them")
	case f.max < 0:
		return usagef("--max is %d: 1 or more, or 0 for all", f.max)
	case f.key != "" && !doublestar.ValidatePattern(f.key):
		return usagef("--key: %q is not a pattern: a bracket, a brace or an escape does not end", f.key)
	case f.toQueue != "" && f.toFunction != "":
		return usagef("--to-queue and --to-function: one of them")
	case f.data != "" && (f.toQueue != "" || f.toFunction != ""):
		return usagef("--to-queue and --to-function go with --queue: the local runtime has one queue")
	}
	return nil
}

// match returns what --key asks for.
func (f redriveFlags) match() func(queue.Letter) bool {
	if f.key == "" {
		return nil
	}
	return func(l queue.Letter) bool {
		for _, key := range l.Keys() {
			if doublestar.MatchUnvalidated(f.key, key) {
				return true
			}
		}
		return false
	}
}

func (f redriveFlags) options() queue.Options {
	return queue.Options{Match: f.match(), Max: f.max, Move: f.run, Now: time.Now}
}

func redrive(ctx context.Context, e *env, f redriveFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.data != "" {
		return redriveLocal(ctx, e, f)
	}
	return redriveSQS(ctx, e, f)
}

func redriveSQS(ctx context.Context, e *env, f redriveFlags) error {
	d, err := sqs.Open(ctx, sqs.Options{Queue: f.queue, ToQueue: f.toQueue, ToFunction: f.toFunction})
	if err != nil {
		return err
	}
	defer d.Close()
	r := newRedriveReport(e, f, d.Name())
	r.total, r.grouped = d.Waiting(), d.Grouped()
	sum, err := d.Redrive(ctx, f.options(), r.progress, r.letter)
	r.target = d.Target()
	return r.done(ctx, sum, err)
}

func redriveLocal(ctx context.Context, e *env, f redriveFlags) (err error) {
	data, err := filepath.Abs(f.data)
	if err != nil {
		return usagef("--data: %w", err)
	}
	settings, err := config.Load(e.Getenv, "")
	log := settings.Log.Logger(e.Stderr, config.FormatText)
	if err != nil {
		log = slog.New(slog.DiscardHandler) // the configuration is not what this is about
	}
	letters, err := runtime.OpenLetters(ctx, data, log)
	if running, ok := errors.AsType[*runtime.InUseError](err); ok {
		return fmt.Errorf("pixmill run (process %s) uses %s: end it with Ctrl-C, redrive, and start it again", running.Process, f.data)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, letters.Close()) }()
	r := newRedriveReport(e, f, f.data)
	r.target = "the queue, for the next pixmill run"
	if r.total, err = letters.Count(ctx); err != nil {
		return err
	}
	sum, err := queue.Redrive(ctx, letters, f.options(), r.letter)
	return r.done(ctx, sum, err)
}
