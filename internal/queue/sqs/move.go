package sqs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"pixmill/internal/fault"
	"pixmill/internal/queue"
)

// pollEvery is how often a task is asked for its progress.
const pollEvery = time.Second

// Redrive is queue.Redrive with what SQS has besides: it counts the letters, and
// where all of them go back SQS moves those that it can. What it leaves, for
// whatever reason, is walked through: that a task has ended says nothing of what is
// still there.
func (d *DeadLetters) Redrive(ctx context.Context, o queue.Options, progress func(moved, of int), emit func(queue.Letter, queue.Fate)) (queue.Summary, error) {
	o.Count, o.Expect = d.Count, d.waiting
	if !o.Move || o.Match != nil || o.Max > 0 {
		return queue.Redrive(ctx, d, o, emit)
	}
	begun := o.Now()
	o.Now = func() time.Time { return begun } // what fails again while SQS moves the others came back
	moved, ok, err := d.MoveAll(ctx, progress)
	if err != nil || ok && moved > 0 && moved >= d.waiting {
		return queue.Summary{Moved: moved, Bulk: moved}, err
	}
	o.Expect = max(0, d.waiting-moved)
	s, err := queue.Redrive(ctx, d, o, emit)
	s.Moved, s.Bulk = s.Moved+moved, moved
	return s, err
}

// MoveAll has SQS itself move letters back, and tells of the progress. ok is false
// where SQS cannot, or not all of them: a letter did not come from a queue, another
// task runs already, it is not allowed, or the store of queues has no such thing.
// Also where it is true letters may be left that were hidden meanwhile. A FIFO queue
// is not left to SQS: a letter that keeps its deduplication ID is dropped as sent
// already within five minutes, as LocalStack does. When ctx ends, the task is
// cancelled; what it moved is where it belongs.
func (d *DeadLetters) MoveAll(ctx context.Context, progress func(moved, of int)) (moved int, ok bool, err error) {
	if d.toFunction != "" || d.toQueue != "" || len(d.sources) == 0 || fifo(d.url) {
		return 0, false, nil
	}
	if can, err := d.haveSources(ctx); !can || err != nil {
		return 0, false, err
	}
	task, err := d.sqs.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: &d.arn})
	if err != nil {
		if api, known := errors.AsType[smithy.APIError](err); known && api.ErrorFault() != smithy.FaultServer && ctx.Err() == nil {
			return 0, false, nil
		}
		return 0, false, fault.New(fault.Transient, "move all letters of queue", d.Name(), err)
	}
	for {
		state, err := d.taskState(context.WithoutCancel(ctx))
		if err != nil {
			return moved, true, err
		}
		moved = int(state.ApproximateNumberOfMessagesMoved)
		progress(moved, int(aws.ToInt64(state.ApproximateNumberOfMessagesToMove)))
		switch aws.ToString(state.Status) {
		case "COMPLETED":
			return moved, true, nil
		case "FAILED":
			return moved, false, nil
		case "CANCELLED":
			return moved, true, fault.New(fault.Transient, "move all letters of queue", d.Name(), errors.New("somebody cancelled it"))
		}
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
			if err := d.cancelTask(context.WithoutCancel(ctx), task.TaskHandle); err != nil {
				return moved, true, fmt.Errorf("SQS goes on moving letters: %w", err)
			}
			return moved, true, ctx.Err()
		}
	}
}

// haveSources looks at some letters and reports whether each came from a queue. One
// that Lambda sent would end a task, and be hidden for a time after it.
func (d *DeadLetters) haveSources(ctx context.Context) (bool, error) {
	letters, err := d.Receive(ctx)
	if err != nil || len(letters) == 0 {
		return false, err
	}
	back, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if err := d.Release(back, letters); err != nil {
		return false, fmt.Errorf("%w: %w", queue.ErrHidden, err)
	}
	return !slices.ContainsFunc(letters, func(l queue.Letter) bool {
		h, _ := l.Handle.(handle)
		return h.source == ""
	}), nil
}

// taskState returns the newest task of the queue.
func (d *DeadLetters) taskState(ctx context.Context) (types.ListMessageMoveTasksResultEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := d.sqs.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: &d.arn, MaxResults: aws.Int32(1)})
	if err != nil {
		return types.ListMessageMoveTasksResultEntry{}, refused("ask for the task of queue", d.Name(), "sqs:ListMessageMoveTasks", err)
	}
	if len(out.Results) == 0 {
		return types.ListMessageMoveTasksResultEntry{}, fault.New(fault.Transient, "ask for the task of queue", d.Name(), errors.New("SQS knows no such task"))
	}
	return out.Results[0], nil
}

func (d *DeadLetters) cancelTask(ctx context.Context, task *string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := d.sqs.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: task})
	if _, over := errors.AsType[*types.ResourceNotFoundException](err); err == nil || over {
		return nil
	}
	return refused("cancel the task of queue", d.Name(), "sqs:CancelMessageMoveTask", err)
}
