package runtime_test

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestProgram_SampleIsShownAndCtrlCEndsIt(t *testing.T) {
	data := t.TempDir()
	b := runBinary(t, data, "--sample")
	eventually(t, 30*time.Second, "the sample's table", func() bool { return strings.Contains(b.stdout.String(), "manifest.json says so") })
	out := b.stdout.String()
	for _, want := range []string{
		"s3://uploads/in/ (new)",
		"export AWS_ENDPOINT_URL=http://127.0.0.1:",
		"aws s3 cp photo.jpg s3://uploads/in/",
		"  NAME   FORMAT  PIXELS  SIZE   KEY\n",
		"out/sample/seeding.jpg/small.jpg\n",
		"  thumb  webp    16×16   ",
		"s3://variants/out/sample/seeding.jpg/manifest.json",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
	functions := b.functions()
	if len(functions) == 0 {
		t.Error("no warm function process after the sample")
	}
	if code := b.interrupt(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, pid := range functions {
		if alive(pid) {
			t.Errorf("function process %d lives", pid)
		}
	}
	if want := "stopped; everything is kept in " + data; !strings.Contains(b.stderr.String(), want) {
		t.Errorf("the log lacks %q", want)
	}
	again := runBinary(t, data, "--sample")
	eventually(t, 30*time.Second, "the sample's table", func() bool { return strings.Contains(again.stdout.String(), "manifest.json says so") })
	if want := "has had these variants since an earlier start:"; !strings.Contains(again.stdout.String(), want) {
		t.Errorf("output of the second start lacks %q:\n%s", want, again.stdout.String())
	}
}

func TestProgram_TerminatedFunctionEndsAtOnceAndIsReplaced(t *testing.T) {
	b := runBinary(t, t.TempDir(), "--concurrency", "1")
	source, variants := b.store.Bucket("uploads"), b.store.Bucket("variants")
	made := func(n int) {
		t.Helper()
		if _, err := source.Put(t.Context(), fmt.Sprintf("in/%d.jpg", n), picture(n), nil); err != nil {
			t.Fatal(err)
		}
		eventually(t, 20*time.Second, "the variants are there", func() bool {
			problems, sources := disagreements(t, source, variants)
			return sources == n && len(problems) == 0
		})
	}
	made(1)
	functions := b.functions()
	if len(functions) != 1 {
		t.Fatalf("function processes: %v, want one that is warm", functions)
	}
	if err := syscall.Kill(functions[0], syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the function process has ended", func() bool { return !alive(functions[0]) }) // with nothing to do it would live for 2 min
	made(2)
	if again := b.functions(); len(again) != 1 || again[0] == functions[0] {
		t.Errorf("function processes afterwards: %v, before: %v", again, functions)
	}
}

func TestProgram_SecondCtrlCEndsItAtOnce(t *testing.T) {
	hang := functionZip(t, "#!/bin/sh\nexec sleep 1000\n")
	b := runBinary(t, t.TempDir(), "--function", hang)
	if _, err := b.store.Bucket("uploads").Put(t.Context(), "in/a.jpg", picture(1), nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "the function runs", func() bool { return len(b.functions()) > 0 })
	functions := b.functions()
	for range 2 {
		if err := b.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		eventually(t, 10*time.Second, "the first Ctrl-C is seen", func() bool { return strings.Contains(b.stderr.String(), "Ctrl-C again") })
	}
	select {
	case <-b.ended:
	case <-time.After(5 * time.Second):
		t.Fatal("it did not end within 5 s")
	}
	for _, pid := range functions {
		eventually(t, 5*time.Second, "the function has ended", func() bool { return !alive(pid) })
	}
}

// functionZip packs a bootstrap.
func functionZip(t *testing.T, bootstrap string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "function.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := zip.NewWriter(f)
	entry, err := w.Create("bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write([]byte(bootstrap)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestProgram_RunsAFunctionFromAZip(t *testing.T) {
	path, err := pixmillBinary()
	if err != nil {
		t.Fatal(err)
	}
	b := runBinary(t, t.TempDir(), "--function", functionZip(t, "#!/bin/sh\nexec "+path+" function\n"), "--event", "s3")
	if _, err := b.store.Bucket("uploads").Put(t.Context(), "in/a.jpg", picture(1), nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "the variants are there", func() bool {
		problems, n := disagreements(t, b.store.Bucket("uploads"), b.store.Bucket("variants"))
		return n == 1 && len(problems) == 0
	})
}

func TestProgram_LeavesAloneWhatTheUserHasSetUpForAWS(t *testing.T) {
	t.Setenv("AWS_PROFILE", "there-is-no-such-profile")
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	b := runBinary(t, t.TempDir(), "--sample")
	eventually(t, 30*time.Second, "the sample's table", func() bool { return strings.Contains(b.stdout.String(), "manifest.json says so") })
	eventually(t, 10*time.Second, "the recheck", func() bool { return strings.Contains(b.stderr.String(), "recheck done") })
}

func TestProgram_BadStartsSayWhy(t *testing.T) {
	busy := runBinary(t, t.TempDir())
	address := strings.TrimPrefix(field(busy.stdout.String(), "S3 endpoint"), "http://")
	config := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(config, []byte("rules: 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	typo := filepath.Join(t.TempDir(), "typo.yaml")
	if err := os.WriteFile(typo, []byte(strings.Replace(presets, "width: 40", "widht: 40", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"unknown field", []string{"--config", typo}, "typo.yaml:8:21: presets.tiny[0].widht"},
		{"address in use", []string{"--listen", address}, address + " is in use by another program: choose another address with --listen"},
		{"no such function", []string{"--function", "/nowhere/bootstrap"}, `load function "/nowhere/bootstrap"`},
		{"unknown form", []string{"--event", "sns"}, `--event is "sns": sqs or s3`},
		{"reserved variable", []string{"--env", "A1=x,y=z", "--env", "_HANDLER=x"}, "--env: _HANDLER is reserved"},
		{"no processes", []string{"--concurrency", "0"}, "--concurrency is 0: at least 1"},
		{"little memory", []string{"--memory", "64"}, "--memory is 64 MiB: at least 128"},
		{"short timeout", []string{"--timeout", "10ms"}, "--timeout is 10ms: at least 1s"},
		{"bad configuration", []string{"--config", config}, "bad.yaml:1:8"},
		{"data is a file", []string{"--data", config}, "bad.yaml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			b := startBinary(t, data, tt.args...)
			<-b.ended
			if _, err := os.Stat(data); err == nil {
				t.Error("it left a new data folder")
			}
			if code := b.cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(b.stderr.String(), tt.want) {
				t.Errorf("exit code %d, stderr %q; want 2 and %q", code, b.stderr.String(), tt.want)
			}
			if b.stdout.String() != "" {
				t.Errorf("it said that it was ready: %s", b.stdout)
			}
		})
	}
}

func TestProgram_KeysFromTheEnvironment(t *testing.T) {
	t.Setenv("PIXMILL_ACCESS_KEY_ID", "my-key")
	b := startBinary(t, t.TempDir())
	<-b.ended
	if !strings.Contains(b.stderr.String(), "of PIXMILL_ACCESS_KEY_ID and PIXMILL_SECRET_ACCESS_KEY only one is set") {
		t.Errorf("stderr is %q", b.stderr)
	}
	t.Setenv("PIXMILL_SECRET_ACCESS_KEY", "my-secret-key")
	b = runBinary(t, t.TempDir())
	if got := field(b.stdout.String(), "access key"); got != "my-key" {
		t.Errorf("access key is %q", got)
	}
	if _, err := b.store.Bucket("uploads").Put(t.Context(), "in/a.jpg", picture(1), nil); err != nil {
		t.Error(err)
	}
}

func TestProgram_WorksWithTheConfigurationOfItsStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pixmill.yaml")
	if err := os.WriteFile(file, []byte(presets), 0o600); err != nil {
		t.Fatal(err)
	}
	b := runBinary(t, t.TempDir(), "--config", file)
	if got := field(b.stdout.String(), "rules"); got != file {
		t.Errorf("rules are from %q", got)
	}
	if err := os.WriteFile(file, []byte("no configuration any more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.Bucket("uploads").Put(t.Context(), "in/a.jpg", picture(1), nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "the variants are there", func() bool {
		problems, n := disagreements(t, b.store.Bucket("uploads"), b.store.Bucket("variants"))
		return n == 1 && len(problems) == 0
	})
}

func TestProgram_BuiltInConfigurationIsSaid(t *testing.T) {
	t.Setenv("PIXMILL_TEST_CONFIG", "none")
	b := runBinary(t, t.TempDir())
	if got := field(b.stdout.String(), "rules"); got != "built in, since there is no pixmill.yaml here" {
		t.Errorf("rules are %q", got)
	}
	if _, err := b.store.Bucket("uploads").Put(t.Context(), "avatars/a.jpg", picture(1), nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "the variant is there", func() bool {
		_, err := b.store.Bucket("variants").Head(t.Context(), "avatars/a.jpg/avatar.webp")
		return err == nil
	})
}
