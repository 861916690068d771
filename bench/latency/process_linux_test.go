package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestFunctionTime_SumsTheChildren(t *testing.T) {
	const work = 30 * time.Millisecond
	before, err := functionTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), "sh", "-c", "while :; do :; done")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = child.Process.Kill() // Wait says what became of it
		_ = child.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		now, err := functionTime(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if now-before >= work {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a busy child has used %v", now-before)
		}
	}
	if err := moveChildren(os.Getpid()); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", child.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(status), "Cpus_allowed_list:\t0\n") {
		t.Error("the child is not on CPU 0 alone")
	}
}
