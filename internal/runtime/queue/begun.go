package queue

import (
	"context"
	"errors"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"pixmill/internal/fault"
)

// Begin records that work on a message begins, and returns how often that has
// been recorded of it. In contrast to Message.Attempt it does not count
// deliveries of which nothing came, and it survives kill -9: whoever is killed by
// the work on a message finds out. Each call costs a look and a write, so it is
// meant for messages that come again.
func (q *Queue) Begin(ctx context.Context, m *Message) (int, error) {
	n, err := q.beginnings(ctx, m)
	if err == nil {
		n++
		err = q.setBegun(ctx, m, n)
	}
	if err != nil {
		return n, fault.New(fault.Transient, "record the beginning", m.ID, err)
	}
	return n, nil
}

// Unbegin takes back the last Begin: nothing came of it, through no fault of the
// message.
func (q *Queue) Unbegin(ctx context.Context, m *Message) error {
	n, err := q.beginnings(ctx, m)
	if err == nil && n > 0 {
		err = q.setBegun(ctx, m, n-1)
	}
	if err != nil {
		return fault.New(fault.Transient, "take the beginning back", m.ID, err)
	}
	return nil
}

func (q *Queue) beginnings(ctx context.Context, m *Message) (int, error) {
	raw, err := q.begun.GetLastMsgForSubject(ctx, m.begunSubject())
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(raw.Data))
}

func (q *Queue) setBegun(ctx context.Context, m *Message, n int) error {
	if n == 0 {
		return q.forgetBegun(ctx, m)
	}
	_, err := q.js.Publish(ctx, m.begunSubject(), []byte(strconv.Itoa(n)), jetstream.WithExpectStream(begunStream))
	return err
}

// forgetBegun is called before a message leaves the queue: a crash in between
// forgets a count, and leaves none behind.
func (q *Queue) forgetBegun(ctx context.Context, m *Message) error {
	return q.begun.Purge(ctx, jetstream.WithPurgeSubject(m.begunSubject()))
}

func (m *Message) begunSubject() string { return begunSubject + strconv.FormatUint(m.seq, 10) }
