package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/app"
	"pixmill/internal/blob"
	"pixmill/internal/manifest"
	"pixmill/internal/runtime/store"
	"pixmill/internal/runtime/store/storetest"
)

const presets = `
source: {bucket: uploads}
output: {bucket: variants}
rules: [{match: "**", presets: [web]}]
presets:
  web:
    - {name: small, width: 320, format: webp}
    - {name: thumb, width: 64, height: 64, fit: cover, format: jpeg}
`

// asProgram makes the test program behave as the function.
const asProgram = "PIXMILL_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	self := app.Start(os.Getenv)
	if os.Getenv(asProgram) != "" {
		os.Exit(run(self))
	}
	goleak.VerifyTestMain(m, storetest.Late()...)
}

// world is an S3 with two buckets.
type world struct {
	endpoint         store.Endpoint
	uploads, results *blob.Bucket
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{}
	w.endpoint, w.uploads, w.results = storetest.Buckets(t)
	return w
}

// function is the program, with nothing in its environment but what is given.
type function struct {
	cmd    *exec.Cmd
	url    string
	log    *bytes.Buffer
	logged chan struct{} // closed when the log has ended
}

// start returns when the function listens, or has ended.
func start(t testing.TB, env ...string) *function {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f := &function{cmd: exec.CommandContext(t.Context(), self), log: &bytes.Buffer{}, logged: make(chan struct{})}
	f.cmd.Dir = t.TempDir() // without a pixmill.yaml
	f.cmd.Env = append([]string{asProgram + "=1", "LD_LIBRARY_PATH=" + os.Getenv("LD_LIBRARY_PATH"), "LISTEN_ADDRESS=127.0.0.1:0"}, env...)
	stderr, err := f.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	go f.read(stderr, address)
	t.Cleanup(func() {
		_ = f.cmd.Process.Kill() // it may have ended
		f.wait()
		if t.Failed() {
			t.Logf("the function's log:\n%s", f.log)
		}
	})
	f.url = "http://" + <-address
	return f
}

func (f *function) read(stderr io.Reader, address chan<- string) {
	defer close(f.logged)
	defer close(address)
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		f.log.WriteString(lines.Text() + "\n")
		var l struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "listening" {
			address <- l.Address
		}
	}
}

// wait returns the exit code.
func (f *function) wait() int {
	<-f.logged
	_ = f.cmd.Wait() // the code is what counts
	return f.cmd.ProcessState.ExitCode()
}

// answer is what a delivery was answered.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

func (f *function) post(c *http.Client, body string, headers map[string]string) answer {
	return f.postTo(c, "/", body, headers)
}

func (f *function) postTo(c *http.Client, path, body string, headers map[string]string) answer {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, f.url+path, strings.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	res, err := c.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, header: res.Header, body: string(b), err: err}
}

// newClient keeps no connection open, as requests that come through an ingress.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
}

func direct(key string) string { return fmt.Sprintf(`{"bucket":"uploads","key":%q}`, key) }

func TestFunction_AnswersEventsWithTheManifest(t *testing.T) {
	w := newWorld(t)
	f := start(t, append(w.endpoint.Environment(), "PIXMILL_CONFIG="+presets)...)
	const key = "2026/größe 1+1%.jpg"
	if _, err := w.uploads.Put(t.Context(), key, storetest.Photograph(t, 640), nil); err != nil {
		t.Fatal(err)
	}
	ce := map[string]string{"Ce-Id": "1", "Ce-Source": "s", "Ce-Type": "t", "Ce-Specversion": "1.0", "Content-Type": "application/json"}
	c := newClient()
	a := f.post(c, direct(key), ce)
	var m manifest.Manifest
	if err := json.Unmarshal([]byte(a.body), &m); err != nil || a.status != 200 || a.header.Get("Ce-Type") != "dev.pixmill.image.processed" {
		t.Fatalf("%+v: %v; want the event with the manifest", a, err)
	}
	if made := []string{manifest.Name, "small.webp", "thumb.jpg"}; len(m.Variants) != 2 || !slices.Equal(storetest.Names(t, w.results, key+"/"), made) {
		t.Errorf("output is %q, the answer has %d variants", storetest.Names(t, w.results, key+"/"), len(m.Variants))
	}
	if again := f.post(c, direct(key), ce); again.status != 200 || again.header.Get("Ce-Id") != a.header.Get("Ce-Id") {
		t.Errorf("delivered again: %+v, want the same id", again)
	}
	if gone := f.post(c, direct("missing.jpg"), ce); gone.status != 204 || gone.body != "" {
		t.Errorf("a missing source: %+v, want 204", gone)
	}
	if wrong := f.post(c, `{"bucket":"holiday","key":"a.jpg"}`, nil); wrong.status != 500 || !strings.Contains(wrong.body, "holiday") {
		t.Errorf("another bucket: %+v, want 500 with its name", wrong)
	}
}

