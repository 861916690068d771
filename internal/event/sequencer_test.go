package event

import (
	"testing"

	"pgregory.net/rapid"
)

func TestCompareSequencers(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"0055AED6DCD90281E5", "0055AED6DCD90281E5", 0},
		{"0055AED6DCD90281E5", "0055AED6DCD90281E6", -1},
		{"0055AED6DCD90281E6", "0055AED6DCD90281E5", 1},
		{"0055AED6DCD90281E5", "0055aed6dcd90281e5", 0},
		{"9", "10", 1}, // as text, not as numbers
		{"1", "10", 0}, // the padding is zeros
		{"1", "1000000000000000000001", -1},
	}
	for _, tt := range tests {
		if got, err := CompareSequencers(tt.a, tt.b); got != tt.want || err != nil {
			t.Errorf("CompareSequencers(%q, %q) = %d, %v; want %d", tt.a, tt.b, got, err, tt.want)
		}
	}
}

func TestCompareSequencers_NotHexadecimal(t *testing.T) {
	for _, pair := range [][2]string{{"", "A"}, {"A", ""}, {"0x1", "1"}, {"1", "-1"}, {"1", "1 "}, {"G", "1"}} {
		if _, err := CompareSequencers(pair[0], pair[1]); err == nil {
			t.Errorf("CompareSequencers(%q, %q) is no error", pair[0], pair[1])
		}
	}
}

func TestCompareSequencers_IsAnOrder(t *testing.T) {
	hex := rapid.StringMatching(`[0-9A-Fa-f]{1,20}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := hex.Draw(t, "a"), hex.Draw(t, "b"), hex.Draw(t, "c")
		compare := func(x, y string) int {
			n, err := CompareSequencers(x, y)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if compare(a, b) != -compare(b, a) {
			t.Fatalf("%q and %q depend on their order", a, b)
		}
		if compare(a, b) <= 0 && compare(b, c) <= 0 && compare(a, c) > 0 {
			t.Fatalf("%q ≤ %q ≤ %q, but the first is newer than the last", a, b, c)
		}
	})
}
