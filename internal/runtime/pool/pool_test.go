package pool_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pixmill/internal/runtime/lambdaapi"
	"pixmill/internal/runtime/pool"
)

func TestInvoke_OneWarmProcessServesOneAfterTheOther(t *testing.T) {
	p := newPool(t, nil)
	if s := p.Stats(); s.Processes != 0 {
		t.Errorf("before any work: %+v", s)
	}
	first := mustAsk(t, p, order{Echo: "ü"})
	second := mustAsk(t, p, order{})
	if first.Text != "ü" || first.PID != second.PID {
		t.Errorf("answers %+v and %+v", first, second)
	}
}

func TestInvoke_ScalesToTheLimitAndNoFurther(t *testing.T) {
	p := newPool(t, nil)
	var mu sync.Mutex
	pids := map[int]int{}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			r, err := ask(p, order{Sleep: 200 * time.Millisecond})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			pids[r.PID]++
		})
	}
	wg.Wait()
	if len(pids) != 2 {
		t.Errorf("6 invocations at once, at most 2 processes: served by %v", pids)
	}
}

func TestIdle_ProcessesEnd(t *testing.T) {
	p := newPool(t, func(o *pool.Options) { o.Idle = 50 * time.Millisecond })
	pid := mustAsk(t, p, order{}).PID
	eventually(t, "no process is left", func() bool { return p.Stats().Processes == 0 && !alive(pid) })
	if again := mustAsk(t, p, order{}).PID; again == pid {
		t.Error("an ended process answered")
	}
}

func TestInvoke_FunctionErrorLeavesTheProcess(t *testing.T) {
	p := newPool(t, nil)
	pid := mustAsk(t, p, order{}).PID
	_, err := ask(p, order{Fail: "no such key"})
	var fe *lambdaapi.FunctionError
	if !errors.As(err, &fe) || fe.Message != "no such key" {
		t.Fatalf("got %v", err)
	}
	if again := mustAsk(t, p, order{}).PID; again != pid {
		t.Error("the process was replaced")
	}
}

func TestInvoke_ProcessThatEndsIsReplaced(t *testing.T) {
	tests := []struct {
		name  string
		edit  func(*pool.Options)
		order order
		want  []string
	}{
		{"crashes", nil, order{Exit: 7}, []string{"exit status 7"}},
		{
			"hangs",
			func(o *pool.Options) { o.Timeout, o.Grace = 200*time.Millisecond, 100*time.Millisecond },
			order{Sleep: time.Hour},
			[]string{"signal: killed", "still working 100ms past its deadline of 200ms"},
		},
		{
			"takes too much memory",
			func(o *pool.Options) { o.Memory = 128 << 20 },
			order{Eat: 200, Sleep: time.Hour},
			[]string{"signal: killed", "over the limit of 134217728 bytes"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPool(t, tt.edit)
			pid := mustAsk(t, p, order{}).PID
			_, err := ask(p, tt.order)
			var killed *pool.KilledError
			if !errors.As(err, &killed) {
				t.Fatalf("got %v, want a KilledError", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(killed.Reason, want) {
					t.Errorf("reason %q lacks %q", killed.Reason, want)
				}
			}
			if alive(pid) {
				t.Error("the process lives")
			}
			if again := mustAsk(t, p, order{Echo: "on"}); again.PID == pid || again.Text != "on" {
				t.Errorf("afterwards: %+v", again)
			}
		})
	}
}

func TestInvoke_PanicIsAnErrorAndTheProcessIsReplaced(t *testing.T) {
	p := newPool(t, nil)
	pid := mustAsk(t, p, order{}).PID
	_, err := ask(p, order{Panic: true})
	if err == nil || !strings.Contains(err.Error(), "the function is broken") {
		t.Fatalf("got %v", err)
	}
	if again := mustAsk(t, p, order{}).PID; again == pid {
		t.Error("a process that panicked answered again")
	}
}

func TestInvoke_FunctionThatCannotStart(t *testing.T) {
	tests := []struct {
		name string
		edit func(*pool.Options)
		want string
	}{
		{"ends at once", func(o *pool.Options) { o.Env = append(o.Env, "PIXMILL_TEST_BROKEN=1") }, "exit status 3"},
		{"never asks for work", func(o *pool.Options) {
			o.Function.Command = []string{"/bin/sleep", "1000"}
			o.InitTimeout = 200 * time.Millisecond
		}, "did not ask for work within 200ms"},
		{"is missing", func(o *pool.Options) { o.Function.Command = []string{"/nowhere/bootstrap"} }, "/nowhere/bootstrap"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPool(t, tt.edit)
			_, err := ask(p, order{})
			var start *pool.StartError
			if !errors.As(err, &start) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want a StartError with %q", err, tt.want)
			}
			eventually(t, "no process is left", func() bool { return p.Stats().Processes == 0 })
		})
	}
}

