package sqs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"pixmill/internal/fault"
)

// pollEvery is how often a task is asked for its progress.
const pollEvery = time.Second

// MoveAll has SQS itself move every letter back, and tells of the progress. ok is
// false where SQS cannot, or not all of them: a letter did not come from a queue,
// another task runs already, it is not allowed, or the store of queues has no such
// thing. Letter by letter is left then, which moves the rest or says why not. When ctx ends, the task is cancelled; what it moved is where it belongs.
func (d *DeadLetters) MoveAll(ctx context.Context, progress func(moved, of int)) (moved int, ok bool, err error) {
	if d.toFunction != "" || d.toQueue != "" || len(d.sources) == 0 {
		return 0, false, nil
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
