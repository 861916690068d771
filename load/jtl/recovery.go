package jtl

import "time"

// Recovery is what a fault did to a constant load.
type Recovery struct {
	Before  float64       // images per second before the fault
	Back    bool          // whether throughput came back
	After   time.Duration // from the fault until it did; 0: the first stretch had it
	Silence time.Duration // the longest time without an image after the fault
	Failed  int           // requests under way or begun after the fault
	Refused int
}

const (
	// back is the part of the throughput before the fault that counts as recovered.
	back = 0.9
	// stretch is how long that throughput has to hold. A few images each second come and
	// go by chance; over some seconds they do not.
	stretch = 5 * time.Second
)

// Recover compares throughput before and after a fault: from is when the constant load
// had settled, to when it ended.
func Recover(all []Sample, from, fault, to time.Time) Recovery {
	r := Recovery{Before: Summarise(all, from, fault).PerSecond}
	after := Between(all, fault, to)
	last := fault
	candidates := []time.Time{fault}
	for _, s := range after {
		switch {
		case s.OK:
			candidates = append(candidates, s.End())
			r.Silence = max(r.Silence, s.End().Sub(last))
			last = s.End()
		case s.Refused():
			r.Refused++
		default:
			r.Failed++
		}
	}
	r.Silence = max(r.Silence, to.Sub(last))
	for _, t := range candidates {
		if t.Add(stretch).After(to) {
			break
		}
		if Summarise(all, t, t.Add(stretch)).PerSecond >= back*r.Before {
			r.Back, r.After = true, t.Sub(fault)
			break
		}
	}
	return r
}