func TestKill_EndsWhatTheFunctionStarted(t *testing.T) {
	p := newPool(t, nil)
	child, err := strconv.Atoi(mustAsk(t, p, order{Child: true}).Text)
	if err != nil {
		t.Fatal(err)
	}
	if !alive(child) {
		t.Fatal("the function's child did not start")
	}
	if _, err := ask(p, order{Exit: 1}); err == nil {
		t.Fatal("no error")
	}
	eventually(t, "the function's child has ended", func() bool { return !alive(child) })
}

func TestInvoke_WaiterGivesUp(t *testing.T) {
	p := newPool(t, func(o *pool.Options) { o.Max = 1 })
	mustAsk(t, p, order{})
	busy := make(chan error, 1)
	go func() {
		_, err := ask(p, order{Sleep: 500 * time.Millisecond})
		busy <- err
	}()
	eventually(t, "the process is busy", func() bool { return p.Stats().Idle == 0 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.Invoke(ctx, []byte("{}")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := <-busy; err != nil {
		t.Error(err)
	}
	mustAsk(t, p, order{})
}

func TestClose_EndsBusyProcessesAndRefusesWork(t *testing.T) {
	p := newPool(t, nil)
	pid := mustAsk(t, p, order{}).PID
	busy := make(chan error, 1)
	go func() {
		_, err := ask(p, order{Sleep: time.Hour})
		busy <- err
	}()
	eventually(t, "the process is busy", func() bool { return p.Stats().Idle == 0 })
	p.Close()
	var killed *pool.KilledError
	if err := <-busy; !errors.As(err, &killed) && !errors.Is(err, pool.ErrClosed) {
		t.Errorf("the invocation under way: %v", err)
	}
	if alive(pid) {
		t.Error("a process lives")
	}
	if _, err := ask(p, order{}); !errors.Is(err, pool.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestEnvironment_IsLambdas(t *testing.T) {
	t.Setenv("SECRET_OF_THE_RUNTIME", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "of the user")
	root := t.TempDir()
	p := newPool(t, func(o *pool.Options) {
		o.Function.Root = root
		o.Memory = 512 << 20
		o.Env = append(o.Env, "AWS_ENDPOINT_URL=http://127.0.0.1:9", "AWS_REGION=eu-central-1")
	})
	for name, want := range map[string]string{
		"AWS_LAMBDA_FUNCTION_NAME":        "test",
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
		"LAMBDA_TASK_ROOT":                root,
		"PWD":                             root,
		"AWS_ENDPOINT_URL":                "http://127.0.0.1:9",
		"AWS_REGION":                      "eu-central-1",
		"SECRET_OF_THE_RUNTIME":           "",
		"AWS_SECRET_ACCESS_KEY":           "",
	} {
		if got := mustAsk(t, p, order{GetEnv: name}).Text; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestEnvironment_OwnLibrariesThenTheUsersAndNoSystemFolderBefore(t *testing.T) {
	t.Setenv("LD_LIBRARY_PATH", "/opt/vips/lib:/opt/vips/lib64")
	root := t.TempDir()
	p := newPool(t, func(o *pool.Options) { o.Function.Root = root })
	want := root + ":" + root + "/lib:/opt/vips/lib:/opt/vips/lib64:/opt/lib"
	if got := mustAsk(t, p, order{GetEnv: "LD_LIBRARY_PATH"}).Text; got != want {
		t.Errorf("LD_LIBRARY_PATH is %s, want %s", got, want)
	}
}

func TestClose_LeavesNoProcessBehind(t *testing.T) {
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("needs /proc")
	}
	p := newPool(t, func(o *pool.Options) { o.Max = 3 })
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := ask(p, order{Sleep: 50 * time.Millisecond}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	p.Close()
	children, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range children {
		if pids, err := os.ReadFile(c); err == nil && len(pids) > 0 {
			t.Errorf("children left: %s", pids)
		}
	}
}
