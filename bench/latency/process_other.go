//go:build !linux

package main

import (
	"os/exec"
	"time"

	"pixmill/bench/machine"
)

func functionTime(int) (time.Duration, error) { return 0, machine.ErrLinux }

func startApart(*exec.Cmd) error { return machine.ErrLinux }

func moveChildren(int) error { return machine.ErrLinux }
