package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/imaging/sandbox"
)

// program is this test, which knows the jobs below.
var program *sandbox.Program

func TestMain(m *testing.M) {
	if inherited, err := syscall.Open(os.Args[0], syscall.O_RDONLY, 0); err == nil { // as C does, without O_CLOEXEC
		defer syscall.Close(inherited)
	}
	program = sandbox.Main(map[string]sandbox.Job{
		"upper": func(_ []string, in io.Reader, out *os.File) error {
			data, err := io.ReadAll(in)
			if err == nil {
				_, err = out.Write(bytes.ToUpper(data))
			}
			return err
		},
		"fail": func(args []string, _ io.Reader, _ *os.File) error { return errors.New(args[0]) },
		"spin": func([]string, io.Reader, *os.File) error {
			for i := 0; ; i++ {
				runtime.KeepAlive(i)
			}
		},
		"hoard": func(_ []string, _ io.Reader, out *os.File) error {
			held := make([]byte, 200<<20)
			for i := range held {
				held[i] = 1
			}
			_, err := fmt.Fprint(out, len(held))
			return err
		},
		"starve": func([]string, io.Reader, *os.File) error { os.Exit(sandbox.NoMemory); return nil },
		"pour": func(_ []string, _ io.Reader, out *os.File) error {
			for {
				if _, err := out.Write(make([]byte, 1<<16)); err != nil {
					return err
				}
			}
		},
		"files": func(_ []string, _ io.Reader, out *os.File) error {
			open, err := os.ReadDir("/proc/self/fd")
			for _, f := range open {
				target, _ := os.Readlink("/proc/self/fd/" + f.Name()) // the directory itself is closed again
				fmt.Fprintln(out, target)
			}
			return err
		},
		"sleep": func([]string, io.Reader, *os.File) error { select {} },
		"kill": func([]string, io.Reader, *os.File) error {
			p, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = p.Signal(syscall.SIGKILL)
			}
			return err
		},
		"abort": func([]string, io.Reader, *os.File) error { panic("on purpose") },
		"environment": func(_ []string, _ io.Reader, out *os.File) error {
			_, err := fmt.Fprint(out, strings.Join(os.Environ(), "\n"))
			return err
		},
		"reach": func(args []string, _ io.Reader, _ *os.File) error { return reach(args[0], args[1]) },
	}, func(name string) string {
		return map[string]string{"HOME": "/home/x", "AWS_SECRET_ACCESS_KEY": "secret"}[name]
	})
	goleak.VerifyTestMain(m)
}

// reach does what a sandboxed process may not.
func reach(what, where string) error {
	switch what {
	case "network":
		c, err := net.DialTimeout("tcp", where, time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err
	case "program":
		return exec.CommandContext(context.Background(), where).Run()
	case "file":
		return os.WriteFile(where, []byte("written"), 0o600)
	case "remove":
		return os.Remove(where)
	case "mode":
		return os.Chmod(where, 0o777)
	case "memory of another":
		f, err := os.OpenFile(where, os.O_RDWR, 0)
		if err == nil {
			_ = f.Close()
		}
		return err
	}
	return fmt.Errorf("reach %s?", what)
}

var ample = sandbox.Limits{Memory: 512 << 20, CPU: 10 * time.Second}

// run returns what a job wrote.
func run(t *testing.T, ctx context.Context, call sandbox.Call) (string, error) {
	t.Helper()
	if call.Limits == (sandbox.Limits{}) {
		call.Limits = ample
	}
	var out []byte
	call.Out = func(r io.Reader) (err error) {
		out, err = io.ReadAll(r)
		return err
	}
	err := program.Run(ctx, call)
	return string(out), err
}

func TestRun_ReturnsWhatTheJobWrites(t *testing.T) {
	in := bytes.Repeat([]byte("pixel "), 100_000) // more than pipes hold
	out, err := run(t, t.Context(), sandbox.Call{Job: "upper", In: in})
	if err != nil || out != string(bytes.ToUpper(in)) {
		t.Errorf("%d bytes, %v; want %d bytes in capitals", len(out), err, len(in))
	}
}

func TestRun_SaysHowAJobEnded(t *testing.T) {
	for _, c := range []struct {
		job    string
		limits sandbox.Limits
		want   error // nil: a *JobError
		text   string
		memory bool // it is bounded
	}{
		{job: "fail", text: "the reason"},
		{job: "spin", limits: sandbox.Limits{Memory: 1 << 30, CPU: time.Second}, want: sandbox.ErrCPU, text: "1s"},
		{job: "starve", want: sandbox.ErrMemory, text: "536870912"},
		{job: "abort", want: sandbox.ErrCrashed},
		{job: "hoard", limits: sandbox.Limits{Memory: 100 << 20, CPU: 10 * time.Second}, want: sandbox.ErrCrashed, memory: true},
		{job: "nobody", want: sandbox.ErrConfine, text: `"nobody"`},
	} {
		t.Run(c.job, func(t *testing.T) {
			if c.memory && (runtime.GOOS != "linux" || raceDetector) {
				t.Skip("only Linux bounds the memory of a process, and not under the race detector")
			}
			_, err := run(t, t.Context(), sandbox.Call{Job: c.job, Args: []string{"the reason"}, Limits: c.limits})
			if c.want == nil {
				if job, ok := errors.AsType[*sandbox.JobError](err); !ok || job.Text != c.text {
					t.Errorf("got %v, want a JobError %q", err, c.text)
				}
				return
			}
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, want %v with %q", err, c.want, c.text)
			}
		})
	}
}

