package store

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// listener is a TCP listener that knows its connections, so that nobody has to wait
// for them when the server ends: fasthttp, the gateway's HTTP library, takes one that
// has never sent a byte for a request under way.
type listener struct {
	*net.TCPListener
	grace time.Duration // for the connections that are in use when the listener is closed
	log   *slog.Logger

	mu     sync.Mutex
	closed bool
	conns  map[*conn]struct{}
}

func newListener(l *net.TCPListener, grace time.Duration, log *slog.Logger) *listener {
	return &listener{TCPListener: l, grace: grace, log: log, conns: map[*conn]struct{}{}}
}

// Accept returns the next connection, and net.ErrClosed after Close.
func (l *listener) Accept() (net.Conn, error) {
	tcp, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	c := &conn{TCPConn: tcp, home: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errors.Join(net.ErrClosed, tcp.Close())
	}
	l.conns[c] = struct{}{}
	return c, nil
}

// Close ends the listener and the connections that have sent nothing yet. Those that
// have are their server's to finish; what is left of them after the grace is ended, too.
// It may be called more than once.
func (l *listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	for c := range l.conns {
		if !c.spoke.Load() {
			c.end()
		}
	}
	time.AfterFunc(l.grace, l.cut) // nothing waits for it, and where all have ended it does nothing
	return l.TCPListener.Close()
}

// cut ends every connection that is still there.
func (l *listener) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) == 0 {
		return
	}
	l.log.Warn("S3 connections cut short", "connections", len(l.conns), "after", l.grace)
	for c := range l.conns {
		c.end()
	}
}

// conn is a connection of a listener. It is a TCPConn in all but two things, so that
// the system still copies files to it.
type conn struct {
	*net.TCPConn
	home  *listener
	spoke atomic.Bool // has sent something
	ended atomic.Bool // by us
}

// Read says of a connection that end has ended that the client has closed it.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if n > 0 {
		c.spoke.Store(true)
	}
	if err != nil && c.ended.Load() {
		err = io.EOF
	}
	return n, err
}

// Close closes the connection, which its listener then forgets.
func (c *conn) Close() error {
	c.home.mu.Lock()
	delete(c.home.conns, c)
	c.home.mu.Unlock()
	return c.TCPConn.Close()
}

// end closes the connection under its server, which will then call Close. It is called
// with the listener's lock.
func (c *conn) end() {
	c.ended.Store(true)
	delete(c.home.conns, c)
	_ = c.TCPConn.Close() // by now the client may have closed it
}
