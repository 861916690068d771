package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/bench/machine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTimes_GrowWithWhatIsComputed(t *testing.T) {
	process, err := machine.ProcessTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	busy, err := busyTime([]int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	for end := process + 100*time.Millisecond; process < end; {
		if process, err = machine.ProcessTime(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
	again, err := busyTime([]int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	if grown := again - busy; grown < 80*time.Millisecond { // the ticks of both are not counted at the same moment
		t.Errorf("after 100 ms of CPU time of this process all cores had %v more", grown)
	}
	if _, err := busyTime([]int{0, 9999}); err == nil {
		t.Error("a core that is not there is no error")
	}
}

func TestWorth_OfWhatOthersLeft(t *testing.T) {
	one := series{images: 10, took: 10 * time.Second, cost: time.Second, busy: 10 * time.Second, cores: 1, count: 1}
	for name, c := range map[string]struct {
		two  series
		want float64
	}{
		"all of both":              {series{images: 20, took: 10 * time.Second, cost: time.Second, busy: 20 * time.Second}, 1},
		"half of one was others'":  {series{images: 15, took: 10 * time.Second, cost: time.Second, busy: 20 * time.Second}, 1},
		"half of one was idle":     {series{images: 15, took: 10 * time.Second, cost: time.Second, busy: 15 * time.Second}, 0.75},
		"each image costs a fifth": {series{images: 20, took: 12 * time.Second, cost: 1200 * time.Millisecond, busy: 24 * time.Second}, 1 / 1.2},
	} {
		c.two.cores, c.two.count = 2, 2
		if got := worth(one, c.two); math.Abs(got-c.want) > 0.001 {
			t.Errorf("%s: %.3f, want %.3f", name, got, c.want)
		}
	}
	quota := series{images: 10, took: 10 * time.Second, cost: time.Second, busy: 15 * time.Second, cores: 1, count: 2}
	if got := worth(one, quota); math.Abs(got-1) > 0.001 {
		t.Errorf("one core out of two, with others on the other one: %.3f", got)
	}
}

// counter is a function that notes how many requests it had at the same time.
type counter struct {
	mu        sync.Mutex
	now, most int
	fails     string
}

func (c *counter) send(_ context.Context, key string) error {
	c.add(+1)
	defer c.add(-1)
	time.Sleep(time.Millisecond)
	if key == c.fails {
		return errors.New("as it should")
	}
	return nil
}

func (c *counter) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += n
	c.most = max(c.most, c.now)
}

func (c *counter) cpu(context.Context) (time.Duration, error) { return 0, nil }
func (c *counter) close() error                               { return nil }

func TestLoad_SendsAllSomeAtATime(t *testing.T) {
	keys := make([]string, 20)
	for i := range keys {
		keys[i] = fmt.Sprint(i)
	}
	c, noted := &counter{}, 0
	note := func(done int) error {
		noted++
		if done != noted {
			t.Errorf("%d are said to be done, want %d", done, noted)
		}
		return nil
	}
	if err := load(t.Context(), c, keys, 4, note); err != nil || noted != 20 || c.most > 4 || c.most < 2 {
		t.Errorf("%d done, %d at a time: %v", noted, c.most, err)
	}
	c.fails = "7"
	if err := load(t.Context(), c, keys, 4, func(int) error { return nil }); err == nil || !strings.Contains(err.Error(), "7: as it should") {
		t.Errorf("error is %v", err)
	}
}

func TestUsage_IsTheFunctionsAlone(t *testing.T) {
	const summary = `{"pods": [
		{"podRef": {"namespace": "other"}, "containers": [{"name": "function", "cpu": {"time": "2026-11-24T14:04:35Z", "usageCoreNanoSeconds": 1}}]},
		{"podRef": {"namespace": "cores-a"}, "containers": [
			{"name": "queue-proxy", "cpu": {"time": "2026-11-24T14:04:35Z", "usageCoreNanoSeconds": 2}},
			{"name": "function", "cpu": {"time": "2026-11-24T14:04:36Z", "usageCoreNanoSeconds": 83708540}}]}]}`
	used, at, err := usage([]byte(summary), "cores-a")
	if err != nil || used != 83708540 || at.Second() != 36 {
		t.Errorf("%v at %v, %v", used, at, err)
	}
	if _, _, err := usage([]byte(summary), "cores-b"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a namespace without pods: %v", err)
	}
}

func TestReport_SaysWhatMissesTheTarget(t *testing.T) {
	of := func(images int) []series {
		return []series{{images: images, took: 10 * time.Second, cost: time.Second, busy: 10 * time.Second, cores: 2, count: 2}}
	}
	one := []series{{images: 10, took: 10 * time.Second, cost: time.Second, busy: 10 * time.Second, cores: 1, count: 1}}
	for images, want := range map[int]string{20: "0.95: yes", 12: "0.95: NO"} {
		text := localReport(settings{rounds: 1}, "a machine", map[kind][]series{oneCore: one, twoCores: of(images), twoProcesses: of(20)})
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q:\n%s", want, text)
		}
	}
}
