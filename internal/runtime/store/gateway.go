package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
	"github.com/versity/versitygw/s3err"
)

// Limits of the S3 server; requests over them get 503 SlowDown.
const (
	maxConnections = 4096
	maxRequests    = 2048
	maxParts       = 10_000 // of a multipart upload, as in S3
)

const (
	answerTimeout = 10 * time.Second // for the gateway's first answer
	closeGrace    = 5 * time.Second  // for requests that are under way when the server ends
)

// backDoor returns where the gateway itself listens: on Linux a socket without a file,
// which any file system and any path of the store will do for; elsewhere one beside the
// folder of the objects, in which the process works by then.
func backDoor(random io.Reader) (string, error) {
	if runtime.GOOS != "linux" {
		return "../gateway.sock", nil // the gateway removes one that a crash has left
	}
	var id [8]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return "", err
	}
	return "@pixmill-" + hex.EncodeToString(id[:]), nil
}

// gateway is a running versitygw that serves a listener of ours. The gateway opens its
// listeners itself and waits for every client's good will when it ends, so it gets a
// socket that nobody uses but start, which asks there for the HTTP server within; and
// that server serves the listener.
type gateway struct {
	front    *listener
	requests inflight // whose handlers run
	closing  atomic.Bool
	cancel   context.CancelFunc
	done     chan struct{} // closed when the server has ended
	err      error         // why; read after done
}

// start serves S3 on l, and closes it if it fails. When it returns, requests are answered.
// The gateway listens at door.
func start(ctx context.Context, be backend.Backend, e Endpoint, l *net.TCPListener, door string, log *slog.Logger) (*gateway, error) {
	g := &gateway{front: newListener(l, closeGrace, log), done: make(chan struct{})}
	var runCtx context.Context
	runCtx, g.cancel = context.WithCancel(context.WithoutCancel(ctx))
	listening, within := make(chan struct{}), make(chan *fasthttp.Server, 1)
	cfg := &embedgw.Config{
		RootUserAccess:    e.AccessKey,
		RootUserSecret:    e.SecretKey,
		Region:            e.Region,
		Ports:             []string{door},
		MaxConnections:    maxConnections,
		MaxRequests:       maxRequests,
		MultipartMaxParts: maxParts,
		IAMService:        auth.NewIAMServiceSingle(auth.Account{Access: e.AccessKey, Secret: e.SecretKey, Role: auth.RoleAdmin}),
		KeepAlive:         true,
		Quiet:             true,
		S3Options: []s3api.Option{
			s3api.WithOnListen(func() { close(listening) }),
			s3api.WithMiddleware("/", g.middleware(within)),
		},
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		g.err = errors.Join(embedgw.RunVersityGW(runCtx, be, cfg), g.front.Close()) // it may have ended by itself
	}()
	var server *fasthttp.Server
	err := errors.New("the server ended before it listened")
	select {
	case <-listening:
		server, err = askForServer(runCtx, door, within)
	case <-ended:
	}
	if err != nil {
		g.cancel()
		<-ended
		return nil, errors.Join(err, g.err)
	}
	go g.serve(server, ended)
	return g, nil
}

// serve serves the listener until it is closed, and then waits for the gateway.
func (g *gateway) serve(server *fasthttp.Server, ended <-chan struct{}) {
	defer close(g.done)
	err := server.Serve(g.front)
	if !g.closing.Load() { // the listener has failed, or the gateway has ended
		g.cancel()
	}
	<-ended
	g.err = errors.Join(err, g.err)
}

// askForServer returns the gateway's HTTP server, which the first request brings along.
// The gateway says that it listens a moment before it serves, and in that moment cannot
// be shut down; hence that request is made even if the caller of Open has given up.
func askForServer(ctx context.Context, door string, within <-chan *fasthttp.Server) (*fasthttp.Server, error) {
	dialer := net.Dialer{Timeout: answerTimeout}
	client := &http.Client{Timeout: answerTimeout, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", door)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://gateway/", http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask for the server: %w", err)
	}
	defer resp.Body.Close() // nothing to be read
	select {
	case server := <-within:
		return server, nil
	default:
		return nil, fmt.Errorf("the gateway answered %s in place of its handlers", resp.Status)
	}
}

// middleware stands before all of the gateway's handlers. It sends the server that the
// first request came to, knows the requests whose handlers run, and refuses those that
// come over connections which are still open when close has begun.
func (g *gateway) middleware(within chan<- *fasthttp.Server) fiber.Handler {
	var first sync.Once
	return func(c fiber.Ctx) error {
		first.Do(func() { within <- c.App().Server() })
		end := g.requests.begin("", "")
		defer end()
		if g.closing.Load() {
			c.RequestCtx().SetConnectionClose()
			refusal := s3err.GetAPIError(s3err.ErrSlowDown)
			return c.Status(refusal.HTTPStatusCode).Send(refusal.XMLBody("", ""))
		}
		return c.Next()
	}
}

// close ends the server. The handlers that run come first: the gateway cancels their
// requests as soon as it is told to end.
func (g *gateway) close() error {
	g.closing.Store(true)
	err := g.front.Close()
	ctx, stop := context.WithTimeout(context.Background(), closeGrace)
	defer stop()
	_ = g.requests.settled(ctx, func(string, string) bool { return true }) // then they are cut short, which the listener logs
	g.cancel()
	<-g.done
	return errors.Join(err, g.err)
}
