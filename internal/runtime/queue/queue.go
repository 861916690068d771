// Package queue is the local runtime's durable queue: a JetStream server inside
// the process, without a network listener, over a directory. A message is
// delivered at least once, to one receiver at a time, and leaves the queue only
// when it is done or stands in the dead-letter stream: none is lost by kill -9.
//
// The package knows nothing of what messages mean and decides nothing about
// retries; the receiver does.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"pixmill/internal/fault"
)

const (
	eventStream  = "EVENTS"
	eventSubject = "events"
	begunStream  = "BEGUN"
	begunSubject = "begun." // and the sequence of the message
	deadStream   = "DEAD"
	deadSubject  = "dead"
	consumerName = "functions"

	startTimeout = 10 * time.Second
)

// Options say where a queue keeps its messages. Dir, Visibility and Log are needed.
type Options struct {
	Dir string // made if it is missing
	// Visibility is how long a received message stays hidden from other
	// receivers unless it is extended. It must be longer than the longest work.
	Visibility time.Duration
	// Sync writes every message through to the disk before Send returns, so that
	// it survives a power cut and not only the end of the process. It costs an
	// fsync for each message: 0.7 ms (p99: 13 ms) in place of 0.02 ms on ext4 on a
	// virtual disk.
	Sync bool
	// Settings names what messages are worked on with; a dead letter keeps it. See SetSettings.
	Settings string
	Log      *slog.Logger
}

// Queue is an open queue. Its methods may be called concurrently.
type Queue struct {
	mark     openMark
	settings atomic.Pointer[string]
	server   *server.Server
	conn     *nats.Conn
	js       jetstream.JetStream
	events   jetstream.Stream
	consumer jetstream.Consumer
	begun    jetstream.Stream
	dead     jetstream.Stream
}

// Open starts the queue and makes every message that an earlier run had
// received and not finished available again, with its count of attempts. The
// caller makes sure that no other process uses the directory and that no work
// of an earlier run goes on.
func Open(ctx context.Context, o Options) (_ *Queue, err error) {
	q := &Queue{mark: markIn(o.Dir)}
	q.SetSettings(o.Settings)
	defer func() {
		if err != nil {
			q.Close()
			err = fault.New(fault.Misconfigured, "open queue", o.Dir, err)
		}
	}()
	if err = os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	log := &logger{Logger: o.Log}
	if log.killed, err = q.mark.set(); err != nil {
		return nil, err
	}
	if q.server, err = startServer(o, log); err != nil {
		return nil, err
	}
	log.said()
	if q.conn, err = nats.Connect("", nats.InProcessServer(q.server), nats.Name("pixmill")); err != nil {
		return nil, err
	}
	if q.js, err = jetstream.New(q.conn); err != nil {
		return nil, err
	}
	if err = q.declare(ctx, o.Visibility); err != nil {
		return nil, err
	}
	return q, nil
}

// SetSettings replaces Options.Settings for what is buried from now on.
func (q *Queue) SetSettings(settings string) { q.settings.Store(&settings) }

// Close ends the queue. What was received and not finished is available again
// after the next Open.
func (q *Queue) Close() {
	if q.conn != nil {
		_ = q.conn.FlushTimeout(time.Second) // what is not sent comes again after the next Open
		q.conn.Close()
	}
	if q.server != nil {
		q.server.Shutdown()
		q.server.WaitForShutdown()
		q.mark.remove()
	}
}

func startServer(o Options, log *logger) (*server.Server, error) {
	s, err := server.NewServer(&server.Options{
		ServerName: "pixmill",
		DontListen: true,
		NoSigs:     true,
		JetStream:  true,
		StoreDir:   o.Dir,
		SyncAlways: o.Sync,
	})
	if err != nil {
		return nil, err
	}
	s.SetLogger(log, false, false)
	s.Start()
	if !s.JetStreamEnabled() {
		return s, errors.New("the queue's server did not start: " + log.lastFatal())
	}
	if !s.ReadyForConnections(startTimeout) {
		return s, fmt.Errorf("the queue's server was not ready after %v", startTimeout)
	}
	return s, nil
}

// declare makes the streams and the consumer, or takes over those of an earlier run.
func (q *Queue) declare(ctx context.Context, visibility time.Duration) error {
	var err error
	q.events, err = q.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: eventStream, Subjects: []string{eventSubject},
		Storage: jetstream.FileStorage, Retention: jetstream.WorkQueuePolicy,
	})
	if err != nil {
		return err
	}
	q.begun, err = q.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: begunStream, Subjects: []string{begunSubject + "*"},
		Storage: jetstream.FileStorage, MaxMsgsPerSubject: 1,
	})
	if err != nil {
		return err
	}
	q.dead, err = q.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: deadStream, Subjects: []string{deadSubject}, Storage: jetstream.FileStorage,
	})
	if err != nil {
		return err
	}
	if err := releaseUnfinished(ctx, q.events); err != nil {
		return err
	}
	q.consumer, err = q.events.CreateOrUpdateConsumer(ctx, consumerConfig(visibility))
	return err
}

func consumerConfig(visibility time.Duration) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:       consumerName,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       visibility,
		MaxDeliver:    -1, // the receiver buries what fails too often, with the reason
		MaxAckPending: -1, // the number of receivers is the limit
	}
}

// releaseUnfinished makes what an earlier run left in flight available at once
// in place of after its visibility: for a moment the visibility is nothing. The
// server looks at it 100 ms after the change. Should it look later, the messages
// come when their visibility ends.
func releaseUnfinished(ctx context.Context, events jetstream.Stream) error {
	c, err := events.Consumer(ctx, consumerName)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil
	}
	if err != nil || c.CachedInfo().NumAckPending == 0 {
		return err
	}
	if _, err := events.UpdateConsumer(ctx, consumerConfig(time.Millisecond)); err != nil {
		return err
	}
	select {
	case <-time.After(200 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stats says how much is where.
type Stats struct {
	Pending  uint64 // not yet received
	InFlight int    // received, or waiting for a retry
	Dead     uint64
}

// Idle reports whether no message waits or is being worked on.
func (s Stats) Idle() bool { return s.Pending == 0 && s.InFlight == 0 }

// Stats counts the messages. A message counts from the moment when Send returns:
// the consumer's own count of what waits lags behind, the stream's does not.
func (q *Queue) Stats(ctx context.Context) (Stats, error) {
	c, err := q.consumer.Info(ctx)
	if err != nil {
		return Stats{}, fault.New(fault.Transient, "count messages", eventStream, err)
	}
	e, err := q.events.Info(ctx)
	if err != nil {
		return Stats{}, fault.New(fault.Transient, "count messages", eventStream, err)
	}
	d, err := q.dead.Info(ctx)
	if err != nil {
		return Stats{}, fault.New(fault.Transient, "count messages", deadStream, err)
	}
	s := Stats{InFlight: min(c.NumAckPending, int(e.State.Msgs)), Dead: d.State.Msgs}
	s.Pending = e.State.Msgs - uint64(s.InFlight)
	return s, nil
}
