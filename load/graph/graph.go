// Package graph draws what a load test measured: panels one above the other with a
// common horizontal axis, as SVG for documents and as PNG to look at. It knows nothing
// of what the figures mean, and no program that Pixmill ships contains it.
package graph

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Figure is one picture.
type Figure struct {
	Title  string
	X      string // what the horizontal axis counts, with its unit
	Panels []Panel
}

// Panel is one of the plots in a figure. Its vertical axis begins at 0.
type Panel struct {
	Y     string // what the vertical axis counts, with its unit
	Lines []Line
	Marks []Mark
}

// Line connects points; one that is not a number interrupts it.
type Line struct {
	Name   string // for the legend
	X, Y   []float64
	Steps  bool // a value holds until the next one
	Points bool // each point is a measurement of its own
	Colour int  // an index; the same is the same colour in all panels
}

// Mark is a moment, or another place on the horizontal axis, with its name.
type Mark struct {
	X    float64
	Name string
	Loud bool // something breaks here
}

// Sizes in points, of which 72 are an inch.
const (
	width       = 720
	panelHeight = 170
	titleHeight = 30
	legendWidth = 130
	dpi         = 110 // of the PNG
)

// Write writes dir/name.svg and dir/name.png.
func (f Figure) Write(dir, name string) error {
	h := vg.Points(titleHeight + panelHeight*float64(len(f.Panels)))
	svg := vgsvg.New(width, h)
	png := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, h), vgimg.UseDPI(dpi))}
	for _, c := range []vg.CanvasSizer{svg, png} {
		if err := f.draw(draw.New(c)); err != nil {
			return fmt.Errorf("graph %s: %w", name, err)
		}
	}
	return errors.Join(
		write(filepath.Join(dir, name+".svg"), svg, others),
		write(filepath.Join(dir, name+".png"), png, strings.NewReplacer()),
	)
}

// others lets an SVG be shown where Liberation is not installed.
var others = strings.NewReplacer("font-family:Liberation Sans;", "font-family:Liberation Sans,Arial,Helvetica,sans-serif;")

func write(path string, content io.WriterTo, change *strings.Replacer) error {
	var b bytes.Buffer
	if _, err := content.WriteTo(&b); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(change.Replace(b.String())), 0o644)
}

// draw draws the panels with their data one exactly above the other, and their legends
// beside them, where they hide nothing.
func (f Figure) draw(c draw.Canvas) error {
	c.SetColor(paper)
	c.Fill(c.Rectangle.Path())
	title := textStyle(13)
	title.XAlign, title.YAlign = draw.XCenter, draw.YTop
	c.FillText(title, vg.Point{X: c.Center().X, Y: c.Max.Y - vg.Points(8)}, f.Title)

	low, high := f.xRange()
	rows := make([][]*plot.Plot, len(f.Panels))
	for i, panel := range f.Panels {
		p, err := panel.plot()
		if err != nil {
			return err
		}
		p.X.Min, p.X.Max = low, high
		p.X.Tick.Marker, p.Y.Tick.Marker = ticks(10), ticks(5)
		if i == len(f.Panels)-1 {
			p.X.Label.Text = f.X
		}
		rows[i] = []*plot.Plot{p}
	}
	tiles := draw.Tiles{Rows: len(rows), Cols: 1, PadY: vg.Points(6), PadLeft: vg.Points(6), PadBottom: vg.Points(4)}
	left := draw.Crop(c, 0, -vg.Points(legendWidth), 0, -vg.Points(titleHeight))
	for i, row := range plot.Align(rows, tiles, left) {
		p := rows[i][0]
		legend := p.Legend
		p.Legend = plot.NewLegend() // drawn below, outside
		p.Draw(row[0])
		beside := row[0]
		beside.Min.X, beside.Max.X = left.Max.X+vg.Points(8), c.Max.X
		legend.Draw(beside)
	}
	return nil
}

// xRange is that of all lines and marks of all panels together.
func (f Figure) xRange() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range f.Panels {
		for _, l := range p.Lines {
			for _, x := range l.X {
				low, high = min(low, x), max(high, x)
			}
		}
		for _, m := range p.Marks {
			low, high = min(low, m.X), max(high, m.X)
		}
	}
	if low >= high {
		return 0, 1
	}
	return low, high
}

// ticks are at multiples of 1, 2 or 5 times a power of ten, with at most so many steps.
func ticks(most float64) plot.TickerFunc {
	return func(low, high float64) []plot.Tick {
		decade := math.Pow(10, math.Floor(math.Log10((high-low)/most)))
		step := decade
		for _, factor := range [...]float64{1, 2, 5, 10} {
			if step = decade * factor; (high-low)/step <= most {
				break
			}
		}
		var all []plot.Tick
		for i := math.Ceil(low / step); i*step <= high; i++ {
			all = append(all, plot.Tick{Value: i * step, Label: strconv.FormatFloat(i*step, 'g', 6, 64)})
		}
		return all
	}
}
