package dispatch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pixmill/internal/runtime/httpfn"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/queue"
)

// settleTimeout bounds a request to the queue that ends a delivery.
const settleTimeout = 10 * time.Second

// settle ends the delivery of messages by what came of their invocation. This is
// the local runtime's one table from outcome to ack, retry and dead letter.
func (d *Dispatcher) settle(ctx context.Context, messages []*queue.Message, answer pool.Answer, err error) {
	var killed *pool.KilledError
	var remote *httpfn.Error
	switch {
	case err == nil:
		d.settleAnswer(ctx, messages, answer)
	case errors.Is(err, pool.ErrClosed), errors.Is(err, context.Canceled), errors.As(err, &killed) && ctx.Err() != nil:
		d.unbegin(ctx, messages)
		d.giveBack(ctx, messages) // the runtime ends
	case errors.As(err, &killed) && len(messages) > 1:
		// Nobody knows which of them it was: the next time each is alone.
		d.retryAll(ctx, messages, err.Error())
	case killed != nil:
		d.settleKill(ctx, messages[0], killed.Reason, 0)
	case errors.As(err, &remote):
		for _, m := range messages {
			d.settleRemote(ctx, m, remote)
		}
	default:
		d.retryAll(ctx, messages, err.Error())
	}
}

// settleAnswer reads which messages of a batch failed.
func (d *Dispatcher) settleAnswer(ctx context.Context, messages []*queue.Message, answer pool.Answer) {
	failed, err := d.failures(messages, answer.Body)
	if err != nil {
		d.retryAll(ctx, messages, err.Error())
		return
	}
	for _, m := range messages {
		if failed[m.ID] {
			d.retry(ctx, m, reported(ctx, answer, len(messages)), 0)
		} else {
			d.done(ctx, m)
		}
	}
}

// reported is the reason of a message that the function reported as failed. The
// answer has none, but the log does; with several messages nobody knows whose.
func reported(ctx context.Context, answer pool.Answer, messages int) string {
	if messages == 1 && answer.Complaint != nil {
		if said := answer.Complaint(ctx); said != "" {
			return "the function reported it as failed and logged: " + said
		}
	}
	return "the function reported it as failed; its log says why"
}

// failures reads a function's batchItemFailures as an SQS event source does: what
// names no failure is a success, and what names one that cannot be told apart is
// a failure of the whole batch.
//
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
func (d *Dispatcher) failures(messages []*queue.Message, body []byte) (map[string]bool, error) {
	body = bytes.TrimSpace(body)
	if d.Form != FormSQS || len(body) == 0 {
		return nil, nil
	}
	if !json.Valid(body) {
		return nil, errors.New("the function's answer is not JSON")
	}
	if body[0] != '{' {
		return nil, nil
	}
	var answer struct {
		Failures []struct {
			ID string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("the function's batchItemFailures: %w", err)
	}
	known := map[string]bool{}
	for _, m := range messages {
		known[m.ID] = true
	}
	failed := map[string]bool{}
	for _, f := range answer.Failures {
		if !known[f.ID] {
			return nil, fmt.Errorf("the function's batchItemFailures name %q, which is not of the batch", f.ID)
		}
		failed[f.ID] = true
	}
	return failed, nil
}

// settleKill settles a message that was alone in a process that ended.
func (d *Dispatcher) settleKill(ctx context.Context, m *queue.Message, reason string, least time.Duration) {
	if r := d.change(m, func(r *record) { r.kills++ }); r.kills >= maxKills {
		d.bury(ctx, m, "killed the function twice: "+reason)
		return
	}
	d.retry(ctx, m, "the function's process ended: "+reason, least)
}

func (d *Dispatcher) retryAll(ctx context.Context, messages []*queue.Message, reason string) {
	for _, m := range messages {
		d.retry(ctx, m, reason, 0)
	}
}

// retry lets a message come again after the backoff, and no sooner than least, or
// buries it after its last attempt.
func (d *Dispatcher) retry(ctx context.Context, m *queue.Message, reason string, least time.Duration) {
	r := d.change(m, func(r *record) { r.failures++ })
	if r.failures >= d.MaxAttempts {
		d.bury(ctx, m, fmt.Sprintf("failed %d times, at last: %s", r.failures, reason))
		return
	}
	if err := d.settled(ctx); err != nil {
		d.Log.ErrorContext(ctx, "a write of the failed attempt is still under way", "message", m.ID, "error", err)
		return // the message comes again when its visibility ends
	}
	delay := max(d.Backoff(r.failures), least)
	d.Log.WarnContext(ctx, "event failed and comes again", "message", m.ID, "failures", r.failures, "delay", delay, "reason", reason)
	d.logged(ctx, m, m.Retry(delay))
}

// change changes what is known of a message in this run, and returns it.
func (d *Dispatcher) change(m *queue.Message, edit func(*record)) record {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.records[m.ID]
	edit(&r)
	d.records[m.ID] = r
	return r
}

func (d *Dispatcher) settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.Visibility) // at the runtime's end the event waits for the next start
	defer cancel()
	return d.Settled(ctx)
}

// giveBack returns messages that nothing was done with, or nothing to the end.
func (d *Dispatcher) giveBack(ctx context.Context, messages []*queue.Message) {
	for _, m := range messages {
		d.logged(ctx, m, m.Retry(0))
	}
}

func (d *Dispatcher) done(ctx context.Context, m *queue.Message) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	d.logged(ctx, m, m.Done(ctx))
	d.forget(m)
}

func (d *Dispatcher) bury(ctx context.Context, m *queue.Message, reason string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	d.Log.ErrorContext(ctx, "event given up: see the dead letters", "message", m.ID, "attempts", m.Attempt, "reason", reason, "event", string(m.Body))
	d.logged(ctx, m, d.Queue.Bury(ctx, m, reason))
	d.forget(m)
}

func (d *Dispatcher) forget(m *queue.Message) {
	d.mu.Lock()
	delete(d.records, m.ID)
	d.mu.Unlock()
}

// logged tells of a delivery that could not be ended: the message comes again.
func (d *Dispatcher) logged(ctx context.Context, m *queue.Message, err error) {
	if err != nil {
		d.Log.ErrorContext(ctx, "queue not told of an outcome; the event comes again", "message", m.ID, "error", err)
	}
}
