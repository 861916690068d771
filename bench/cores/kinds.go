package main

import (
	"context"
	"errors"

	"pixmill/bench/stand"
)

// mostCores is how many cores are compared with one: more than two would need a
// machine of which the S3 and the sender have cores of their own.
const mostCores = 2

// warm is how many images are rendered before a series.
const warm = 2 * perCore

// keysFor is how many sources the series of any kind needs.
func keysFor(images int) int { return warm + images + mostCores*perCore }

// kind is a way of giving cores to the function.
type kind int

const (
	oneCore kind = iota
	twoCores
	twoProcesses // each of them has one core
)

// cores are those that a kind has. The kernel likes the first for its own work.
func (k kind) cores() []int {
	if k == oneCore {
		return []int{1}
	}
	return []int{0, 1}
}

// measureProcesses starts each kind anew in each round.
func measureProcesses(ctx context.Context, s settings, dir string, photo []byte) (_ map[kind][]series, err error) {
	here, err := stand.Open(ctx, dir, "127.0.0.1")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, here.Close()) }()
	keys, err := here.Put(ctx, "cores", photo, keysFor(s.count))
	if err != nil {
		return nil, err
	}
	all := map[kind][]series{}
	for range s.rounds {
		for _, k := range []kind{oneCore, twoCores, twoProcesses} {
			one, err := measureProcess(ctx, k, s.function, here, keys, s.count)
			if err != nil {
				return nil, err
			}
			all[k] = append(all[k], one)
		}
	}
	return all, nil
}

func measureProcess(ctx context.Context, k kind, path string, here *stand.Stand, keys []string, images int) (_ series, err error) {
	var f function
	if k == twoProcesses {
		f, err = startBeside(ctx, path, k.cores(), here)
	} else {
		f, err = startProcess(ctx, path, k.cores(), here)
	}
	if err != nil {
		return series{}, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	return measure(ctx, f, here, keys, images, len(k.cores()), k.cores())
}
