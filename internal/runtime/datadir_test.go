package runtime_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pixmill/internal/runtime"
)

func TestOpen_DataInACheckoutIsNotSeenByGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	checkout := t.TempDir()
	git := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", checkout}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	git("init", "-q")
	empty := filepath.Join(checkout, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{filepath.Join(checkout, ".pixmill"), empty} {
		if err := open(t, data, nil).stop(); err != nil {
			t.Fatal(err)
		}
	}
	if status := git("status", "--porcelain", "--untracked-files=all"); status != "" {
		t.Errorf("git would commit:\n%s", status)
	}
}

func TestOpen_GitignoreOfAUserIsLeftAlone(t *testing.T) {
	data := t.TempDir()
	if err := open(t, data, nil).stop(); err != nil {
		t.Fatal(err)
	}
	ignore := filepath.Join(data, ".gitignore")
	if err := os.Remove(ignore); err != nil {
		t.Fatal(err)
	}
	open(t, data, nil)
	if _, err := os.Stat(ignore); err == nil {
		t.Error("it came back")
	}
}

func TestOpen_FailedStartLeavesNothingBehind(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for name, edit := range map[string]func(*runtime.Options){
		"port in use":       func(o *runtime.Options) { o.Listen = busy.Addr().String() },
		"bad bucket":        func(o *runtime.Options) { o.Presets.Output.Bucket = "Out" },
		"no such function":  func(o *runtime.Options) { o.Load = "/nowhere/bootstrap" },
		"broken function":   func(o *runtime.Options) { o.Load = brokenZip(t) },
		"reserved variable": func(o *runtime.Options) { o.Env = []string{"_HANDLER=x"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(sourceDir) // an earlier store may have left us in a folder that is gone
			above := t.TempDir()
			old := filepath.Join(above, "old")
			if err := os.MkdirAll(filepath.Join(old, "mine"), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, data := range []string{filepath.Join(above, "new", "er", "data"), old} {
				o := options(t, data)
				edit(&o)
				r, err := runtime.Open(t.Context(), o)
				if err == nil {
					t.Fatal(errors.Join(errors.New("opened"), r.Close()))
				}
			}
			if _, err := os.Stat(filepath.Join(above, "new")); err == nil {
				t.Error("the new folder stays")
			}
			if _, err := os.Stat(filepath.Join(old, "mine")); err != nil {
				t.Errorf("what was there has gone: %v", err)
			}
			if wd, err := os.Getwd(); err != nil || wd != sourceDir {
				t.Errorf("the working directory is %q, %v", wd, err)
			}
		})
	}
}

// brokenZip returns a zip that is none.
func brokenZip(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "broken.zip")
	if err := os.WriteFile(path, []byte("PK"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
