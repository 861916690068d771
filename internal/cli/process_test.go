package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pixmill/internal/imaging/imagingtest"
	"pixmill/internal/manifest"
)

// smallConfig makes two variants, so that tests are quick.
const smallConfig = `source: {bucket: uploads, prefix: originals/}
output: {bucket: variants}
rules: [{match: "**/*.{jpg,png,txt}", presets: [two]}, {match: "*.{jpg,png,txt}", presets: [two]}]
presets:
  two:
    - {name: small, width: 40, format: jpeg}
    - {name: square, width: 16, height: 16, fit: cover, format: png}
  other:
    - {name: only, width: 8, format: png}
`

// inEmptyFolder makes an empty folder that the test runs in, with smallConfig as its configuration.
func inEmptyFolder(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, "pixmill.yaml", []byte(smallConfig))
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// picture returns an image file of 80 × 60 px; shade makes pictures differ.
func picture(t *testing.T, extension string, shade uint8) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 80, 60))
	for y := range 60 {
		for x := range 80 {
			img.Set(x, y, color.NRGBA{R: uint8(3 * x), G: uint8(4 * y), B: shade, A: 255})
		}
	}
	var b bytes.Buffer
	encode := func() error { return jpeg.Encode(&b, img, nil) }
	if extension == ".png" {
		encode = func() error { return png.Encode(&b, img) }
	}
	if err := encode(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// records runs process with --json and returns its lines by key.
func records(t *testing.T, args ...string) (code int, byKey map[string]record, stderr string) {
	t.Helper()
	code, stdout, stderr := run(t, append([]string{"process", "--json"}, args...)...)
	byKey = map[string]record{}
	dec := json.NewDecoder(strings.NewReader(stdout))
	dec.DisallowUnknownFields()
	for dec.More() {
		var r record
		if err := dec.Decode(&r); err != nil {
			t.Fatalf("%v in\n%s", err, stdout)
		}
		byKey[r.Key] = r
	}
	return code, byKey, stderr
}

// filesUnder returns every file below a folder, sorted.
func filesUnder(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, filepath.ToSlash(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestProcess_FilesAndFolders(t *testing.T) {
	inEmptyFolder(t)
	write(t, "one.jpg", picture(t, ".jpg", 1))
	write(t, "photos/two.png", picture(t, ".png", 2))
	write(t, "photos/trip/größe + %2B.jpg", picture(t, ".jpg", 3))
	code, got, stderr := records(t, "one.jpg", "photos", "--out", "out/variants")
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	var want []string
	for _, key := range []string{"one.jpg", "trip/größe + %2B.jpg", "two.png"} {
		folder := "out/variants/" + key + "/"
		want = append(want, folder+"manifest.json", folder+"small.jpg", folder+"square.png")
		r := got[key]
		if r.Result != resultMade || r.Manifest != folder+"manifest.json" || len(r.Variants) != 2 || r.Bytes == 0 {
			t.Errorf("%s: %+v", key, r)
			continue
		}
		for _, v := range r.Variants {
			checkVariant(t, v)
		}
	}
	if files := filesUnder(t, "out"); !slices.Equal(files, want) {
		t.Errorf("files are\n%q\nwant\n%q", files, want)
	}
	if r := got["two.png"]; r.Source != filepath.Join("photos", "two.png") {
		t.Errorf("the source is called %q", r.Source)
	}
}

// checkVariant decodes the file that a record speaks of and compares.
func checkVariant(t *testing.T, v variantRecord) {
	t.Helper()
	data, err := os.ReadFile(v.File)
	if err != nil {
		t.Error(err)
		return
	}
	img, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		t.Errorf("%s: %v", v.File, err)
		return
	}
	if int64(len(data)) != v.Bytes || format != string(v.Format) || img.Width != v.Width || img.Height != v.Height {
		t.Errorf("%s is a %s of %d × %d in %d bytes, recorded as %+v", v.File, format, img.Width, img.Height, len(data), v)
	}
	if want := map[string]image.Point{"small": {40, 30}, "square": {16, 16}}[v.Name]; want != image.Pt(v.Width, v.Height) {
		t.Errorf("%s is %d × %d, want %v", v.File, v.Width, v.Height, want)
	}
}

func TestProcess_WhatAgreesIsNotMadeAgain(t *testing.T) {
	inEmptyFolder(t)
	write(t, "in/a.jpg", picture(t, ".jpg", 1))
	write(t, "in/b.jpg", picture(t, ".jpg", 2))
	run(t, "process", "in", "--out", "out")

	later := time.Now().Add(time.Hour)
	if err := os.Chtimes("in/a.jpg", later, later); err != nil { // touched, not changed
		t.Fatal(err)
	}
	write(t, "in/b.jpg", picture(t, ".jpg", 200))
	write(t, "in/c.jpg", picture(t, ".jpg", 3))
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes("out/a.jpg/small.jpg", old, old); err != nil {
		t.Fatal(err)
	}
	code, got, _ := records(t, "in", "--out", "out")
	if code != exitOK || got["a.jpg"].Result != resultUnchanged || got["b.jpg"].Result != resultMade || got["c.jpg"].Result != resultMade {
		t.Errorf("exit code %d, %+v", code, got)
	}
	if info, err := os.Stat("out/a.jpg/small.jpg"); err != nil || time.Since(info.ModTime()) < 30*time.Minute {
		t.Errorf("a.jpg/small.jpg was written again: %v", err)
	}
}

func TestProcess_BadSourcesAreNamedAndTheOthersGoOn(t *testing.T) {
	inEmptyFolder(t)
	write(t, "in/good.jpg", picture(t, ".jpg", 1))
	write(t, "in/notes.txt", []byte("not a picture"))
	write(t, "in/empty.jpg", nil)
	write(t, "in/cut.jpg", picture(t, ".jpg", 1)[:300])
	write(t, "in/pixels.png", imagingtest.PixelBomb())
	write(t, "in/frames.jpg", imagingtest.FrameBomb()) // what it is counts, not what it is called
	write(t, "in/other.gif", []byte("no rule is for it"))
	code, got, stderr := records(t, "in", "--out", "out")
	if code != exitFailed || stderr != "pixmill: 5 of 7 sources did not come out as asked\n" {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	for key, want := range map[string]string{
		"good.jpg": resultMade, "notes.txt": resultRejected, "empty.jpg": resultRejected, "cut.jpg": resultRejected,
		"pixels.png": resultRejected, "frames.jpg": resultRejected, "other.gif": resultSkipped,
	} {
		r := got[key]
		if r.Result != want || (want == resultMade) != (r.Reason == "") {
			t.Errorf("%s: %q because %q, want %q", key, r.Result, r.Reason, want)
		}
		if want != resultRejected {
			continue
		}
		data, err := os.ReadFile(filepath.Join("out", key, manifest.Name))
		if err != nil {
			t.Error(err)
			continue
		}
		if m, err := manifest.Parse(data); err != nil || m.Status != manifest.StatusRejected || m.Reason != r.Reason {
			t.Errorf("%s: the manifest says %+v, %v", key, m, err)
		}
	}
}

func TestProcess_TheSummaryAddsUp(t *testing.T) {
	inEmptyFolder(t)
	write(t, "in/good.jpg", picture(t, ".jpg", 1))
	write(t, "in/notes.txt", []byte("not a picture"))
	code, stdout, _ := run(t, "process", "in", "--out", "out")
	lines := strings.Split(stdout, "\n")
	if code != exitFailed || len(lines) < 5 {
		t.Fatalf("exit code %d\n%s", code, stdout)
	}
	head, row := strings.Fields(lines[0]), strings.Fields(lines[1])
	if want := []string{"SOURCES", "MADE", "UNCHANGED", "SKIPPED", "BAD", "VARIANTS", "IN", "OUT", "TIME"}; !slices.Equal(head, want) {
		t.Errorf("the head is %q", head)
	}
	if want := []string{"2", "1", "0", "0", "1", "2"}; !slices.Equal(row[:6], want) {
		t.Errorf("the row is %q, want %q", row, want)
	}
	if row := strings.Fields(lines[4]); len(row) < 3 || row[0] != "in/notes.txt" || row[1] != resultRejected {
		t.Errorf("the bad source's row is %q", row)
	}
}

func TestProcess_OneSourceShowsItsVariants(t *testing.T) {
	inEmptyFolder(t)
	write(t, "photo.jpg", picture(t, ".jpg", 1))
	_, stdout, _ := run(t, "process", "photo.jpg", "--out", "out")
	for _, want := range []string{"out/photo.jpg/small.jpg   40 × 30", "out/photo.jpg/square.png  16 × 16"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}

func TestProcess_OnePresetForAll(t *testing.T) {
	inEmptyFolder(t)
	write(t, "in/a.jpg", picture(t, ".jpg", 1))
	write(t, "in/b.unknown", picture(t, ".png", 1)) // which no rule is for
	code, got, stderr := records(t, "in", "--out", "out", "--preset", "other")
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	if want := []string{"out/a.jpg/manifest.json", "out/a.jpg/only.png", "out/b.unknown/manifest.json", "out/b.unknown/only.png"}; !slices.Equal(filesUnder(t, "out"), want) {
		t.Errorf("files are %q, records %+v", filesUnder(t, "out"), got)
	}
	// Another preset later: what is no longer asked for goes.
	records(t, "in/a.jpg", "--out", "out", "--preset", "two")
	if want := []string{"out/a.jpg/manifest.json", "out/a.jpg/small.jpg", "out/a.jpg/square.png"}; !slices.Equal(filesUnder(t, "out/a.jpg"), want) {
		t.Errorf("files are %q", filesUnder(t, "out/a.jpg"))
	}
}

func TestProcess_StopsCleanly(t *testing.T) {
	inEmptyFolder(t)
	write(t, "in/a.jpg", picture(t, ".jpg", 1))
	write(t, "in/b.jpg", picture(t, ".jpg", 2))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	code := Main(ctx, nil, []string{"process", "in", "--out", "out"}, strings.NewReader(""), &stdout, &stderr, func(string) string { return "" })
	if want := "pixmill: stopped: 0 of 2 sources done; the same command goes on from here\n"; code != exitFailed || stderr.String() != want {
		t.Errorf("exit code %d, standard error %q", code, stderr.String())
	}
	if files := filesUnder(t, "out"); len(files) != 0 {
		t.Errorf("files are %q", files)
	}
	if code, got, _ := records(t, "in", "--out", "out"); code != exitOK || got["a.jpg"].Result != resultMade {
		t.Errorf("the run after it: exit code %d, %+v", code, got)
	}
}

func TestProcess_OutputThatCannotBeWrittenIsAFailure(t *testing.T) {
	inEmptyFolder(t)
	write(t, "in/a.jpg", picture(t, ".jpg", 1))
	write(t, "in/b.jpg", picture(t, ".jpg", 2))
	write(t, "out/a.jpg", []byte("a file where a folder should be"))
	code, got, _ := records(t, "in", "--out", "out")
	if code != exitFailed || got["a.jpg"].Result != resultFailed || got["a.jpg"].Reason == "" || got["b.jpg"].Result != resultMade {
		t.Errorf("exit code %d, %+v", code, got)
	}
	if data, err := os.ReadFile("out/a.jpg"); err != nil || string(data) != "a file where a folder should be" {
		t.Errorf("the file in the way is %q, %v", data, err)
	}
}

func TestProcess_AVariantThatCannotBeMadeIsNamed(t *testing.T) {
	inEmptyFolder(t)
	write(t, "photo.jpg", picture(t, ".jpg", 1))
	write(t, "pixmill.yaml", []byte(strings.Replace(smallConfig, "format: jpeg", "format: jpeg, max_bytes: 10", 1)))
	code, got, stderr := records(t, "photo.jpg", "--out", "out")
	r := got["photo.jpg"]
	if code != exitFailed || r.Result != resultPartial || !strings.HasPrefix(r.Reason, "variant small: ") {
		t.Errorf("exit code %d, %+v, standard error %q", code, r, stderr)
	}
	if want := []string{"out/photo.jpg/manifest.json", "out/photo.jpg/square.png"}; !slices.Equal(filesUnder(t, "out"), want) {
		t.Errorf("files are %q, want %q", filesUnder(t, "out"), want)
	}
	if _, again, _ := records(t, "photo.jpg", "--out", "out"); again["photo.jpg"].Result != resultPartial {
		t.Errorf("the second run says %q: what is missing is still missing", again["photo.jpg"].Result)
	}
}
