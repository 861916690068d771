package vips_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/vips"
)

// memoryJob is what a child process renders to be measured.
type memoryJob struct {
	File  string
	Specs []imaging.Spec
	Kept  []bool
}

const memoryJobVariable = "PIXMILL_TEST_MEMORY_JOB"

var webSet = []imaging.Spec{
	{Width: 1600, Format: imaging.FormatJPEG},
	{Width: 1600, Format: imaging.FormatWebP},
	{Width: 800, Format: imaging.FormatWebP},
	{Width: 400, Format: imaging.FormatWebP},
	{Width: 200, Height: 200, Fit: imaging.FitCover, Gravity: imaging.GravitySmart, Format: imaging.FormatJPEG},
}

// TestEstimate_WithinBoundsOfThePeak holds the admission estimate to 0.8–1.5 ×
// of what the process's resident size grows by at its peak, in a process of its
// own for each case.
func TestEstimate_WithinBoundsOfThePeak(t *testing.T) {
	if testing.Short() {
		t.Skip("renders large images")
	}
	whole := func(f imaging.Format, s imaging.Spec) []imaging.Spec { s.Format = f; return []imaging.Spec{s} }
	for _, c := range []struct {
		name   string
		source imaging.Spec // how the source is made
		specs  []imaging.Spec
	}{
		{"baseline jpeg", imaging.Spec{Format: imaging.FormatJPEG}, webSet},
		{"baseline jpeg whole", imaging.Spec{Format: imaging.FormatJPEG}, whole(imaging.FormatJPEG, imaging.Spec{})},
		{"progressive jpeg", imaging.Spec{Format: imaging.FormatJPEG, Progressive: true}, webSet},
		{"progressive jpeg 4:4:4", imaging.Spec{Format: imaging.FormatJPEG, Progressive: true, Chroma: "4:4:4"}, webSet},
		{"png", imaging.Spec{Format: imaging.FormatPNG, Effort: 1}, webSet},
		{"png whole to webp", imaging.Spec{Format: imaging.FormatPNG, Effort: 1}, whole(imaging.FormatWebP, imaging.Spec{Effort: 1})},
		{"png rotated", imaging.Spec{Format: imaging.FormatPNG, Effort: 1}, whole(imaging.FormatJPEG, imaging.Spec{Rotate: 90})},
		{"interlaced png", imaging.Spec{Format: imaging.FormatPNG, Progressive: true, Effort: 1}, webSet},
		{"webp", imaging.Spec{Format: imaging.FormatWebP, Effort: 1}, webSet},
		{"lossless webp", imaging.Spec{Format: imaging.FormatWebP, Lossless: true, Effort: 1}, webSet},
		{"avif", imaging.Spec{Format: imaging.FormatAVIF, Effort: 1}, webSet},
		{"to avif", imaging.Spec{Format: imaging.FormatJPEG}, whole(imaging.FormatAVIF, imaging.Spec{Width: 1600})},
		{"to lossless webp", imaging.Spec{Format: imaging.FormatJPEG}, whole(imaging.FormatWebP, imaging.Spec{Width: 2000, Lossless: true})},
		{"to png", imaging.Spec{Format: imaging.FormatJPEG}, whole(imaging.FormatPNG, imaging.Spec{Width: 2800})},
		{"to palette png", imaging.Spec{Format: imaging.FormatJPEG}, whole(imaging.FormatPNG, imaging.Spec{Width: 1600, Palette: 256})},
		{"to gif", imaging.Spec{Format: imaging.FormatJPEG}, whole(imaging.FormatGIF, imaging.Spec{Width: 1600})},
		{"to jxl", imaging.Spec{Format: imaging.FormatJPEG}, whole(imaging.FormatJXL, imaging.Spec{Width: 1600, Effort: 1})},
		{"jxl", imaging.Spec{Format: imaging.FormatJXL, Effort: 1}, webSet},
		{"trim", imaging.Spec{Format: imaging.FormatJPEG}, whole(imaging.FormatWebP, imaging.Spec{Trim: 10, Width: 2000})},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "source")
			for _, spec := range c.specs {
				needs(t, newEngine(t, imaging.Limits{}), spec.Format)
			}
			makeLarge(t, file, c.source)
			checkEstimate(t, memoryJob{File: file, Specs: c.specs})
		})
	}
}

// checkEstimate takes the median of three measurements where the first is out of
// bounds: how the encoders overlap depends on what else the machine does.
func checkEstimate(t *testing.T, job memoryJob) {
	t.Helper()
	estimate, peak := measureInChild(t, job)
	ratio := float64(estimate) / float64(peak)
	if ratio < 0.8 || ratio > 1.5 {
		peaks := []int64{peak, 0, 0}
		_, peaks[1] = measureInChild(t, job)
		_, peaks[2] = measureInChild(t, job)
		slices.Sort(peaks)
		peak = peaks[1]
		ratio = float64(estimate) / float64(peak)
	}
	t.Logf("estimate %d MiB, peak %d MiB, ratio %.2f", estimate>>20, peak>>20, ratio)
	if ratio < 0.8 || ratio > 1.5 {
		t.Errorf("the estimate of %d bytes is %.2f × the measured peak of %d, want 0.8 to 1.5", estimate, ratio, peak)
	}
}

