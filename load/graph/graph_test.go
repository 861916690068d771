package graph

import (
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func example() Figure {
	return Figure{
		Title: "An example", X: "seconds",
		Panels: []Panel{
			{
				Y: "images/s", Marks: []Mark{{X: 0, Name: "1 client"}, {X: 2, Name: "2 clients"}, {X: 3, Name: "pod killed", Loud: true}},
				Lines: []Line{
					{Name: "done", X: []float64{0, 1, 2, 3, 4}, Y: []float64{1, 5, math.NaN(), 7, 9}},
					{Name: "refused", X: []float64{0, 4}, Y: []float64{0, 0}, Colour: 1},
				},
			},
			{Y: "pods", Lines: []Line{{Name: "ready", X: []float64{0, 2, 4}, Y: []float64{1, 2, 3}, Steps: true, Points: true, Colour: 2}}},
		},
	}
}

func TestWrite_BothFormatsSayEverything(t *testing.T) {
	dir := t.TempDir()
	if out := os.Getenv("PIXMILL_GRAPH_DIR"); out != "" {
		dir = out // to look at it
	}
	if err := example().Write(dir, "example"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "example.svg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"An example", "seconds", "images/s", "pods", "done", "refused", "ready", "1 client", "2 clients", "pod killed"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the SVG does not say %q", want)
		}
	}
	for d := xml.NewDecoder(strings.NewReader(string(text))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the SVG is no XML: %v", err)
		}
	}
	file, err := os.Open(filepath.Join(dir, "example.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() // it was only read
	picture, err := png.Decode(file)
	if err != nil || picture.Bounds().Dx() < 1000 {
		t.Fatalf("the PNG is %v, %v", picture, err)
	}
}

func TestParts_ANumberThatIsNoneInterrupts(t *testing.T) {
	nan := math.NaN()
	l := Line{X: []float64{0, 1, 2, 3, 4}, Y: []float64{nan, 1, nan, 3, 4}}
	parts := l.parts()
	if len(parts) != 2 || len(parts[0]) != 1 || len(parts[1]) != 2 || parts[1][0].X != 3 {
		t.Errorf("parts are %v", parts)
	}
}

func TestWrite_NothingMeasuredIsNoError(t *testing.T) {
	f := Figure{Title: "t", X: "s", Panels: []Panel{{Y: "y", Lines: []Line{{Name: "none", X: []float64{0, 1}, Y: []float64{math.NaN(), math.NaN()}}}}}}
	if err := f.Write(t.TempDir(), "none"); err != nil {
		t.Error(err)
	}
}

func TestTicks(t *testing.T) {
	for _, tt := range []struct {
		low, high float64
		want      string
	}{
		{0, 75, "0 10 20 30 40 50 60 70"},
		{-20, 18, "-20 -15 -10 -5 0 5 10 15"},
		{1, 16, "2 4 6 8 10 12 14 16"},
		{0, 12, "0 2 4 6 8 10 12"},
		{0, 1, "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1"},
	} {
		var labels []string
		for _, tick := range ticks(10)(tt.low, tt.high) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != tt.want {
			t.Errorf("from %v to %v: %s, want %s", tt.low, tt.high, got, tt.want)
		}
	}
}
