package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
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

// processors reads Linux's /proc/stat: how long all processors were busy, and how long
// they were there. Its unit is a hundredth of a second.
func processors(stat string) (busy, total time.Duration) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 6 || fields[0] != "cpu" {
		return 0, 0
	}
	for i, field := range fields[1:min(len(fields), 9)] { // guests are in user and nice already
		var ticks int64
		if _, err := fmt.Sscan(field, &ticks); err != nil {
			return 0, 0
		}
		d := time.Duration(ticks) * (time.Second / 100)
		total += d
		if i != 3 && i != 4 { // idle, and waiting for disks
			busy += d
		}
	}
	return busy, total
}
