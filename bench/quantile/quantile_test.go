package quantile

import (
	"testing"
	"time"
)

func TestOf_IsTheNearestRankAndLeavesTheOrder(t *testing.T) {
	values := []time.Duration{7, 1, 9, 3, 5, 2, 8, 4, 10, 6}
	for q, want := range map[float64]time.Duration{0.5: 5, 0.9: 9, 0.99: 10, 0: 1, 1: 10} {
		if got := Of(values, q); got != want {
			t.Errorf("quantile %v of 1 to 10 = %v, want %v", q, got, want)
		}
	}
	if values[0] != 7 {
		t.Error("the values were sorted in place")
	}
}
