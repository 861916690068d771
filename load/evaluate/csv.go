package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"pixmill/load/jtl"
)

// writeCSV writes the figures of the tables, and those of each second for the graphs.
func (r report) writeCSV() error {
	steps := [][]string{{"form", "clients", "images_per_s", "p50_ms", "p95_ms", "p99_ms", "refused", "failed", "pods", "cores"}}
	for _, of := range r.Results {
		for _, s := range r.Steps(of) {
			steps = append(steps, []string{
				of.Name, fmt.Sprint(s.Clients), fmt.Sprintf("%.2f", s.PerSecond), r.MS(s.P50), r.MS(s.P95), r.MS(s.P99),
				fmt.Sprint(s.Refused), fmt.Sprint(s.Failed), fmt.Sprint(s.Pods), fmt.Sprintf("%.3f", s.Cores),
			})
		}
	}
	seconds := [][]string{{"form", "load", "second", "images", "p50_ms", "p95_ms", "refused", "failed", "pods_ready", "pods_starting", "cores", "memory_mib", "kill"}}
	for _, of := range r.Results {
		seconds = append(seconds, r.rows(of, "rising", of.Rising)...)
		seconds = append(seconds, r.rows(of, "constant", of.Constant)...)
	}
	return errors.Join(
		writeLines(filepath.Join(r.Settings.graphs, "steps.csv"), steps),
		writeLines(filepath.Join(r.Settings.graphs, "seconds.csv"), seconds),
	)
}

// rows are the seconds of one phase.
func (r report) rows(of result, name string, ph phase) [][]string {
	used := cores(ph.moments)
	var rows [][]string
	for i, s := range jtl.Slices(ph.samples, ph.from, ph.to, time.Second) {
		from := ph.from.Add(time.Duration(i) * time.Second)
		row := []string{
			of.Name, name, fmt.Sprint(i), fmt.Sprint(s.Images), r.MS(s.P50), r.MS(s.P95), fmt.Sprint(s.Refused), fmt.Sprint(s.Failed),
			"", "", "", "", "",
		}
		for k, m := range ph.moments {
			if m.At.Before(from) || !m.At.Before(from.Add(time.Second)) {
				continue
			}
			memory := int64(0)
			for _, u := range m.usage {
				memory += u.memory
			}
			row[8], row[9] = fmt.Sprint(m.Ready), fmt.Sprint(m.Begun)
			row[10], row[11] = fmt.Sprintf("%.3f", used[k]), fmt.Sprint(memory>>20)
		}
		if !ph.fault.Before(from) && ph.fault.Before(from.Add(time.Second)) {
			row[12] = "1"
		}
		rows = append(rows, row)
	}
	return rows
}

func writeLines(path string, lines [][]string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return csv.NewWriter(file).WriteAll(lines)
}
