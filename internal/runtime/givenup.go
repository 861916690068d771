package runtime

import (
	"context"

	"pixmill/internal/event"
)

// maxGivenUp is how often events of a source may be given up before the recheck
// leaves it alone: the first time, and after two restarts. Two events of one
// change count as two.
const maxGivenUp = 3

// lettersAtOnce is how many dead letters are in memory at once.
const lettersAtOnce = 100

// sourceState is a source as an event saw it; without an ETag it was gone.
type sourceState struct{ key, etag string }

// givenUp counts the dead letters of each source that were written with the same
// settings as now. Who changed the settings may have mended what was wrong.
func (r *Runtime) givenUp(ctx context.Context) (map[sourceState]int, error) {
	counts := map[sourceState]int{}
	settings := r.settings()
	for after := uint64(0); ; {
		letters, err := r.queue.LettersAfter(ctx, after, lettersAtOnce)
		if err != nil || len(letters) == 0 {
			return counts, err
		}
		for _, l := range letters {
			after = l.Seq
			if l.Settings != settings {
				continue
			}
			d, err := event.Decode(l.Body)
			if err != nil {
				continue // it is no event of ours, and names no source
			}
			for _, it := range d.Items {
				for _, e := range it.Events {
					counts[sourceState{e.Key, e.ETag}]++
				}
			}
		}
	}
}
