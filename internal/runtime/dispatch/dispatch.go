// Package dispatch takes events from the queue and gives them to the function,
// as an SQS event source does: in batches of what is there, never waiting for
// more. It is the one place of the local runtime that decides what becomes of an
// event: done, tried again later, or put into the dead-letter stream.
//
// A first attempt may share an invocation with others; every later attempt has
// one of its own, so that an event that ends the process is known and takes no
// other with it.
package dispatch

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"pixmill/internal/event"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/queue"
)

// Invoker calls the function; *pool.Pool and *httpfn.Function do. Its errors are those
// of their Invoke.
type Invoker interface {
	Invoke(ctx context.Context, payload []byte) (pool.Answer, error)
}

// Form is the form in which the function gets its events.
type Form string

const (
	// FormSQS is an SQS batch whose bodies are S3 notifications; the function may
	// answer with batchItemFailures.
	FormSQS Form = "sqs"
	// FormS3 is a plain S3 notification with one record.
	FormS3 Form = "s3"
)

const (
	// maxKills is how often an event may end the process while it is alone in it.
	maxKills = 2
	// maxUnfinished is how often beyond MaxAttempts an event may be begun, over all
	// runs: the runtime was killed again and again, perhaps because of it.
	maxUnfinished = 20
)

// Options say how a dispatcher works. All fields but Alone are needed.
type Options struct {
	Queue    *queue.Queue
	Function Invoker
	// Alone calls the function with nothing else under way in it, for an event that may
	// have ended it. nil: Function always does, as processes with one invocation at once.
	Alone       Invoker
	Form        Form
	Workers     int           // invocations at once
	Batch       int           // most events of an invocation, with FormSQS
	MaxAttempts int           // an event that failed so often is dead
	Visibility  time.Duration // of the queue
	// Backoff is how long an event waits after its attempt number n, from 1.
	Backoff func(n int) time.Duration
	// Settled waits until no request of an invocation that has ended is under way
	// in the store any more. An event comes again only after that: what a killed
	// process left behind must not land after the next one's last look.
	Settled func(context.Context) error
	// RestartBackoff is how long a worker waits after a start of the function, or a
	// connection to it, number n in a row has failed. No attempt of an event is counted
	// for it.
	RestartBackoff func(n int) time.Duration
	Log            *slog.Logger
	Now            func() time.Time
}

// Dispatcher moves events from a queue to a function.
type Dispatcher struct {
	Options
	absent absence

	mu      sync.Mutex
	records map[string]record // by message; of those that failed in this run and are not at their end
}

// record counts the failed attempts of a message. It is kept in memory: what a
// runtime that was ended forgets makes more attempts, never fewer.
type record struct {
	failures int
	kills    int  // of these: it was alone in the process and the process ended
	suspect  bool // it was not alone, and may be why a remote function ended

	postponed int       // how often a remote function has not taken it
	since     time.Time // when that was for the first time
	unreached int       // how often a proxy could not bring it there
}

// New returns a dispatcher that does nothing yet.
func New(o Options) *Dispatcher {
	return &Dispatcher{Options: o, records: map[string]record{}}
}

// Run works until ctx ends, then finishes what it has begun and gives back the
// rest. To cut short what has begun, close the function's pool.
func (d *Dispatcher) Run(ctx context.Context) {
	var workers sync.WaitGroup
	for range d.Workers {
		workers.Go(func() { d.work(ctx) })
	}
	workers.Wait()
}

func (d *Dispatcher) work(ctx context.Context) {
	for ctx.Err() == nil {
		messages, err := d.receive(ctx)
		if err != nil && ctx.Err() == nil {
			d.Log.ErrorContext(ctx, "queue does not answer", "error", err)
			wait(ctx, time.Second)
		}
		d.handle(ctx, messages)
	}
}

