// Package jtl reads what JMeter writes of each request, and says of it what a load test
// is about: images per second, quantiles of latency, how many requests were refused or
// failed, and how long throughput was down after a fault. It measures nothing itself.
package jtl

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
)

// Sample is one request.
type Sample struct {
	Start   time.Time
	Elapsed time.Duration // until the last byte of the answer
	Code    string        // the status, or what went wrong without one
	OK      bool          // the answer was the one that the plan asserts
	Clients int           // that were at work then, in all
}

// End is when the answer was there.
func (s Sample) End() time.Time { return s.Start.Add(s.Elapsed) }

// Refused says that the function had too much to do and said so, with Retry-After:
// whoever sends the image again later loses nothing.
func (s Sample) Refused() bool { return !s.OK && (s.Code == "503" || s.Code == "429") }

// Read reads a JTL file in CSV with a line of names, in the order of the answers.
func Read(r io.Reader) ([]Sample, error) {
	in := csv.NewReader(r)
	names, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("line of names: %w", err)
	}
	var at [5]int
	for i, name := range [...]string{"timeStamp", "elapsed", "responseCode", "success", "allThreads"} {
		if at[i] = slices.Index(names, name); at[i] < 0 {
			return nil, fmt.Errorf("there is no column %q among %q", name, names)
		}
	}
	var all []Sample
	for {
		line, err := in.Read()
		if errors.Is(err, io.EOF) {
			slices.SortStableFunc(all, func(a, b Sample) int { return a.End().Compare(b.End()) })
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		s, err := sample(line[at[0]], line[at[1]], line[at[2]], line[at[3]], line[at[4]])
		if err != nil {
			n, _ := in.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, s)
	}
}

func sample(start, elapsed, code, success, clients string) (Sample, error) {
	began, err1 := strconv.ParseInt(start, 10, 64)
	took, err2 := strconv.ParseInt(elapsed, 10, 64)
	n, err3 := strconv.Atoi(clients)
	ok, err4 := strconv.ParseBool(success)
	return Sample{
		Start: time.UnixMilli(began), Elapsed: time.Duration(took) * time.Millisecond,
		Code: code, OK: ok, Clients: n,
	}, errors.Join(err1, err2, err3, err4)
}

// Between returns the samples whose answers came at from or later, and before to.
func Between(all []Sample, from, to time.Time) []Sample {
	var found []Sample
	for _, s := range all {
		if end := s.End(); !end.Before(from) && end.Before(to) {
			found = append(found, s)
		}
	}
	return found
}
