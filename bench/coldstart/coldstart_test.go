package main

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/bench/program"
	"pixmill/internal/runtime/pool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStartOne_MeasuresAProcessInOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bootstrap")
	if err := program.Build(t.Context(), path, "pixmill/bench/coldstart/hello"); err != nil {
		t.Fatal(err)
	}
	f, err := pool.Load(path, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	one, err := startOne(t.Context(), f, nil, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if one.ready <= 0 || one.answered < one.ready || one.cpu <= 0 {
		t.Errorf("got %+v; want it ready, then answered, with some CPU time", one)
	}
}

func TestStartOne_AProcessThatEndsIsAnErrorAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho no library >&2\nexit 7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err := startOne(t.Context(), pool.Function{Name: "broken", Command: []string{path}, Root: filepath.Dir(path)}, nil, []byte("{}"))
	if err == nil || !strings.Contains(err.Error(), "no library") || !strings.Contains(err.Error(), "exit status 7") {
		t.Errorf("error is %v; want what the process said and how it ended", err)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it took %v to find out", took)
	}
}

func TestFindLocalStack_OnlyWhereThereIsOne(t *testing.T) {
	health := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_localstack/health" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(health)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	at := func(url string) func(string) string { return func(string) string { return url } }
	if found, err := findLocalStack(t.Context(), at(server.URL+"/")); found == nil || err != nil {
		t.Errorf("a LocalStack: %v, %v", found, err)
	}
	health = http.StatusForbidden // as an S3 without it answers
	if found, err := findLocalStack(t.Context(), at(server.URL)); found != nil || err != nil {
		t.Errorf("another S3: %v, %v", found, err)
	}
	if found, err := findLocalStack(t.Context(), at("")); found != nil || err != nil {
		t.Errorf("nothing: %v, %v", found, err)
	}
	server.Close()
	if _, err := findLocalStack(t.Context(), at(server.URL)); err == nil {
		t.Error("an endpoint that does not answer is no error")
	}
}

func TestPack_KeepsTheTree(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bootstrap", "lib/x.so"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	data, err := pack(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bootstrap", "lib/x.so"} {
		f, err := r.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := f.Stat(); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
		f.Close()
	}
}

func TestReport_SaysWhatMissesItsTarget(t *testing.T) {
	s := subjects{count: 1, origin: "dist/lambda.zip"}
	for made, want := range map[time.Duration]string{80 * time.Millisecond: "p50 ≤ 80ms: yes.", 81 * time.Millisecond: "p50 ≤ 80ms: NO."} {
		rows := map[string][]start{"hello": {{ready: 1}}, "pixmill": {{made: made}}}
		if text := localReport(s, "a machine", rows); !strings.Contains(text, want) {
			t.Errorf("the report does not say %q:\n%s", want, text)
		}
	}
	text := localStackReport(s, "a machine", map[string][]time.Duration{
		caseHello: {40 * time.Millisecond}, caseNothing: {60 * time.Millisecond}, caseFour: {100 * time.Millisecond},
	})
	for _, want := range []string{"| 40 | 40 | +0 | 1.00 |", "| 60 | 60 | +20 | 1.50 |", "| 100 | 100 | +60 | 2.50 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q:\n%s", want, text)
		}
	}
}
