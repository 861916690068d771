package queue

import (
	"fmt"
	"log/slog"
	"sync/atomic"
)

// logger passes the server's warnings and errors on, and nothing else.
type logger struct {
	*slog.Logger
	fatal atomic.Pointer[string]
}

func (*logger) Noticef(string, ...any) {}
func (*logger) Debugf(string, ...any)  {}
func (*logger) Tracef(string, ...any)  {}

func (l *logger) Warnf(format string, v ...any)  { l.Warn("queue: " + fmt.Sprintf(format, v...)) }
func (l *logger) Errorf(format string, v ...any) { l.Error("queue: " + fmt.Sprintf(format, v...)) }

// Fatalf keeps the message: the server's Start returns no error.
func (l *logger) Fatalf(format string, v ...any) {
	message := fmt.Sprintf(format, v...)
	l.fatal.Store(&message)
}

func (l *logger) lastFatal() string {
	if m := l.fatal.Load(); m != nil {
		return *m
	}
	return "no reason given"
}
