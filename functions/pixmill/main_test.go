package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pixmill/internal/app"
)

// asProgram makes the test program behave as pixmill.
const asProgram = "PIXMILL_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	self := app.Start(os.Getenv)
	if os.Getenv(asProgram) != "" {
		os.Exit(run(self))
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

// A drawing is made by a second process of the program.
func TestProcess_DrawsSVG(t *testing.T) {
	dir := t.TempDir()
	const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"><rect width="1" height="1" fill="#f00"/></svg>`
	if err := os.WriteFile(filepath.Join(dir, "logo.svg"), []byte(drawing), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := pixmill(t, dir, "process", "logo.svg", "--out", "out").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file, err := os.Open(filepath.Join(dir, "out", "logo.svg", "fallback.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if c, err := jpeg.DecodeConfig(file); err != nil || c.Width != 1600 || c.Height != 800 {
		t.Errorf("it has %d×%d px (%v), want 1600×800", c.Width, c.Height, err)
	}
}
