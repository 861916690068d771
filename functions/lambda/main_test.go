package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/adapter/lambdafn/lambdatest"
	"pixmill/internal/blob"
	"pixmill/internal/event"
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

// limit is the time-out of every invocation here.
const limit = time.Minute

// TestMain sets them: opening a store changes the working directory.
var (
	bootstrap string // the program, built as it is deployed
	zipFile   string // what `make lambda` makes; it need not be there
	heicFile  string
)

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// buildAndRun builds before any test does: opening a store changes the working
// directory.
func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "bootstrap")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	bootstrap = filepath.Join(dir, "bootstrap")
	if zipFile, err = filepath.Abs("../../dist/" + zipName()); err != nil {
		return 1, err
	}
	if heicFile, err = filepath.Abs("../../internal/imaging/vips/tiny.heic"); err != nil {
		return 1, err
	}
	build := exec.CommandContext(context.Background(), "go", "build", "-tags", "lambda.norpc", "-o", bootstrap, ".")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("%w\n%s", err, out)
	}
	code := m.Run()
	if code == 0 {
		err = goleak.Find(storetest.Late()...)
	}
	return code, err
}

// function is the program as Lambda runs it, with nothing in its environment
// but what is given. It ends with the test.
type function struct {
	cmd *exec.Cmd
	log string // the file with its standard error
}

func start(t *testing.T, env ...string) *function {
	t.Helper()
	dir := t.TempDir() // without a pixmill.yaml
	f := &function{cmd: exec.CommandContext(t.Context(), bootstrap), log: filepath.Join(dir, "log")}
	stderr, err := os.Create(f.log)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close() // the program has its own
	f.cmd.Dir, f.cmd.Stderr = dir, stderr
	f.cmd.Env = append([]string{"LD_LIBRARY_PATH=" + os.Getenv("LD_LIBRARY_PATH")}, env...)
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = f.cmd.Process.Kill() // it may have ended
		_ = f.cmd.Wait()         // by that kill
		if t.Failed() {
			t.Logf("the function's log:\n%s", f.logged(t))
		}
	})
	return f
}

func (f *function) logged(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(f.log)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

// world is an S3 with two buckets.
type world struct {
	endpoint         store.Endpoint
	uploads, results *blob.Bucket
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	w.endpoint, w.uploads, w.results = storetest.Buckets(t)
	return w
}

func (w *world) put(t *testing.T, key string, body []byte) {
	t.Helper()
	if _, err := w.uploads.Put(t.Context(), key, body, nil); err != nil {
		t.Fatal(err)
	}
}

func (w *world) get(t *testing.T, key string) []byte {
	t.Helper()
	content, _, err := w.results.Get(t.Context(), key, 16<<20)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func s3Event(t *testing.T, name, key string) []byte {
	t.Helper()
	payload, err := event.MarshalS3(event.S3Record{ObjectEvent: event.ObjectEvent{Bucket: "uploads", Key: key, Name: name}})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestFunction_KeepsOutputInAgreementWithUploads(t *testing.T) {
	w, api := newWorld(t), lambdatest.New(t)
	f := start(t, append(w.endpoint.Environment(), "AWS_LAMBDA_RUNTIME_API="+api.Addr(), "PIXMILL_CONFIG="+presets)...)
	const key = "2026/größe 1+1%.jpg"
	made := []string{manifest.Name, "small.webp", "thumb.jpg"}

	w.put(t, key, storetest.Photograph(t, 640))
	w.put(t, "notes.txt", []byte("not an image"))
	batch, err := event.MarshalSQS(
		event.SQSMessage{ID: "image", ReceiveCount: 1, Body: string(s3Event(t, "ObjectCreated:Put", key))},
		event.SQSMessage{ID: "unreadable", ReceiveCount: 1, Body: "?"},
		event.SQSMessage{ID: "text", ReceiveCount: 1, Body: string(s3Event(t, "ObjectCreated:Put", "notes.txt"))},
	)
	if err != nil {
		t.Fatal(err)
	}
	r := api.Invoke(t, batch, limit)
	if want := `{"batchItemFailures":[{"itemIdentifier":"unreadable"}]}`; r.Failed || string(r.Body) != want {
		t.Errorf("batch: %s, want %s", r.Body, want)
	}
	if got := storetest.Names(t, w.results, key+"/"); !slices.Equal(got, made) {
		t.Errorf("output is %q, want %q", got, made)
	}
	if got := storetest.Names(t, w.results, "notes.txt/"); !slices.Equal(got, made[:1]) {
		t.Errorf("output of a text is %q, want its manifest alone", got)
	}

	r = api.Invoke(t, fmt.Appendf(nil, `{"bucket":"uploads","key":%q}`, key), limit)
	var again struct{ Result, ManifestKey string }
	if err := json.Unmarshal(r.Body, &again); err != nil || r.Failed || again.Result != "unchanged" || again.ManifestKey != key+"/manifest.json" {
		t.Errorf("direct: %s, %v; want unchanged", r.Body, err)
	}

	if err := w.uploads.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if r = api.Invoke(t, s3Event(t, "ObjectRemoved:Delete", key), limit); r.Failed {
		t.Errorf("removal: %s", r.Body)
	}
	if got := storetest.Names(t, w.results, key+"/"); len(got) != 0 {
		t.Errorf("output of a deleted source is %q, want none", got)
	}

	r = api.Invoke(t, []byte(`{"bucket":"holiday","key":"a.jpg"}`), limit)
	if !r.Failed || !strings.Contains(string(r.Body), "Pixmill.Misconfigured") {
		t.Errorf("another bucket: %s, want a typed failure", r.Body)
	}
	log := f.logged(t)
	if n := strings.Count(log, `"msg":"source"`); n != 5 {
		t.Errorf("the log has %d lines for sources, want 5:\n%s", n, log)
	}
	if strings.Contains(log, w.endpoint.SecretKey) {
		t.Error("the log shows the secret key")
	}
}

func TestFunction_NamesTheFieldThatIsWrong(t *testing.T) {
	api := lambdatest.New(t)
	f := start(t, "AWS_LAMBDA_RUNTIME_API="+api.Addr(),
		"PIXMILL_CONFIG="+strings.Replace(presets, "width: 320", "width: wide", 1))
	r := api.InitError(t)
	_ = f.cmd.Wait() // the exit code is looked at below
	for where, text := range map[string]string{"init error": string(r.Body), "standard error": f.logged(t)} {
		for _, want := range []string{"PIXMILL_CONFIG:7:", "presets.web[0].width", "wide"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is %q, want %q in it", where, text, want)
			}
		}
	}
	if code := f.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code is %d, want 1", code)
	}
}
