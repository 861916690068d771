// Package queue is Pixmill's portable view of dead letters: the events that were
// given up, wherever they lie. DeadLetters is what a place implements (package sqs
// for AWS; the local runtime has its own), Walk looks at them and Redrive sends
// them back, losing none at any moment.
//
// The package decides nothing about which event deserves another try, and never
// reads events from a queue to work on them: Lambda's event source and the local
// runtime do that.
package queue

import (
	"context"
	"time"

	"pixmill/internal/event"
)

// Letter is one event that was given up.
type Letter struct {
	ID       string    // the same whenever it is received
	Body     []byte    // as it was sent
	Reason   string    // why it was given up; empty where nobody noted it
	Attempts int       // how often it was tried; 0 where nobody counted
	Sent     time.Time // when the event first came into a queue

	// Handle is the place's own: what it needs to find the letter again.
	Handle any
}

// DeadLetters is a place of dead letters. Its methods may be called one at a time.
type DeadLetters interface {
	// Receive takes some letters, which nobody else gets until Release, Delete or
	// some time later; none means that no more are there now.
	Receive(ctx context.Context) ([]Letter, error)
	// Return puts a letter where it came from, with a fresh count of attempts.
	// When it returns nil the event stands there. The letter stays.
	Return(ctx context.Context, l Letter) error
	// Delete removes a letter.
	Delete(ctx context.Context, l Letter) error
	// Release makes received letters available again at once.
	Release(ctx context.Context, letters []Letter) error
}

// Keys returns the keys that a letter's event names, and "" for a letter that
// names none: a test event, or something that is no event of a bucket.
func (l Letter) Keys() []string {
	var keys []string
	d, err := event.Decode(l.Body)
	if err != nil {
		return []string{""} // what cannot be decoded has no key
	}
	for _, item := range d.Items {
		for _, ev := range item.Events {
			keys = append(keys, ev.Key)
		}
	}
	if len(keys) == 0 {
		return []string{""}
	}
	return keys
}
