package store

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

// listen returns a listener and its log.
func listen(t *testing.T, grace time.Duration) (*listener, *bytes.Buffer) {
	t.Helper()
	tcp, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	l := newListener(tcp, grace, slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { l.Close() })
	return l, &log
}

// connect returns both ends of a connection; the server's has read what the client said.
func connect(t *testing.T, l *listener, said string) (client, server net.Conn) {
	t.Helper()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	if _, err := io.WriteString(client, said); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(server, make([]byte, len(said))); err != nil {
		t.Fatal(err)
	}
	return client, server
}

func TestListenerClose_EndsTheSilentAtOnceAndOthersAfterTheGrace(t *testing.T) {
	const grace = 300 * time.Millisecond
	l, log := listen(t, grace)
	_, silent := connect(t, l, "")
	_, stalled := connect(t, l, "PUT /")
	begin := time.Now()
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := silent.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(begin) >= grace {
		t.Errorf("the silent connection: %v after %v, want its end at once", err, time.Since(begin))
	}
	if _, err := stalled.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(begin) < grace {
		t.Errorf("the stalled connection: %v after %v, want its end after %v", err, time.Since(begin), grace)
	}
	l.mu.Lock() // cut has ended
	defer l.mu.Unlock()
	if !strings.Contains(log.String(), "connections=1") {
		t.Errorf("the log does not say that one connection was cut short: %s", log)
	}
}

func TestListenerClose_LeavesAConnectionToItsServer(t *testing.T) {
	const grace = 100 * time.Millisecond
	l, log := listen(t, grace)
	client, server := connect(t, l, "PUT /")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(server, "200 OK"); err != nil {
		t.Fatalf("answer after the listener was closed: %v", err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(client); string(got) != "200 OK" || err != nil {
		t.Errorf("the client got %q, %v", got, err)
	}
	time.Sleep(2 * grace)
	l.mu.Lock()
	defer l.mu.Unlock()
	if log.Len() > 0 {
		t.Errorf("a connection that had ended was cut short: %s", log)
	}
}

func TestListenerAccept_AfterCloseSaysClosed(t *testing.T) {
	l, _ := listen(t, time.Second)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if c, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept: %v, %v, want %v", c, err, net.ErrClosed)
	}
}
