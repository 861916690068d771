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
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"

	"pixmill/internal/fault"
)

// Limits of the S3 server; requests over them get 503 SlowDown.
const (
	maxConnections = 4096
	maxRequests    = 2048
	maxParts       = 10_000 // of a multipart upload, as in S3
)

// answerTimeout bounds the wait for the server's first answer.
const answerTimeout = 10 * time.Second

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
	Rand   io.Reader // for new credentials
}

// Store is a running S3 server.
type Store struct {
	endpoint Endpoint
	inner    backend.Backend // without notification
	seq      *sequencer
	writes   *inflight
	cancel   context.CancelFunc
	done     chan struct{} // closed when the server has ended
	err      error         // why; read after done
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
	be := &notifying{Backend: inner, tell: o.Notify, seq: seq, writes: s.writes, log: o.Log, now: o.Now}
	if err := s.listen(ctx, be, o.Listen); err != nil {
		inner.Shutdown()
		return nil, err
	}
	return s, nil
}

// Endpoint returns the address with the real port, and the keys.
func (s *Store) Endpoint() Endpoint { return s.endpoint }

// Done is closed when the server has ended, because of Close or on its own.
func (s *Store) Done() <-chan struct{} { return s.done }

// NextSequencer returns a sequencer for an event that no request caused.
func (s *Store) NextSequencer() (string, error) { return s.seq.next() }

// Close ends the server after the requests under way, some seconds at most.
func (s *Store) Close() error {
	s.cancel()
	<-s.done
	s.inner.Shutdown()
	return s.err
}

// listen starts the server. The gateway opens its listener itself and does not
// report a port that it was given as 0, so a free one is found first; should
// somebody take it in between, another is tried.
func (s *Store) listen(ctx context.Context, be backend.Backend, listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fault.New(fault.Misconfigured, "listen", listen, fmt.Errorf("want host:port: %w", err))
	}
	const attempts = 20
	for range attempts {
		addr := listen
		if port == "0" {
			if addr, err = freeAddress(host); err != nil {
				return fault.New(fault.Misconfigured, "listen", listen, err)
			}
		}
		err = s.serve(ctx, be, addr)
		if err == nil {
			s.endpoint.URL = "http://" + dialable(addr)
			return nil
		}
		if port != "0" || !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return fault.New(fault.Misconfigured, "listen", listen, err)
}

// serve runs the gateway and returns when it listens or has failed.
func (s *Store) serve(ctx context.Context, be backend.Backend, addr string) error {
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	listening := make(chan struct{})
	cfg := &embedgw.Config{
		RootUserAccess:    s.endpoint.AccessKey,
		RootUserSecret:    s.endpoint.SecretKey,
		Region:            s.endpoint.Region,
		Ports:             []string{addr},
		MaxConnections:    maxConnections,
		MaxRequests:       maxRequests,
		MultipartMaxParts: maxParts,
		IAMService:        auth.NewIAMServiceSingle(auth.Account{Access: s.endpoint.AccessKey, Secret: s.endpoint.SecretKey, Role: auth.RoleAdmin}),
		KeepAlive:         true,
		Quiet:             true,
		S3Options:         []s3api.Option{s3api.WithOnListen(func() { close(listening) })},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.err = embedgw.RunVersityGW(runCtx, be, cfg)
	}()
	select {
	case <-listening:
		s.cancel, s.done = cancel, done
		if err := awaitAnswer(ctx, "http://"+dialable(addr)); err != nil {
			cancel()
			<-done
			return err
		}
		return nil
	case <-done:
		cancel()
		if s.err == nil {
			return errors.New("the server ended before it listened")
		}
		return s.err
	case <-ctx.Done():
		cancel()
		<-done
		return ctx.Err()
	}
}

// awaitAnswer waits for any answer, a refusal included. The gateway says that it
// listens a moment before it serves, and in that moment cannot be shut down.
func awaitAnswer(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, url, http.NoBody)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // without a proxy
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// freeAddress returns host with a port that was free a moment ago.
func freeAddress(host string) (string, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// dialable replaces the address of all interfaces by the local one.
func dialable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}
