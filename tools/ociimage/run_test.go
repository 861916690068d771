package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/blob"
	"pixmill/internal/manifest"
	"pixmill/internal/runtime/store/storetest"
)

// TestMain sets them: opening a store changes the working directory.
var dist, heicFile string

func TestMain(m *testing.M) {
	for file, name := range map[*string]string{&dist: "../../dist", &heicFile: "../../internal/imaging/vips/tiny.heic"} {
		absolute, err := filepath.Abs(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		*file = absolute
	}
	goleak.VerifyTestMain(m, storetest.Late()...)
}

// presets give each encoder something to do; JPEG XL is the full image's.
const presets = `
source: {bucket: uploads}
output: {bucket: variants}
rules: [{match: "**", presets: [all]}]
presets:
  all:
    - {name: a, width: 64, format: avif}
    - {name: g, width: 64, format: gif}
    - {name: j, width: 64, format: jpeg}
    - {name: p, width: 64, format: png}
    - {name: w, width: 64, format: webp}
`

// inPod starts the program as a pod does: /proc and a pixmill.yaml put in place, the rest of
// the root directory read-only, as the image's user if there is a right to.
const inPod = `
set -e
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
exec unshare $as --root="$root" --wd=/etc/pixmill "$@"`

// start runs the image's function and returns its address.
func start(t *testing.T, b built, presets string, env []string) string {
	t.Helper()
	root := t.TempDir()
	if err := unpackTree(root, b.tree); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "etc/pixmill/pixmill.yaml"), []byte(presets), 0o644); err != nil {
		t.Fatal(err)
	}
	arguments, as := []string{"--mount", "--pid", "--fork", "--kill-child"}, "--setuid=65532 --setgid=65532"
	if os.Getuid() != 0 {
		arguments, as = append(arguments, "--user", "--map-root-user"), ""
	}
	environment := append([]string{"PATH=" + os.Getenv("PATH"), "root=" + root, "as=" + as, "LISTEN_ADDRESS=127.0.0.1:0"}, env...)

	probe := exec.CommandContext(t.Context(), "unshare", append(arguments, "sh", "-c", `mount --bind "$root" "$root" && exec unshare --root=/ true`)...)
	probe.Env = environment
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("this user may not have a root directory of their own: %v\n%s", err, out)
	}
	arguments = append(arguments, "sh", "-c", inPod, "sh")
	cmd := exec.CommandContext(t.Context(), "unshare", append(arguments, b.config.Config.Entrypoint...)...)
	cmd.Env = environment
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // who changes its user outlives its parent
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log, address, ended := &bytes.Buffer{}, make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(address)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			log.WriteString(lines.Text() + "\n")
			var l struct{ Msg, Address, Version string }
			if json.Unmarshal(lines.Bytes(), &l) != nil {
				continue
			}
			program, _, _ := strings.Cut(l.Version, " ") // from what it is set to
			if label := b.config.Config.Labels["org.opencontainers.image.version"]; program != "" && program != label {
				t.Errorf("the log says version %q, the image's label %q", program, label)
			}
			if l.Msg == "listening" {
				address <- l.Address
			}
		}
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
		<-ended
		_ = cmd.Wait() // by that kill
		if t.Failed() {
			t.Logf("the function's log:\n%s", log)
		}
	})
	at, ok := <-address
	if !ok {
		t.Fatal("the function ended")
	}
	return at
}

// unpackTree writes an image's files as a container runtime does, and makes the folder
// that it mounts /proc to.
func unpackTree(root string, tree tree) error {
	p := part{nodes: []node{{name: "proc", dir: true}}}
	for _, n := range tree {
		if n.name == "tmp" {
			n.mode = 0o1777 // of which readTree keeps nine bits
		}
		p.nodes = append(p.nodes, n)
	}
	return unpack(root, []part{p})
}

// direct asks the function for one source.
func direct(t *testing.T, address, key string) (int, string) {
	t.Helper()
	body := fmt.Sprintf(`{"bucket":"uploads","key":%q}`, key)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

func servesFromAReadOnlyRoot(t *testing.T, b built) {
	t.Helper()
	if b.config.Architecture != runtime.GOARCH {
		t.Skipf("it is for %s", b.config.Architecture)
	}
	endpoint, uploads, variants := storetest.Buckets(t)
	presets := presets
	names := []string{"a.avif", "g.gif", "j.jpg", manifest.Name, "p.png", "w.webp"}
	if !b.small() {
		presets += "    - {name: x, width: 64, format: jxl}\n"
		names = append(names, "x.jxl")
	}
	address := start(t, b, presets, endpoint.Environment())

	put(t, uploads, "photo.jpg", storetest.Photograph(t, 160))
	if status, answer := direct(t, address, "photo.jpg"); status != http.StatusOK {
		t.Fatalf("%d: %s", status, answer)
	}
	slices.Sort(names)
	if got := storetest.Names(t, variants, "photo.jpg/"); !slices.Equal(got, names) {
		t.Errorf("output is %q, want %q", got, names)
	}

	heic, err := os.ReadFile(heicFile)
	if err != nil {
		t.Fatal(err)
	}
	put(t, uploads, "a.heic", heic)
	want := map[bool]string{true: `"result":"rejected"`, false: `"result":"written"`}[b.small()]
	if status, answer := direct(t, address, "a.heic"); status != http.StatusOK || !strings.Contains(answer, want) {
		t.Errorf("HEIC is answered with %d, want 200 and %s: %s", status, want, answer)
	}
}

func put(t *testing.T, b *blob.Bucket, key string, content []byte) {
	t.Helper()
	if _, err := b.Put(t.Context(), key, content, nil); err != nil {
		t.Fatal(err)
	}
}