func TestFunction_StoreThatCannotBeReachedIs503(t *testing.T) {
	f := start(t, "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "PIXMILL_CONFIG="+presets)
	c := newClient()
	if a := f.post(c, direct("a.jpg"), nil); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("answer is %+v, want 503 with Retry-After", a)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/health/readiness", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("readiness is %d: the store is no part of it", res.StatusCode)
	}
}

// TestFunction_SIGTERMUnderLoad stops the function while many deliveries come. What it
// admitted is answered with 200 and is there; what it refused had a 503 or no
// connection, and comes again at another pod.
func TestFunction_SIGTERMUnderLoad(t *testing.T) {
	w := newWorld(t)
	env := append(w.endpoint.Environment(), "PIXMILL_CONFIG="+presets, "PIXMILL_GRACE=20s")
	f := start(t, env...)
	const sources = 24
	body := storetest.Photograph(t, 1600)
	for i := range sources {
		if _, err := w.uploads.Put(t.Context(), fmt.Sprintf("%02d.jpg", i), body, nil); err != nil {
			t.Fatal(err)
		}
	}
	answers := make([]answer, sources)
	one := make(chan struct{}, sources)
	var clients sync.WaitGroup
	for i := range sources {
		clients.Go(func() {
			time.Sleep(time.Duration(i) * 20 * time.Millisecond)
			answers[i] = f.post(newClient(), direct(fmt.Sprintf("%02d.jpg", i)), nil)
			one <- struct{}{}
		})
	}
	<-one
	if err := f.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	stopped := time.Now()
	if code := f.wait(); code != 0 {
		t.Errorf("exit code is %d", code)
	}
	took := time.Since(stopped)
	clients.Wait()
	done := 0
	next := start(t, env...) // the pod that takes its place
	for i, a := range answers {
		key := fmt.Sprintf("%02d.jpg", i)
		switch {
		case a.status == 200:
			done++
			if got := storetest.Names(t, w.results, key+"/"); len(got) != 3 {
				t.Errorf("%s was answered with 200, and there is %q", key, got)
			}
		case a.status == 503 && a.header.Get("Retry-After") != "", strings.Contains(fmt.Sprint(a.err), "connection refused"), strings.Contains(fmt.Sprint(a.err), "connection reset"):
			if again := next.post(newClient(), direct(key), nil); again.status != 200 {
				t.Errorf("%s, tried again: %+v", key, again)
			}
		default:
			t.Errorf("%s: %+v", key, a)
		}
	}
	t.Logf("%d of %d done, stopped within %v", done, sources, took)
	if done == 0 || done == sources || took > 20*time.Second {
		t.Errorf("%d of %d done, stopped within %v: want some, within the grace period", done, sources, took)
	}
}

func TestFunction_NamesWhatIsWrong(t *testing.T) {
	f := start(t, "PIXMILL_CONFIG="+strings.Replace(presets, "width: 320", "width: wide", 1), "PIXMILL_GRACE=soon")
	if code := f.wait(); code != 1 {
		t.Errorf("exit code is %d, want 1", code)
	}
	for _, want := range []string{"presets.web[0].width", "PIXMILL_GRACE"} {
		if !strings.Contains(f.log.String(), want) {
			t.Errorf("standard error is %q, want %q in it", f.log, want)
		}
	}
}
