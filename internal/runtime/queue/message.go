package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"pixmill/internal/fault"
)

// Message is one received message. Exactly one of Done, Retry and Queue.Bury
// ends its delivery; without any it is delivered again after its visibility.
// Its methods may be called concurrently.
type Message struct {
	Body    []byte
	ID      string    // the same at each delivery; a UUID of version 8
	Attempt int       // 1 at the first delivery
	Sent    time.Time // when it came into the queue
	Behind  uint64    // how many waited when it was delivered; what was just sent may not be counted yet

	queue *Queue
	msg   jetstream.Msg
	seq   uint64

	mu    sync.Mutex
	ended bool // Extend does nothing more: it would undo the delay of Retry
}

// Send appends a message; when it returns nil the message is in the queue.
func (q *Queue) Send(ctx context.Context, body []byte) error {
	if _, err := q.js.Publish(ctx, eventSubject, body, jetstream.WithExpectStream(eventStream)); err != nil {
		return fault.New(fault.Transient, "send", eventStream, err)
	}
	return nil
}

// Receive waits for one message, without a polling interval.
func (q *Queue) Receive(ctx context.Context) (*Message, error) {
	for {
		m, err := q.next(ctx)
		if m != nil || err != nil {
			return m, err
		}
	}
}

// next waits for a message for half a minute; it returns nil when there was none.
func (q *Queue) next(ctx context.Context) (*Message, error) {
	msg, err := q.consumer.Next(jetstream.FetchContext(ctx))
	switch {
	case err == nil:
		return q.newMessage(msg)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, nats.ErrTimeout), errors.Is(err, jetstream.ErrNoMessages), errors.Is(err, jetstream.ErrInvalidOption):
		return nil, nil // the last one is a deadline of ctx that is over by now
	}
	return nil, fault.New(fault.Transient, "receive", eventStream, err)
}

// ReceiveMore returns up to n messages that are there now, and never waits for
// one to come.
func (q *Queue) ReceiveMore(n int) ([]*Message, error) {
	batch, err := q.consumer.FetchNoWait(n)
	if err != nil {
		return nil, fault.New(fault.Transient, "receive", eventStream, err)
	}
	var messages []*Message
	for msg := range batch.Messages() {
		m, err := q.newMessage(msg)
		if err != nil {
			return messages, err
		}
		messages = append(messages, m)
	}
	if err := batch.Error(); err != nil {
		return messages, fault.New(fault.Transient, "receive", eventStream, err)
	}
	return messages, nil
}

func (q *Queue) newMessage(msg jetstream.Msg) (*Message, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return nil, fault.New(fault.Transient, "receive", eventStream, err)
	}
	return &Message{
		Body:    msg.Data(),
		ID:      fmt.Sprintf("00000000-0000-8000-8000-%012x", meta.Sequence.Stream),
		Attempt: int(meta.NumDelivered),
		Sent:    meta.Timestamp,
		Behind:  meta.NumPending,
		queue:   q,
		msg:     msg,
		seq:     meta.Sequence.Stream,
	}, nil
}

// Done removes the message; when it returns nil it is gone.
func (m *Message) Done(ctx context.Context) error {
	return m.end("acknowledge", func() error {
		if m.Attempt > 1 {
			if err := m.queue.forgetBegun(ctx, m); err != nil {
				return err
			}
		}
		return m.msg.DoubleAck(ctx)
	})
}

// Retry gives the message back, to be delivered again after a delay.
func (m *Message) Retry(delay time.Duration) error {
	return m.end("give back", func() error { return m.msg.NakWithDelay(delay) })
}

// Extend hides the message from other receivers for another visibility from
// now. After the end of the delivery it does nothing.
func (m *Message) Extend() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return nil
	}
	return m.fault("extend", m.msg.InProgress())
}

func (m *Message) end(op string, send func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	return m.fault(op, send())
}

func (m *Message) fault(op string, err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Transient, op, m.ID, err)
}
