package dispatch

import (
	"context"

	"pixmill/internal/runtime/queue"
)

// begin keeps in the queue that an event is about to be worked on again, and
// returns how often it has been: an event that ends the whole runtime, or the
// machine, is known by it. Deliveries of which nothing came do not count.
//
// First attempts are not kept: they would cost a write for each event, and one
// beginning more changes nothing. All others come alone.
func (d *Dispatcher) begin(ctx context.Context, messages []*queue.Message) int {
	if messages[0].Attempt == 1 {
		return 0
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	n, err := d.Queue.Begin(ctx, messages[0])
	if err != nil {
		d.Log.ErrorContext(ctx, "beginning not recorded", "message", messages[0].ID, "error", err)
	}
	return n
}

// unbegin takes back the last begin: the function did not start, or the runtime
// ended it.
func (d *Dispatcher) unbegin(ctx context.Context, messages []*queue.Message) {
	if messages[0].Attempt == 1 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := d.Queue.Unbegin(ctx, messages[0]); err != nil {
		d.Log.ErrorContext(ctx, "beginning not taken back", "message", messages[0].ID, "error", err)
	}
}