func TestRun_MemoryWithinTheLimitIsGranted(t *testing.T) {
	out, err := run(t, t.Context(), sandbox.Call{Job: "hoard", Limits: sandbox.Limits{Memory: 300 << 20, CPU: 10 * time.Second}})
	if err != nil || out != fmt.Sprint(200<<20) {
		t.Errorf("%q, %v", out, err)
	}
}

func TestRun_EndedFromOutsideIsNoCrash(t *testing.T) {
	_, err := run(t, t.Context(), sandbox.Call{Job: "kill"})
	if runtime.GOOS == "linux" {
		// The job's own kill is refused.
		if job, ok := errors.AsType[*sandbox.JobError](err); !ok || !strings.Contains(job.Text, "not permitted") {
			t.Errorf("got %v, want that the signal was refused", err)
		}
		return
	}
	if err == nil || errors.Is(err, sandbox.ErrCrashed) || errors.Is(err, sandbox.ErrCPU) {
		t.Errorf("got %v, want another error than a crash", err)
	}
}

func TestRun_EndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := run(t, ctx, sandbox.Call{Job: "sleep"})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 3*time.Second {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
}

func TestRun_ReaderThatRefusesEndsTheJob(t *testing.T) {
	refusal := errors.New("enough")
	err := program.Run(t.Context(), sandbox.Call{Job: "sleep", Limits: ample, Out: func(io.Reader) error { return refusal }})
	if !errors.Is(err, refusal) {
		t.Errorf("got %v, want %v", err, refusal)
	}
}

// A job that goes on writing is not waited for.
func TestRun_MoreThanIsRead(t *testing.T) {
	start := time.Now()
	err := program.Run(t.Context(), sandbox.Call{Job: "pour", Limits: ample, Out: func(r io.Reader) error {
		_, err := io.ReadFull(r, make([]byte, 100))
		return err
	}})
	if err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %v, want an error at once", err, time.Since(start))
	}
}

// Less is a crash, whatever it says with its end.
func TestRun_LessThanIsRead(t *testing.T) {
	err := program.Run(t.Context(), sandbox.Call{Job: "upper", In: []byte("a"), Limits: ample, Out: func(r io.Reader) error {
		_, err := io.ReadFull(r, make([]byte, 100))
		return err
	}})
	if !errors.Is(err, sandbox.ErrCrashed) {
		t.Errorf("got %v, want %v", err, sandbox.ErrCrashed)
	}
}

// What was open in the process that started this one stays with it.
func TestRun_GetsNoOpenFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	out, err := run(t, t.Context(), sandbox.Call{Job: "files"})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range strings.Fields(out) {
		if strings.HasPrefix(file, "/") && !strings.HasPrefix(file, "/proc/") && !strings.HasPrefix(file, "/sys/") { // Go looks for its quota
			t.Errorf("%s is open", file)
		}
	}
}

func TestRun_GetsNoKeys(t *testing.T) {
	out, err := run(t, t.Context(), sandbox.Call{Job: "environment"})
	if err != nil {
		t.Fatal(err)
	}
	if names := strings.Split(out, "\n"); !slices.Contains(names, "HOME=/home/x") || strings.Contains(out, "AWS_") {
		t.Errorf("the environment is %q", names)
	}
}

func TestRun_ReachesNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux filters system calls")
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file := t.TempDir() + "/file"
	for _, c := range []struct{ what, where, want string }{
		{"network", listener.Addr().String(), "operation not permitted"},
		{"program", "/bin/true", "operation not permitted"},
		{"file", file, "operation not permitted"},
		{"mode", file, "operation not permitted"},
		{"memory of another", fmt.Sprintf("/proc/%d/mem", os.Getpid()), "operation not permitted"},
		{"remove", file, "operation not permitted"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if err := reach(c.what, c.where); err != nil {
				t.Fatalf("outside of the sandbox: %v", err)
			}
			if err := os.WriteFile(file, nil, 0o600); err != nil { // where it was removed
				t.Fatal(err)
			}
			_, err := run(t, t.Context(), sandbox.Call{Job: "reach", Args: []string{c.what, c.where}})
			if job, ok := errors.AsType[*sandbox.JobError](err); !ok || !strings.Contains(job.Text, c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
