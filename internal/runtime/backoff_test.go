package runtime

import (
	"slices"
	"testing"
	"time"
)

func TestBackoff_GrowsToItsMost(t *testing.T) {
	var got []time.Duration
	for n := range 6 {
		got = append(got, backoff(n+1, time.Second, 3, time.Minute))
	}
	want := []time.Duration{time.Second, 3 * time.Second, 9 * time.Second, 27 * time.Second, time.Minute, time.Minute}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
