// Package store is the local runtime's object store: an S3 server inside the
// process, over a directory, that reports every change of an object before the
// request that made it is answered. What it stores survives kill -9.
//
// It wraps versitygw's embedded gateway and its posix backend and inherits
// their limits: one store at a time in a process, bucket names of at least three
// letters, and a key that is a folder of another ("a" beside "a/b") is refused
// with 409. Opening a store changes the working directory of the process.
//
// The package knows nothing of images, queues or functions.
package store

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/versity/versitygw/backend"

	"pixmill/internal/fault"
)

// Options say where a store keeps its data and whom it tells of changes. All
// fields but Credentials and Region are needed.
type Options struct {
	Dir         string // made if it is missing
	Listen      string // "127.0.0.1:9000"; with port 0 a free one is taken
	Credentials Credentials
	Region      string // empty: "us-east-1"
	// Notify is called after a change is visible and before the request is
	// answered, from many goroutines. If it fails the client gets 503 and tries
	// again; the change stands.
	Notify func(context.Context, Change) error
	Log    *slog.Logger
	Now    func() time.Time
	Rand   io.Reader // for new credentials and the name of a socket
}

// Store is a running S3 server.
type Store struct {
	endpoint Endpoint
	inner    backend.Backend // without notification
	seq      *sequencer
	writes   *inflight
	gateway  *gateway
}

// Open starts a store; when it returns, requests are served. The caller makes
// sure that no other process uses the directory.
func Open(ctx context.Context, o Options) (*Store, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "open store", o.Dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.New(fault.Misconfigured, "open store", dir, err)
	}
	if o.Credentials, err = o.Credentials.orKept(filepath.Join(dir, CredentialsFile), o.Rand); err != nil {
		return nil, err
	}
	seq, err := openSequencer(filepath.Join(dir, "sequencer"))
	if err != nil {
		return nil, err
	}
	inner, err := openBackend(dir, o.Log)
	if err != nil {
		return nil, err
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	s := &Store{inner: inner, seq: seq, writes: &inflight{}, endpoint: Endpoint{Region: o.Region, Credentials: o.Credentials}}
	be := &notifying{Backend: &listing{inner}, tell: o.Notify, seq: seq, writes: s.writes, log: o.Log, now: o.Now}
	if err := s.listen(ctx, be, o); err != nil {
		inner.Shutdown()
		return nil, err
	}
	return s, nil
}

// Endpoint returns the address with the real port, and the keys.
func (s *Store) Endpoint() Endpoint { return s.endpoint }

// Done is closed when the server has ended, because of Close or on its own.
func (s *Store) Done() <-chan struct{} { return s.gateway.done }

// NextSequencer returns a sequencer for an event that no request caused.
func (s *Store) NextSequencer() (string, error) { return s.seq.next() }

// Close ends the server after the requests under way, some seconds at most. It waits for
// no connection that has no request.
func (s *Store) Close() error {
	err := s.gateway.close()
	s.inner.Shutdown()
	return err
}

// listen starts the server.
func (s *Store) listen(ctx context.Context, be backend.Backend, o Options) error {
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return fault.New(fault.Misconfigured, "listen", o.Listen, fmt.Errorf("want host:port: %w", err))
	}
	door, err := backDoor(o.Rand)
	if err != nil {
		return fault.New(fault.Transient, "listen", o.Listen, err)
	}
	addr, err := net.ResolveTCPAddr("tcp", o.Listen)
	if err != nil {
		return fault.New(fault.Misconfigured, "listen", o.Listen, err)
	}
	l, err := net.ListenTCP("tcp", addr)
	if err != nil {
		return fault.New(fault.Misconfigured, "listen", o.Listen, err)
	}
	if s.gateway, err = start(ctx, be, s.endpoint, l, door, o.Log); err != nil {
		return fault.New(fault.Misconfigured, "listen", o.Listen, err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	s.endpoint.URL = "http://" + net.JoinHostPort(dialable(host), port)
	return err
}

// dialable is a host to connect to: the local one in place of all interfaces.
func dialable(host string) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}
