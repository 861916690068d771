package queue

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"sync/atomic"
)

// indexRebuilt are the server's warnings that a stream's index is older than its
// messages, or was being written: it makes the index anew from the messages.
var indexRebuilt = regexp.MustCompile(`^Filestore \[\w+\] (Stream state |Recovering stream state from index errored: (prior|corrupt) state file)`)

// logger passes the server's warnings and errors on, and nothing else. After a
// kill of the last run an old index is what is to be expected and no warning.
type logger struct {
	*slog.Logger
	killed  bool // the last run did not end by Close
	rebuilt atomic.Bool
	fatal   atomic.Pointer[string]
}

// Noticef, Debugf and Tracef are nobody's business but the server's.
func (*logger) Noticef(string, ...any) {}
func (*logger) Debugf(string, ...any)  {}
func (*logger) Tracef(string, ...any)  {}

func (l *logger) Warnf(format string, v ...any) {
	message := fmt.Sprintf(format, v...)
	if l.killed && indexRebuilt.MatchString(message) {
		l.rebuilt.Store(true)
		l.Debug("queue: " + message)
		return
	}
	l.Warn("queue: " + message)
}

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

// said tells, once the server is up, what it had to do after a kill.
func (l *logger) said() {
	if l.rebuilt.Load() {
		l.Info("the last run was killed: the queue's index was made anew from its events")
	}
}

// openMark is a file that stands in a queue's directory for as long as it is open.
type openMark string

// set makes the mark and reports whether an earlier run has left it.
func (m openMark) set() (left bool, err error) {
	_, err = os.Stat(string(m))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err == nil, err
	}
	return false, os.WriteFile(string(m), nil, 0o600)
}

func (m openMark) remove() { _ = os.Remove(string(m)) } // if it stays, an old index is no warning

func markIn(dir string) openMark { return openMark(filepath.Join(dir, "open")) }
