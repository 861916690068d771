package queue_test

import (
	"testing"
	"time"

	"pixmill/internal/runtime/queue"
)

// begin is Begin where an error ends the test.
func begin(t *testing.T, q *queue.Queue, m *queue.Message) int {
	t.Helper()
	n, err := q.Begin(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBegin_CountsAcrossRestartsWhatBeganAndNotWhatWasDelivered(t *testing.T) {
	dir := t.TempDir()
	q := open(t, dir, time.Hour)
	send(t, q, "a")
	for range 3 { // delivered, and given back unbegun
		if err := receive(t, q, 5*time.Second).Retry(0); err != nil {
			t.Fatal(err)
		}
	}
	m := receive(t, q, 5*time.Second)
	if first, second := begin(t, q, m), begin(t, q, m); first != 1 || second != 2 || m.Attempt != 4 {
		t.Errorf("begun %d and %d times at delivery %d, want 1 and 2 at 4", first, second, m.Attempt)
	}
	if err := q.Unbegin(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	q.Close()
	q = open(t, dir, time.Hour)
	if n := begin(t, q, receive(t, q, 5*time.Second)); n != 2 {
		t.Errorf("begun %d times after the restart, want 2", n)
	}
}

func TestBegin_IsForgottenWithTheMessage(t *testing.T) {
	q := open(t, t.TempDir(), time.Minute)
	send(t, q, "done", "buried", "taken back")
	ends := map[string]func(m *queue.Message) error{
		"done":       func(m *queue.Message) error { return m.Done(t.Context()) },
		"buried":     func(m *queue.Message) error { return q.Bury(t.Context(), m, "no") },
		"taken back": func(m *queue.Message) error { return q.Unbegin(t.Context(), m) },
	}
	var first []*queue.Message
	for range ends {
		first = append(first, receive(t, q, 5*time.Second))
	}
	for _, m := range first {
		if err := m.Retry(0); err != nil {
			t.Fatal(err)
		}
	}
	for range ends {
		m := receive(t, q, 5*time.Second)
		begin(t, q, m)
		if err := ends[string(m.Body)](m); err != nil {
			t.Fatal(err)
		}
		if n := begin(t, q, m); n != 1 {
			t.Errorf("%s: %d beginnings after its end", m.Body, n-1)
		}
	}
}
