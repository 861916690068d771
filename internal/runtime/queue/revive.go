package queue

import (
	"context"
	"errors"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"pixmill/internal/fault"
)

// LettersAfter returns the dead letters behind a place in the stream, oldest
// first, at most limit. 0 is before the first.
func (q *Queue) LettersAfter(ctx context.Context, seq uint64, limit int) ([]Letter, error) {
	info, err := q.dead.Info(ctx)
	if err != nil {
		return nil, fault.New(fault.Transient, "list dead letters", deadStream, err)
	}
	if info.State.Msgs == 0 {
		return nil, nil // its sequence numbers say nothing
	}
	var letters []Letter
	for seq = max(seq+1, info.State.FirstSeq); seq <= info.State.LastSeq && len(letters) < limit; seq++ {
		raw, err := q.dead.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue // removed
		}
		if err != nil {
			return letters, fault.New(fault.Transient, "read dead letter", strconv.FormatUint(seq, 10), err)
		}
		l, err := readLetter(raw)
		if err != nil {
			return letters, fault.New(fault.Permanent, "read dead letter", strconv.FormatUint(seq, 10), err)
		}
		letters = append(letters, l)
	}
	return letters, nil
}

// Revive sends a dead letter's event again, as a new message. The letter stays
// until Forget. A second Revive within two minutes, after a crash, sends nothing.
func (q *Queue) Revive(ctx context.Context, l Letter) error {
	id := "revive-" + strconv.FormatUint(l.Seq, 10)
	if _, err := q.js.Publish(ctx, eventSubject, l.Body, jetstream.WithExpectStream(eventStream), jetstream.WithMsgID(id)); err != nil {
		return fault.New(fault.Transient, "revive", l.ID, err)
	}
	return nil
}

// Forget removes a dead letter.
func (q *Queue) Forget(ctx context.Context, l Letter) error {
	if err := q.dead.DeleteMsg(ctx, l.Seq); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return fault.New(fault.Transient, "remove dead letter", l.ID, err)
	}
	return nil
}
