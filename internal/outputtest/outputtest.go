// Package outputtest keeps what processes and loggers write, for tests that read
// it while they go on.
package outputtest

import (
	"bytes"
	"sync"
)

// Buffer may be written to and read by many. The zero value is empty.
type Buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
