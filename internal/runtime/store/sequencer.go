package store

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"pixmill/internal/fault"
)

// sequencerBlock is how many numbers are reserved on disk at a time. A crash
// skips what is left of a block; no number is given twice, whatever the clock does.
const sequencerBlock = 1 << 20

// sequencer hands out growing numbers.
type sequencer struct {
	path string

	mu       sync.Mutex
	last     uint64
	reserved uint64 // numbers up to this one may be given; it is on disk
}

func openSequencer(path string) (*sequencer, error) {
	s := &sequencer{path: path}
	data, err := os.ReadFile(path)
	switch {
	case os.IsNotExist(err):
		return s, nil
	case err != nil:
		return nil, fault.New(fault.Misconfigured, "open sequencer", path, err)
	}
	s.last, err = strconv.ParseUint(strings.TrimSpace(string(data)), 16, 64)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "open sequencer", path, fmt.Errorf("want one hexadecimal number: %w", err))
	}
	s.reserved = s.last
	return s, nil
}

// next returns a number that is greater than all before, as 16 hexadecimal
// digits, so that it sorts as S3's do.
func (s *sequencer) next() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == s.reserved {
		upTo := s.reserved + sequencerBlock
		if err := replaceFile(s.path, fmt.Appendf(nil, "%016X\n", upTo)); err != nil {
			return "", fault.New(fault.Transient, "reserve sequencers", s.path, err)
		}
		s.reserved = upTo
	}
	s.last++
	return fmt.Sprintf("%016X", s.last), nil
}
