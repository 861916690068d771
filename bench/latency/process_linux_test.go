package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestQuantile_IsTheNearestRank(t *testing.T) {
	var all []sample
	for _, n := range []int{7, 1, 9, 3, 5, 2, 8, 4, 10, 6} {
		all = append(all, sample{total: time.Duration(n)})
	}
	total := func(s sample) time.Duration { return s.total }
	for q, want := range map[float64]time.Duration{0.5: 5, 0.9: 9, 0.99: 10, 0: 1} {
		if got := quantile(all, q, total); got != want {
			t.Errorf("quantile %v of 1 to 10 = %v, want %v", q, got, want)
		}
	}
}

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
