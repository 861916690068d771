package cli

import (
	"fmt"

	"pixmill/internal/event"
)

// findRepeated returns the objects that several events name, in the order in
// which they come first.
func findRepeated(all []explainedEvent) []repeatedKey {
	type id struct{ bucket, key string }
	of := map[id][]explainedEvent{}
	var order []id
	for _, x := range all {
		k := id{x.Bucket, x.Key}
		if len(of[k]) == 1 {
			order = append(order, k)
		}
		of[k] = append(of[k], x)
	}
	var repeated []repeatedKey
	for _, k := range order {
		r := repeatedKey{Bucket: k.bucket, Key: k.key}
		for _, x := range of[k] {
			r.Numbers = append(r.Numbers, x.Number)
		}
		r.Newest, r.Why = newest(of[k])
		repeated = append(repeated, r)
	}
	return repeated
}

// newest compares the sequencers of events for one object. It returns the number
// of the newest event and why, or 0 and why they do not say.
func newest(events []explainedEvent) (number int, why string) {
	best, tie := events[0], false
	for _, x := range events[1:] {
		order, err := event.CompareSequencers(x.Sequencer, best.Sequencer)
		switch {
		case err != nil:
			return 0, fmt.Sprintf("events %d and %d cannot be compared: %v", best.Number, x.Number, err)
		case order > 0:
			best, tie = x, false
		case order == 0:
			tie = true
		}
	}
	if tie {
		return 0, "the highest sequencer is there twice: one change delivered again, or a store whose sequencers stand still"
	}
	return best.Number, "it has the highest sequencer"
}