// receive waits for an event and takes with it a fair part of what waits behind
// it: as much as would come to each worker, so that none idles.
func (d *Dispatcher) receive(ctx context.Context) ([]*queue.Message, error) {
	first, err := d.Queue.Receive(ctx)
	if err != nil {
		return nil, err
	}
	messages := []*queue.Message{first}
	share := first.Behind / uint64(d.Workers)
	more := int(min(share, uint64(d.Batch-1)))
	if d.Form != FormSQS || first.Attempt > 1 || more < 1 {
		return messages, nil
	}
	rest, err := d.Queue.ReceiveMore(more)
	return append(messages, rest...), err
}

// handle brings every message to one of its ends.
func (d *Dispatcher) handle(ctx context.Context, messages []*queue.Message) {
	if len(messages) == 0 {
		return
	}
	stop := d.keepHidden(ctx, messages)
	defer stop()
	var fresh []*queue.Message
	for _, m := range messages {
		if m.Attempt == 1 {
			fresh = append(fresh, m)
		}
	}
	if len(fresh) > 0 {
		d.deliver(ctx, fresh)
	}
	for _, m := range messages {
		if m.Attempt > 1 {
			d.deliver(ctx, []*queue.Message{m})
		}
	}
}

// keepHidden extends the visibility of messages for as long as they are worked
// on. One invocation is shorter than the visibility; waiting for a process, or
// for the messages before, may be longer. Extending what has ended does nothing.
func (d *Dispatcher) keepHidden(ctx context.Context, messages []*queue.Message) (stop func()) {
	done := make(chan struct{})
	var keeper sync.WaitGroup
	keeper.Go(func() {
		tick := time.NewTicker(d.Visibility / 3)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			for _, m := range messages {
				if err := m.Extend(); err != nil {
					d.Log.ErrorContext(ctx, "visibility not extended", "message", m.ID, "error", err)
				}
			}
		}
	})
	return func() { close(done); keeper.Wait() }
}

// deliver gives messages to the function in one invocation and settles them.
func (d *Dispatcher) deliver(ctx context.Context, messages []*queue.Message) {
	if ctx.Err() != nil {
		d.giveBack(ctx, messages)
		return
	}
	payload, err := d.payload(messages)
	if err != nil {
		for _, m := range messages {
			d.bury(ctx, m, err.Error())
		}
		return
	}
	if n := d.begin(ctx, messages); n > d.MaxAttempts+maxUnfinished {
		d.bury(ctx, messages[0], fmt.Sprintf("was begun %d times, over several runs of the runtime that all ended before it did", n-1))
		return
	}
	answer, err := d.invoke(ctx, messages, payload)
	d.settle(ctx, messages, answer, err)
}

func (d *Dispatcher) payload(messages []*queue.Message) ([]byte, error) {
	if d.Form == FormS3 {
		return messages[0].Body, nil
	}
	batch := make([]event.SQSMessage, len(messages))
	for i, m := range messages {
		batch[i] = event.SQSMessage{
			ID:            m.ID,
			Body:          string(m.Body),
			QueueARN:      "arn:aws:sqs:us-east-1:000000000000:pixmill",
			ReceiptHandle: m.ID,
			ReceiveCount:  m.Attempt,
			Sent:          m.Sent,
			FirstReceived: d.Now(),
		}
	}
	return event.MarshalSQS(batch...)
}

// invoke calls the function. While it cannot start, or be connected to, that is
// nobody's attempt: it is tried again until ctx ends.
func (d *Dispatcher) invoke(ctx context.Context, messages []*queue.Message, payload []byte) (pool.Answer, error) {
	for n := 1; ; n++ {
		answer, err := d.invoker(messages).Invoke(ctx, payload)
		if isThere(err) {
			d.tellBack(ctx)
		}
		if !notThere(err) {
			return answer, err
		}
		d.unbegin(ctx, messages) // whoever kills the runtime from here on kills no work
		pause := d.RestartBackoff(n)
		d.tellAbsent(ctx, messages, err, n, pause)
		waited := wait(ctx, pause)
		d.begin(ctx, messages)
		if !waited {
			return pool.Answer{}, ctx.Err()
		}
	}
}

// wait returns false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
