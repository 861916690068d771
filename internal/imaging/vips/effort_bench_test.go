package vips

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"pixmill/internal/imaging"
)

// BenchmarkEncode measures what encodeTime rests on: CPU seconds for a megapixel
// of photograph, by effort, for the encoders that are not stopped at the next
// tile.
//
//	go test ./internal/imaging/vips -run '^$' -bench Encode -benchtime 1x
func BenchmarkEncode(b *testing.B) {
	e, err := New(imaging.Limits{}, Options{Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		spec imaging.Spec
	}{
		{"avif", imaging.Spec{Format: imaging.FormatAVIF}},
		{"webp", imaging.Spec{Format: imaging.FormatWebP}},
		{"webp lossless", imaging.Spec{Format: imaging.FormatWebP, Lossless: true}},
		{"jxl", imaging.Spec{Format: imaging.FormatJXL}},
		{"jxl lossless", imaging.Spec{Format: imaging.FormatJXL, Lossless: true}},
		{"png palette", imaging.Spec{Format: imaging.FormatPNG, Palette: 256}},
		{"gif", imaging.Spec{Format: imaging.FormatGIF}},
	} {
		if !e.encoders.has(c.spec.Format) {
			continue
		}
		done := map[int]bool{} // several of a Spec's efforts are one of the encoder's
		for effort := 1; effort <= 10; effort++ {
			c.spec.Effort = effort
			own := encoderEffort(c.spec.Format, effort, 0)
			if done[own] {
				continue
			}
			done[own] = true
			b.Run(fmt.Sprintf("%s/effort=%d", c.name, own), func(b *testing.B) { benchmarkEncode(b, e, c.spec) })
		}
	}
}

func benchmarkEncode(b *testing.B, e *Engine, spec imaging.Spec) {
	data, err := os.ReadFile(filepath.Join("..", "..", "cli", "sample", "seeding.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	src, err := e.probe(b.Context(), data)
	if err != nil {
		b.Fatal(err)
	}
	plan := planAll(src, imaging.Request{Specs: []imaging.Spec{{Width: 1000, Format: spec.Format}}}, e.limits)
	stop := newStopper(b.Context())
	defer stop.close()
	work, err := decode(src, &plan, stop)
	if err != nil {
		b.Fatal(err)
	}
	defer work.close()
	rs := newRegions(work, e.limits)
	defer rs.close()
	in, err := rs.pixels(&plan.variants[0], stop)
	if err != nil {
		b.Fatal(err)
	}
	defer in.picture.close()
	x := &encoding{spec: &spec, format: spec.Format, source: src, engine: e, stop: stop, in: in}
	megapixels := float64(in.picture.width()*in.picture.height()) / 1e6
	start, n := processTime(b), 0
	for b.Loop() {
		if _, err := x.encode(b.Context(), spec.Format, defaultQuality(spec.Format)); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric((processTime(b)-start).Seconds()/float64(n)/megapixels, "cpu-s/MP")
}

// processTime is the CPU time of the whole process: encoders have threads.
func processTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
