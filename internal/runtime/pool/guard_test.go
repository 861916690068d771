package pool_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"pixmill/internal/runtime/pool"
)

// runRuntime starts two processes of the function, one of which works and has
// started a process of its own, prints the three pids and waits to be killed.
func runRuntime() {
	g, err := pool.Pass(context.Background(), os.Getenv(asRuntime))
	if err != nil {
		panic(err)
	}
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	p := pool.New(pool.Options{
		Function: pool.Function{Name: "test", Command: []string{self}, Root: filepath.Dir(self)},
		Env:      []string{asFunction + "=1"},
		Inherit:  os.Environ(),
		Max:      2, Idle: time.Hour, Timeout: time.Hour, Grace: time.Hour, InitTimeout: time.Minute,
		Guard: g, Log: slog.New(slog.DiscardHandler), Now: time.Now, Rand: rand.Reader,
	})
	withChild, err := ask(p, order{Child: true})
	if err != nil {
		panic(err)
	}
	go ask(p, order{Sleep: time.Hour}) //nolint:errcheck // nobody lives to see its end
	for p.Stats().Idle > 0 {
		time.Sleep(time.Millisecond)
	}
	other, err := ask(p, order{})
	if err != nil {
		panic(err)
	}
	fmt.Println(withChild.PID, withChild.Text, other.PID)
	select {}
}

func TestGuard_NothingOfAKilledRuntimeIsLeft(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("parent-death signals are Linux's")
	}
	path := filepath.Join(t.TempDir(), "functions.lock")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	old := exec.CommandContext(t.Context(), self)
	old.Env = append(os.Environ(), asRuntime+"="+path)
	old.Stderr = os.Stderr
	stdout, err := old.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var working, grandchild, idle int
	if _, err := fmt.Sscan(line, &working, &grandchild, &idle); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	for _, pid := range []int{working, grandchild, idle} {
		if !alive(pid) {
			t.Fatalf("process %d of %q did not run before the kill", pid, line)
		}
	}

	waiting, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := pool.Pass(waiting, path); err == nil {
		t.Fatal("passed the guard of a living runtime")
	}
	if err := old.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = old.Wait() // it was killed

	g, err := pool.Pass(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	for _, pid := range []int{working, grandchild, idle} {
		if alive(pid) {
			t.Errorf("process %d lives though the guard was passed", pid)
		}
	}
}

func TestGuard_KillsNobodyWhoIsNoFunction(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("holders are found on Linux only")
	}
	path := filepath.Join(t.TempDir(), "functions.lock")
	locked, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer locked.Close()
	if err := syscall.Flock(int(locked.Fd()), syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	opened, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	pids := map[string]int{}
	for name, file := range map[string]*os.File{"one that locks it": locked, "one that reads it": opened} {
		other := exec.CommandContext(t.Context(), "sleep", "1000")
		other.ExtraFiles = []*os.File{file}
		if name == "one that reads it" {
			other.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9") // somebody else's function
		}
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = other.Process.Kill() // it may have been killed
			_ = other.Wait()
		})
		pids[name] = other.Process.Pid
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond) // they would be killed after a second
	defer cancel()
	if _, err := pool.Pass(ctx, path); err == nil {
		t.Error("passed a lock that somebody has")
	}
	for name, pid := range pids {
		if !alive(pid) {
			t.Errorf("%s was killed", name)
		}
	}
}

func TestGuard_UnusableFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := pool.Pass(t.Context(), dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
}
