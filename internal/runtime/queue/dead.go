package queue

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"pixmill/internal/fault"
)

// Headers of a dead letter.
const (
	headerID       = "Pixmill-Message-Id"
	headerReason   = "Pixmill-Reason"
	headerAttempts = "Pixmill-Attempts"
	headerSent     = "Pixmill-Sent"
	headerSettings = "Pixmill-Settings"
)

// Letter is a message that was given up.
type Letter struct {
	Seq      uint64 // its place in the stream
	Body     []byte
	ID       string // of the message
	Reason   string
	Attempts int // deliveries, as SQS counts them: also those of which nothing came
	Sent     time.Time
	Buried   time.Time
	Settings string // Options.Settings, or the last SetSettings, when it was given up
}

// Bury moves a message to the dead-letter stream. It stands there before it
// leaves the queue: a crash in between leaves it in both, never in neither.
func (q *Queue) Bury(ctx context.Context, m *Message, reason string) error {
	letter := nats.NewMsg(deadSubject)
	letter.Data = m.Body
	letter.Header.Set(headerID, m.ID)
	letter.Header.Set(headerReason, oneLine(reason))
	letter.Header.Set(headerAttempts, strconv.Itoa(m.Attempt))
	letter.Header.Set(headerSent, m.Sent.UTC().Format(time.RFC3339Nano))
	letter.Header.Set(headerSettings, *q.settings.Load())
	// The ID makes a second burial after a crash, within two minutes, one letter.
	if _, err := q.js.PublishMsg(ctx, letter, jetstream.WithMsgID(m.ID)); err != nil {
		return fault.New(fault.Transient, "bury", m.ID, err)
	}
	return m.Done(ctx)
}

// Letters returns the dead letters, oldest first, at most limit.
func (q *Queue) Letters(ctx context.Context, limit int) ([]Letter, error) {
	return q.LettersAfter(ctx, 0, limit)
}

func readLetter(raw *jetstream.RawStreamMsg) (Letter, error) {
	attempts, err := strconv.Atoi(raw.Header.Get(headerAttempts))
	if err != nil {
		return Letter{}, fmt.Errorf("header %s: %w", headerAttempts, err)
	}
	sent, err := time.Parse(time.RFC3339Nano, raw.Header.Get(headerSent))
	if err != nil {
		return Letter{}, fmt.Errorf("header %s: %w", headerSent, err)
	}
	return Letter{
		Seq: raw.Sequence, Body: raw.Data, ID: raw.Header.Get(headerID), Reason: raw.Header.Get(headerReason),
		Attempts: attempts, Sent: sent, Buried: raw.Time, Settings: raw.Header.Get(headerSettings),
	}, nil
}

// oneLine makes a value fit for a header: control characters become spaces, and
// it ends after 1,000 characters.
func oneLine(s string) string {
	const most = 1000
	var out []rune
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			r = ' '
		}
		if out = append(out, r); len(out) == most {
			break
		}
	}
	return string(out)
}
