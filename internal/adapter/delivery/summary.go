package delivery

import "pixmill/internal/event"

// Summary says, as JSON, what came of a delivery that did not come from a queue.
type Summary struct {
	Sources []SourceSummary `json:"sources"`
	Ignored int             `json:"ignored"`
}

// SourceSummary is what was done for one source.
type SourceSummary struct {
	Bucket      string `json:"bucket"`
	Key         string `json:"key"`
	Result      string `json:"result"`
	Reason      string `json:"reason,omitempty"`
	ManifestKey string `json:"manifestKey,omitempty"`
	Passes      int    `json:"passes"`
	Puts        int    `json:"puts"`
	Deletes     int    `json:"deletes"`
	DurationMS  int64  `json:"durationMs"`
}

// Errs are the errors of all items.
func (r Result) Errs() []error {
	var errs []error
	for _, v := range r.Verdicts {
		errs = append(errs, v.Errs...)
	}
	return errs
}

// Summary sums up a delivery without errors.
func (r Result) Summary(d event.Delivery) Summary {
	sum := Summary{Sources: []SourceSummary{}}
	for _, item := range d.Items {
		sum.Ignored += len(item.Ignored)
	}
	for _, s := range r.Sources {
		sum.Sources = append(sum.Sources, s.Summary())
	}
	return sum
}

// Summary sums up one source that has no error.
func (s *Source) Summary() SourceSummary {
	o := s.Outcome
	return SourceSummary{
		Bucket:      s.Event.Bucket,
		Key:         s.Event.Key,
		Result:      string(o.Result),
		Reason:      o.Reason,
		ManifestKey: o.ManifestKey,
		Passes:      o.Passes,
		Puts:        o.Puts,
		Deletes:     o.Deletes,
		DurationMS:  s.Elapsed.Milliseconds(),
	}
}
