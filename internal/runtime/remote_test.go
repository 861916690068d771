package runtime_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"pixmill/internal/outputtest"
	"pixmill/internal/runtime"
	"pixmill/internal/runtime/store"
)

// podFunction is the function of pods as a process of this machine, at an address
// that it has again after each start.
type podFunction struct {
	t        *testing.T
	address  string
	endpoint store.Endpoint
	cmd      *exec.Cmd
	log      outputtest.Buffer
}

// freeAddress is one of the loopback interface that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// overHTTPAt makes the runtime call the function at an address.
func overHTTPAt(t *testing.T, address string) func(*runtime.Options) {
	t.Helper()
	u, err := url.Parse("http://pixmill.test/")
	if err != nil {
		t.Fatal(err)
	}
	return func(o *runtime.Options) { o.URL, o.Via, o.Concurrency = u, address, 8 }
}

func (p *podFunction) start() {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd = exec.Command(self)
	p.cmd.Env = append(p.endpoint.Environment(), asFunction+"="+overHTTP, "LISTEN_ADDRESS="+p.address,
		"PIXMILL_CONFIG="+presets, "LD_LIBRARY_PATH="+os.Getenv("LD_LIBRARY_PATH"))
	p.cmd.Dir = p.t.TempDir()
	p.cmd.Stderr = &p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd := p.cmd
	p.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
}

// kill is SIGKILL; it returns when the process has ended.
func (p *podFunction) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // how it ended is known
}

func TestRun_HTTPFunctionThatIsAwayAndIsKilledUnderLoadLosesNothing(t *testing.T) {
	var log outputtest.Buffer
	address := freeAddress(t)
	g := start(t, t.TempDir(), func(o *runtime.Options) {
		overHTTPAt(t, address)(o)
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	const sources = 40
	var keys []string
	var puts errgroup.Group
	for i := range sources {
		key := fmt.Sprintf("in/%02d.jpg", i)
		keys = append(keys, key)
		puts.Go(func() error {
			_, err := g.source.Put(t.Context(), key, picture(i), nil)
			return err
		})
	}
	if err := puts.Wait(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "the function is found away", func() bool { return strings.Contains(log.String(), "there is no function to call") })
	pod := &podFunction{t: t, address: address, endpoint: g.r.Endpoint()}
	pod.start()
	eventually(t, 20*time.Second, "it works", func() bool { return strings.Count(pod.log.String(), `"request"`) > 2 })
	pod.kill()
	eventually(t, 10*time.Second, "the break is noticed", func() bool { return strings.Contains(log.String(), "broke off") })
	pod.start()
	g.drainWithin(60 * time.Second)
	g.wantExact(keys...)
	if dead := g.reasons(); len(dead) != 0 {
		t.Errorf("dead letters: %v", dead)
	}
	if !strings.Contains(log.String(), "broke off") {
		t.Errorf("no request broke off: the function was killed too late\n%s", log.String())
	}
}

func TestRun_HTTPFunctionMakesAndRemoves(t *testing.T) {
	address := freeAddress(t)
	g := start(t, t.TempDir(), overHTTPAt(t, address))
	pod := &podFunction{t: t, address: address, endpoint: g.r.Endpoint()}
	pod.start()
	g.put("in/a+b %.jpg", picture(1))
	g.put("in/b.jpg", picture(2))
	g.drain()
	g.wantExact("in/a+b %.jpg", "in/b.jpg")
	if err := g.source.Delete(t.Context(), "in/a+b %.jpg"); err != nil {
		t.Fatal(err)
	}
	g.drain()
	g.wantExact("in/b.jpg")
	if dead := g.reasons(); len(dead) != 0 {
		t.Errorf("dead letters: %v", dead)
	}
}

// A pod goes on for a moment with what nobody waits for any more; its writes must not
// come after those of the next run.
func TestRun_HTTPFunctionIsNotSentAgainWhatItMayStillWorkOn(t *testing.T) {
	type request struct{ begun, ended time.Time }
	requests := make(chan request, 8)
	var begun atomic.Int32
	function := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		this := request{begun: time.Now()}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		if begun.Add(1) == 1 {
			<-r.Context().Done()
		}
		this.ended = time.Now()
		requests <- this
	}))
	defer function.Close()
	data := t.TempDir()
	edit := func(o *runtime.Options) {
		overHTTPAt(t, function.Listener.Addr().String())(o)
		o.Drain, o.Recheck = 0, false
	}
	g := start(t, data, edit)
	g.put("in/a.jpg", picture(1))
	eventually(t, 10*time.Second, "the function has the event", func() bool { return begun.Load() == 1 })
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	start(t, data, edit).drain()
	first, second := <-requests, <-requests
	if pause := second.begun.Sub(first.ended); pause < 5*time.Second {
		t.Errorf("the event came again %v after the first request was cut short, want 5 s at least", pause)
	}
}