// TestEstimate_Animation is the same for an animation that stays one.
func TestEstimate_Animation(t *testing.T) {
	if testing.Short() {
		t.Skip("renders a large animation")
	}
	file := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(file, animation(t, 700, 20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, format := range []imaging.Format{imaging.FormatWebP, imaging.FormatGIF} {
		t.Run(string(format), func(t *testing.T) {
			checkEstimate(t, memoryJob{File: file, Specs: []imaging.Spec{{Width: 400, Animated: true, Format: format, Effort: 2}}})
		})
	}
}

// TestEstimate_Resumed is the same where all but the small ones are there already:
// of a large one the resized image is made, of the other nothing.
func TestEstimate_Resumed(t *testing.T) {
	if testing.Short() {
		t.Skip("renders large images")
	}
	file := filepath.Join(t.TempDir(), "source")
	makeLarge(t, file, imaging.Spec{Format: imaging.FormatPNG, Effort: 1})
	checkEstimate(t, memoryJob{
		File: file,
		Specs: []imaging.Spec{
			{Width: 2800, Format: imaging.FormatJPEG},
			{Rotate: 90, Format: imaging.FormatJPEG},
			{Width: 1400, Format: imaging.FormatJPEG},
		},
		Kept: []bool{true, true, false},
	})
}

// animation is a GIF of a photograph that moves.
func animation(t *testing.T, side, frames int) []byte {
	t.Helper()
	still := renderOne(t, newEngine(t, imaging.Limits{}), photo(t, "astronaut.png"),
		imaging.Spec{Width: side + frames, Enlarge: true, Format: imaging.FormatPNG})
	m, err := png.Decode(bytes.NewReader(still.Data))
	if err != nil {
		t.Fatal(err)
	}
	out := gif.GIF{LoopCount: 0}
	for i := range frames {
		frame := image.NewPaletted(image.Rect(0, 0, side, side), palette.Plan9)
		draw.Draw(frame, frame.Bounds(), m, image.Pt(i, i), draw.Src)
		out.Image, out.Delay = append(out.Image, frame), append(out.Delay, 5)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// makeLarge writes a photograph of 9 megapixels, or skips t where the format
// cannot be written.
func makeLarge(t *testing.T, file string, s imaging.Spec) {
	t.Helper()
	e := newEngine(t, imaging.Limits{})
	needs(t, e, s.Format)
	s.Width, s.Enlarge, s.Quality = 3000, true, 85
	out := renderOne(t, e, photo(t, "astronaut.png"), s)
	if err := os.WriteFile(file, out.Data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// needs skips t where the format cannot be written.
func needs(t *testing.T, e *vips.Engine, f imaging.Format) {
	t.Helper()
	if !slices.Contains(e.Capability().Outputs, f) {
		t.Skipf("this libvips does not write %s", f)
	}
}

// measureInChild runs a job in a process of its own.
func measureInChild(t *testing.T, job memoryJob) (estimate, peak int64) {
	t.Helper()
	encoded, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryChild$", "-test.v")
	cmd.Env = append(os.Environ(), memoryJobVariable+"="+string(encoded))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if n, _ := fmt.Sscanf(strings.TrimSpace(line), "measured %d %d", &estimate, &peak); n == 2 {
			return estimate, peak
		}
	}
	t.Fatalf("the child measured nothing:\n%s", out)
	return 0, 0
}

// TestMemoryChild is the child's part; by itself it does nothing.
func TestMemoryChild(t *testing.T) {
	encoded := os.Getenv(memoryJobVariable)
	if encoded == "" {
		t.Skip("runs only as a child of TestEstimate_WithinBoundsOfThePeak")
	}
	var job memoryJob
	if err := json.Unmarshal([]byte(encoded), &job); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(job.File)
	if err != nil {
		t.Fatal(err)
	}
	e, err := vips.New(imaging.Limits{}, vips.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	// Code pages and tables that any first rendering touches are not of this one.
	for _, spec := range job.Specs {
		spec.Width, spec.Height = 32, 32
		if _, err := e.Render(t.Context(), photo(t, "astronaut.png"), imaging.Request{Specs: []imaging.Spec{spec}}, failOnError(t)); err != nil {
			t.Fatal(err)
		}
	}
	debug.FreeOSMemory()
	before := resetPeak(t)
	info, err := e.Render(t.Context(), data, imaging.Request{Specs: job.Specs, Kept: job.Kept}, failOnError(t))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("measured %d %d\n", info.Memory, status(t, "VmHWM")-before)
}

func failOnError(t *testing.T) func(int, imaging.Encoded) error {
	return func(i int, v imaging.Encoded) error {
		if v.Err != nil {
			t.Errorf("variant %d: %v", i, v.Err)
		}
		return nil
	}
}

// resetPeak starts a new measurement of the peak (proc(5), clear_refs) and
// returns the resident size now, bytes.
func resetPeak(t *testing.T) int64 {
	t.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("the peak of the resident size cannot be reset here: %v", err)
	}
	return status(t, "VmRSS")
}

// status reads a size from /proc/self/status, bytes.
func status(t *testing.T, field string) int64 {
	t.Helper()
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for line := range bytes.Lines(data) {
		if rest, ok := bytes.CutPrefix(line, []byte(field+":")); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(string(rest)), "kB")), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatalf("no %s in /proc/self/status", field)
	return 0
}
