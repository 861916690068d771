package knativefn

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// cutTime is how long deliveries that were cut off have to notice, and to say so.
const cutTime = 2 * time.Second

// Serve answers requests on ln until ctx ends. Then the service is not ready, refuses
// what comes new, and finishes what it has: for grace at most, after which that is cut
// off and answered with 503, so that it comes again. HTTP/1.1 and HTTP/2 without TLS
// (h2c) are spoken: TLS ends before a pod.
func (s *Service) Serve(ctx context.Context, ln net.Listener, grace time.Duration) error {
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	srv := &http.Server{
		Handler:           s,
		BaseContext:       func(net.Listener) context.Context { return base },
		Protocols:         new(http.Protocols),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute, // a proxy that keeps connections ends them first
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
	}
	if s.Timeout > 0 {
		srv.WriteTimeout = s.Timeout + 2*bodyTime // a client that does not read its answer
	}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	err := s.stop(base, srv, cut, grace)
	if serveErr := <-ended; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}

// stop ends the server. It goes on listening while deliveries are finished, so that
// whoever has not heard yet that this pod is not ready gets an answer.
func (s *Service) stop(base context.Context, srv *http.Server, cut context.CancelFunc, grace time.Duration) error {
	start := s.Now()
	s.Drain()
	s.Log.InfoContext(base, "stopping", "grace", grace.String())
	ctx, cancel := context.WithTimeout(base, grace)
	defer cancel()
	if err := s.gate.close(ctx); err != nil {
		s.Log.WarnContext(base, "the grace period is over: deliveries are cut off and come again")
	}
	cut() // also of bodies that nobody wants and that are still arriving
	last, cancel := context.WithTimeout(context.WithoutCancel(base), cutTime)
	defer cancel()
	if err := srv.Shutdown(last); err != nil {
		return errors.Join(err, srv.Close())
	}
	s.Log.InfoContext(base, "stopped", "duration_ms", s.Now().Sub(start).Milliseconds())
	return nil
}
