package pool

import (
	"context"
	"sync"
	"time"
)

// Names of what a process writes to.
const (
	streamOutput = "stdout"
	streamError  = "stderr"
)

// complaintPatience is how long a line is waited for that was written before the
// answer and is read after it.
const complaintPatience = 100 * time.Millisecond

// Answer is what a function answered to an invocation.
type Answer struct {
	Body []byte
	// Complaint returns the last warning or error that the function logged in the
	// invocation, or what it wrote last to stderr; empty if there is none. It waits
	// for a moment if there is none yet. nil: nobody knows.
	Complaint func(context.Context) string
}

// complaint is what a function complained of last in one invocation.
type complaint struct {
	requestID string
	came      chan struct{} // closed by the first

	mu   sync.Mutex
	text string
}

func newComplaint(requestID string) *complaint {
	return &complaint{requestID: requestID, came: make(chan struct{})}
}

// add takes a line, unless it has no words or says that it is of another invocation.
func (c *complaint) add(requestID, text string) {
	if text == "" || requestID != "" && requestID != c.requestID {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.text == "" {
		close(c.came)
	}
	c.text = text
}

// last implements Answer.Complaint.
func (c *complaint) last(ctx context.Context) string {
	patience := time.NewTimer(complaintPatience)
	defer patience.Stop()
	select {
	case <-c.came:
	case <-patience.C:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text
}

// hear gives what the process complains of to the invocation under way, or to the
// last one.
func (p *process) hear(requestID, text string) {
	if c := p.heard.Load(); c != nil {
		c.add(requestID, text)
	}
}
