package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/adapter/lambdafn/lambdatest"
	"pixmill/internal/manifest"
	"pixmill/internal/runtime/store/storetest"
)

// taskRoot is where Lambda unpacks a function.
const taskRoot = "/var/task"

// loader is the dynamic linker.
var loader = map[string]string{"amd64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}

// zipPresets go into the task root as `make lambda CONFIG=…` puts them there: each
// encoder of the zip's libvips has something to do.
const zipPresets = `
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

func zipName() string {
	if runtime.GOARCH == "amd64" {
		return "lambda.zip"
	}
	return "lambda-" + runtime.GOARCH + ".zip"
}

// zipped starts the function of the zip that `make lambda` built, in a root
// directory with nothing in it but the zip's content and glibc.
func zipped(t *testing.T, w *world) *lambdatest.API {
	t.Helper()
	if _, err := os.Stat(zipFile); err != nil {
		t.Skipf("`make lambda` builds the zip that this is about: %v", err)
	}
	root := t.TempDir()
	unzip(t, zipFile, filepath.Join(root, taskRoot))
	copyGlibc(t, root)
	for _, dir := range []string{"tmp", "proc"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, taskRoot, "pixmill.yaml"), []byte(zipPresets), 0o644); err != nil {
		t.Fatal(err)
	}
	api := lambdatest.New(t)
	// The dynamic linker asks /proc where the program is.
	arguments := []string{"--pid", "--fork", "--kill-child", "--mount-proc", "--root=" + root, "--wd=" + taskRoot}
	if os.Getuid() != 0 {
		arguments = append(arguments, "--user", "--map-root-user")
	}
	probe := exec.CommandContext(t.Context(), "unshare", append(arguments, loader[runtime.GOARCH], "--version")...)
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("this user may not have a root directory of their own: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", append(arguments, taskRoot+"/bootstrap")...)
	var log bytes.Buffer
	cmd.Stderr = &log
	cmd.Env = append(w.endpoint.Environment(), "AWS_LAMBDA_RUNTIME_API="+api.Addr(), "LAMBDA_TASK_ROOT="+taskRoot,
		"LD_LIBRARY_PATH=/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // by that kill
		if t.Failed() {
			t.Logf("the function's log:\n%s", log.String())
		}
	})
	return api
}

func unzip(t *testing.T, file, dir string) {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		place(t, filepath.Join(dir, f.Name), content, f.Mode())
	}
}

// copyGlibc copies this machine's glibc, and nothing else, to where it is.
func copyGlibc(t *testing.T, root string) {
	t.Helper()
	files := []string{loader[runtime.GOARCH]}
	for _, name := range []string{"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libresolv.so.2"} {
		for _, pattern := range []string{"/lib/*-linux-gnu/", "/lib64/", "/usr/lib64/", "/usr/lib/"} {
			found, err := filepath.Glob(pattern + name)
			if err != nil {
				t.Fatal(err)
			}
			if len(found) > 0 {
				files = append(files, found[0])
				break
			}
		}
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Skipf("no glibc where it usually is: %v", err)
		}
		place(t, filepath.Join(root, file), content, 0o755)
	}
}

func place(t *testing.T, file string, content []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, mode); err != nil {
		t.Fatal(err)
	}
}

func TestZip_NeedsNothingButGlibc(t *testing.T) {
	w := newWorld(t)
	api := zipped(t, w)
	const key = "photo.jpg"
	w.put(t, key, storetest.Photograph(t, 640))
	if h := direct(t, api, key); h.Result != "written" {
		t.Fatalf("the source is %q: %s", h.Result, h.Reason)
	}
	magic := map[string]string{"a.avif": "\x00\x00\x00", "g.gif": "GIF89a", "j.jpg": "\xff\xd8\xff", "p.png": "\x89PNG", "w.webp": "RIFF"}
	names := []string{manifest.Name}
	for name, begin := range magic {
		names = append(names, name)
		content := w.get(t, key+"/"+name)
		if !strings.HasPrefix(string(content), begin) {
			t.Errorf("%s begins with %q", name, content[:min(len(content), 12)])
		}
		if name != "j.jpg" {
			continue
		}
		img, err := jpeg.Decode(bytes.NewReader(content))
		if err != nil {
			t.Error(err)
		} else if b := img.Bounds(); b.Dx() != 64 || b.Dy() != 48 {
			t.Errorf("%s is %v, want 64×48", name, b)
		}
	}
	slices.Sort(names)
	if got := storetest.Names(t, w.results, key+"/"); !slices.Equal(got, names) {
		t.Errorf("output is %q, want %q", got, names)
	}
}

func TestZip_SaysWhichFormatItLacks(t *testing.T) {
	w := newWorld(t)
	heic, err := os.ReadFile(heicFile)
	if err != nil {
		t.Fatal(err)
	}
	api := zipped(t, w)
	for key, content := range map[string][]byte{"a.heic": heic, "b.jxl": []byte("\xff\x0a\xfa\x1f\x01\x91\x08\x06\x01\x00"), "c.pdf": []byte("%PDF-1.7\n")} {
		w.put(t, key, content)
		h := direct(t, api, key)
		var m struct{ Status, Reason string }
		text := w.get(t, key+"/"+manifest.Name)
		if err := json.Unmarshal(text, &m); err != nil || h.Result != "rejected" || m.Status != "rejected" {
			t.Errorf("%s is %q (%v):\n%s", key, h.Result, err, text)
		}
		format := strings.TrimPrefix(filepath.Ext(key), ".")
		for _, want := range []string{"does not support input " + format, "this build", "docs/lambda-zip.md"} {
			if !strings.Contains(fmt.Sprint(m.Reason), want) {
				t.Errorf("%s: the reason is %q, want %q in it", key, m.Reason, want)
			}
		}
	}
}

// TestZip_DrawsSVG runs the program a second time from within, where there is
// nothing but the zip and glibc: no fonts either.
func TestZip_DrawsSVG(t *testing.T) {
	w := newWorld(t)
	api := zipped(t, w)
	drawing := func(content string) []byte {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 4"><rect width="4" height="4" fill="#f00"/>` + content + `</svg>`)
	}
	w.put(t, "shape.svg", drawing(""))
	if h := direct(t, api, "shape.svg"); h.Result != "written" {
		t.Fatalf("the drawing is %q: %s", h.Result, h.Reason)
	}
	img, err := png.Decode(bytes.NewReader(w.get(t, "shape.svg/p.png")))
	if err != nil {
		t.Fatal(err)
	}
	left, right := color.NRGBAModel.Convert(img.At(16, 16)), color.NRGBAModel.Convert(img.At(48, 16))
	if b := img.Bounds(); b.Dx() != 64 || b.Dy() != 32 || left != (color.NRGBA{R: 255, A: 255}) || right != (color.NRGBA{}) {
		t.Errorf("it is %v, %v on the left and %v on the right; want 64×32, red and nothing", b, left, right)
	}
	w.put(t, "text.svg", drawing(`<text y="3">Hi</text>`))
	if h := direct(t, api, "text.svg"); h.Result != "rejected" || !strings.Contains(h.Reason, "no fonts") {
		t.Errorf("text without fonts is %q: %s", h.Result, h.Reason)
	}
}
