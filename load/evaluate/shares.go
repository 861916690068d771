package main

import (
	"os"
	"strings"
	"syscall"
	"time"

	"pixmill/bench/machine"
)

// shares say who used the processors while a load ran.
type shares struct {
	From, To  time.Time
	Generator time.Duration // JMeter
	Store     time.Duration // this program, which is mostly the S3
	Busy      time.Duration // everybody, the pods among them; 0 where the system does not say
	Total     time.Duration // of all processors, idle time among it
}

// machineTimes are counters at one moment.
type machineTimes struct {
	at          time.Time
	self        time.Duration
	busy, total time.Duration
}

func machineNow() machineTimes {
	m := machineTimes{at: time.Now()}
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err == nil {
		m.self = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	}
	if text, err := os.ReadFile("/proc/stat"); err == nil {
		m.busy, m.total = processors(string(text))
	}
	return m
}

// since says what happened after a moment.
func since(before machineTimes, generator time.Duration) shares {
	now := machineNow()
	return shares{
		From: before.at, To: now.at, Generator: generator, Store: now.self - before.self,
		Busy: now.busy - before.busy, Total: now.total - before.total,
	}
}

// processors reads what all processors did from Linux's /proc/stat; 0 where it does not say.
func processors(stat string) (busy, total time.Duration) {
	first, _, _ := strings.Cut(stat, "\n")
	name, t, err := machine.ParseTimes(first)
	if err != nil || name != "cpu" {
		return 0, 0
	}
	return t.Busy, t.Total
}
