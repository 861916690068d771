package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// asProgram makes the test program behave as pixmill.
const asProgram = "PIXMILL_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run())
	}
	os.Exit(m.Run())
}

// pixmill returns the program with arguments, to be started in dir.
func pixmill(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// pictures writes n images into dir/in.
func pictures(t *testing.T, dir string, n int) {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 300, 200))
	for i := range n {
		img.SetGray(i%300, i/300, color.Gray{Y: 255})
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "in", fmt.Sprintf("%03d.png", i))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestProcess_CtrlCStopsAndTheSameCommandGoesOn interrupts a run after its first
// source; what it has done is kept.
func TestProcess_CtrlCStopsAndTheSameCommandGoesOn(t *testing.T) {
	const n = 25
	dir := t.TempDir()
	pictures(t, dir, n)
	cmd := pixmill(t, dir, "process", "in", "--out", "out", "--json", "--jobs", "1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	made := 0
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if !strings.Contains(lines.Text(), `"result":"made"`) {
			continue
		}
		if made++; made == 1 { // once: a second one would end the process at once
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // its exit code is checked
	if code := cmd.ProcessState.ExitCode(); code != 1 || made < 1 || made == n {
		t.Errorf("exit code %d with %d of %d made: %s", code, made, n, &stderr)
	}
	if want := fmt.Sprintf("pixmill: stopped: %d of %d sources done", made, n); !strings.Contains(stderr.String(), want) {
		t.Errorf("standard error is %q, want %q", &stderr, want)
	}

	again, err := pixmill(t, dir, "process", "in", "--out", "out", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	if unchanged := strings.Count(string(again), `"result":"unchanged"`); unchanged != made {
		t.Errorf("the second run found %d unchanged, want the %d of the first", unchanged, made)
	}
	if done := strings.Count(string(again), "\n"); done != n {
		t.Errorf("the second run has %d lines, want %d", done, n)
	}
}
