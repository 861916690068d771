package queue_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pixmill/internal/runtime/queue"
)

// asVictim makes the test binary run a queue that is to be killed, in place of
// the tests. Its value is the directory.
const asVictim = "PIXMILL_TEST_QUEUE"

// runVictim adds a message to a queue, says so and waits for its end.
func runVictim(dir string) {
	q, err := queue.Open(context.Background(), queue.Options{Dir: dir, Visibility: time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = q.Send(context.Background(), []byte("sent before the kill"))
	}
	if err != nil {
		panic(err)
	}
	fmt.Println("sent")
	select {}
}

// kill runs a queue in another process and ends it with kill -9.
func kill(t *testing.T, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	victim := exec.CommandContext(t.Context(), self)
	victim.Env = append(os.Environ(), asVictim+"="+dir)
	victim.Stderr = os.Stderr
	stdout, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "sent\n" {
		t.Fatalf("%q, %v", line, err)
	}
	_ = victim.Process.Kill() // it waits for nothing else
	_ = victim.Wait()
}

// openLogged opens a queue and returns what it logged meanwhile, "LEVEL message".
func openLogged(t *testing.T, dir string) (*queue.Queue, []string) {
	t.Helper()
	var log bytes.Buffer
	q, err := queue.Open(t.Context(), queue.Options{Dir: dir, Visibility: time.Minute, Log: slog.New(slog.NewJSONHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	var lines []string
	for line := range bytes.Lines(slices.Clone(log.Bytes())) {
		var record struct{ Level, Msg string }
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, record.Level+" "+record.Msg)
	}
	return q, lines
}

func TestOpen_AfterAKillSaysSoInOneLineAndWarnsOfNothing(t *testing.T) {
	dir := t.TempDir()
	q := open(t, dir, time.Minute)
	send(t, q, "sent before a clean end") // which writes an index
	q.Close()
	kill(t, dir)
	q, lines := openLogged(t, dir)
	if want := []string{"INFO the last run was killed: the queue's index was made anew from its events"}; !slices.Equal(lines, want) {
		t.Errorf("log: %q, want %q", lines, want)
	}
	wantStats(t, q, queue.Stats{Pending: 2})
	q.Close()
	q, lines = openLogged(t, dir)
	if len(lines) != 0 {
		t.Errorf("log after a clean end: %q", lines)
	}
	wantStats(t, q, queue.Stats{Pending: 2})
}

func TestOpen_WarnsOfDamageThatNoKillExplains(t *testing.T) {
	dir := t.TempDir()
	q := open(t, dir, time.Minute)
	send(t, q, "a", "b", "c", "d")
	q.Close()
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream/*/streams/EVENTS/msgs/*.blk"))
	if err != nil || len(blocks) != 1 {
		t.Fatalf("%v, %v", blocks, err)
	}
	info, err := os.Stat(blocks[0])
	if err == nil {
		err = os.Truncate(blocks[0], info.Size()/2)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, lines := openLogged(t, dir)
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "WARN queue: Filestore [EVENTS] ") {
		t.Errorf("log: %q", lines)
	}
}
