package main

import (
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []time.Duration
		want time.Duration
	}{
		{[]time.Duration{5}, 5},
		{[]time.Duration{9, 1, 5}, 5},
		{[]time.Duration{9, 1, 5, 7}, 6},
	} {
		if got := median(c.in); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.in, got, c.want)
		}
	}
}

func TestFindPhotos_LargeOnesAndTheSampleOnce(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, width, height int) string {
		t.Helper()
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := jpeg.Encode(f, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sample := write("sample.jpg", 4000, 2600)
	write("p_copy.jpg", 4000, 2600)
	write("p_large_by_Somebody.jpg", 4100, 2600)
	write("p_small.jpg", 400, 260)
	photos, err := findPhotos(sample, filepath.Join(dir, "p_*.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if len(photos) != 2 || photos[0].name != "sample" || photos[1].name != "p_large" || photos[1].width != 4100 {
		t.Errorf("found %+v, want the sample and the large one", photos)
	}
	if _, err := findPhotos(filepath.Join(dir, "none.jpg"), ""); err == nil {
		t.Error("a sample that is not there is no error")
	}
}

func TestMarkdown_SaysWhatMissesItsTarget(t *testing.T) {
	s := sets()[0]
	r := report{
		photos:  []photo{{name: "seeding"}},
		rows:    []speedRow{{set: s, photo: photo{name: "seeding"}, vips: 60 * time.Millisecond, bimg: 100 * time.Millisecond, vipsBytes: 10, bimgBytes: 10}},
		peaks:   []memoryRow{{engine: "vips", threads: 1, peak: 200e6}},
		quality: []qualityRow{{photo: "seeding", variant: "800 webp", vips: 0.95, bimg: 0.96, bytes: 1}},
	}
	text := r.markdown()
	for _, want := range []string{"**0.600** (target ≤ 0.52: NO)", "| 200 | ≤ 160: NO |", "| -0.0100 | 1.000 | 0 | NO |"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q:\n%s", want, text)
		}
	}
}
