package graph

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	paper = color.RGBA{R: 255, G: 255, B: 255, A: 255}
	ink   = color.RGBA{R: 40, G: 40, B: 40, A: 255}
	grey  = color.RGBA{R: 225, G: 225, B: 225, A: 255}
	quiet = color.RGBA{R: 130, G: 130, B: 130, A: 255}
	loud  = color.RGBA{R: 200, G: 30, B: 30, A: 255}

	// colours can be told apart by people who see fewer, and in grey.
	colours = []color.RGBA{
		{R: 0, G: 90, B: 160, A: 255},
		{R: 220, G: 120, B: 0, A: 255},
		{R: 0, G: 140, B: 110, A: 255},
		{R: 170, G: 70, B: 140, A: 255},
		{R: 90, G: 90, B: 90, A: 255},
	}
)

// glyphs go with the colours.
var glyphs = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.PyramidGlyph{}, draw.BoxGlyph{}}

// headroom is what the vertical axis has above the highest value, for the marks' names.
const headroom = 1.18

func textStyle(size float64) text.Style {
	return text.Style{
		Color:   ink,
		Font:    font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, vg.Points(size)),
		Handler: plot.DefaultTextHandler,
	}
}

// plot returns the panel with its legend in it.
func (p Panel) plot() (*plot.Plot, error) {
	out := plot.New()
	out.BackgroundColor = paper
	for _, axis := range []*plot.Axis{&out.X, &out.Y} {
		align := axis.Label.TextStyle
		axis.Label.TextStyle = textStyle(9)
		axis.Label.TextStyle.XAlign, axis.Label.TextStyle.YAlign = align.XAlign, align.YAlign
		axis.Label.TextStyle.Rotation = align.Rotation
		ticks := axis.Tick.Label
		axis.Tick.Label = textStyle(8)
		axis.Tick.Label.XAlign, axis.Tick.Label.YAlign = ticks.XAlign, ticks.YAlign
		axis.Padding = 0
	}
	out.Y.Label.Text = p.Y
	out.Legend.TextStyle = textStyle(9)
	out.Legend.Top, out.Legend.Left = true, true
	out.Legend.Padding = vg.Points(3)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Transparent, grey
	out.Add(grid, marks(p.Marks))
	highest := 0.0
	for _, line := range p.Lines {
		if err := line.add(out); err != nil {
			return nil, err
		}
		for _, y := range line.Y {
			if !math.IsNaN(y) {
				highest = max(highest, y)
			}
		}
	}
	if highest == 0 {
		highest = 1
	}
	out.Y.Min, out.Y.Max = 0, highest*headroom
	return out, nil
}

// add draws the line's parts, and names it once.
func (l Line) add(out *plot.Plot) error {
	colour := colours[l.Colour%len(colours)]
	named := false
	for _, part := range l.parts() {
		line, points, err := plotter.NewLinePoints(part)
		if err != nil {
			return err
		}
		line.Color, line.Width = colour, vg.Points(1.4)
		if l.Steps {
			line.StepStyle = plotter.PostStep
		}
		points.GlyphStyle = draw.GlyphStyle{Color: colour, Radius: vg.Points(2.6), Shape: glyphs[l.Colour%len(glyphs)]}
		thumbs := []plot.Thumbnailer{line}
		out.Add(line)
		if l.Points {
			out.Add(points)
			thumbs = append(thumbs, points)
		}
		if !named {
			out.Legend.Add(l.Name, thumbs...)
			named = true
		}
	}
	return nil
}

// parts are the stretches between values that are no numbers.
func (l Line) parts() []plotter.XYs {
	var parts []plotter.XYs
	var part plotter.XYs
	for i, y := range l.Y {
		if math.IsNaN(y) {
			if len(part) > 0 {
				parts = append(parts, part)
			}
			part = nil
			continue
		}
		part = append(part, plotter.XY{X: l.X[i], Y: y})
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts
}

// marks is a plotter: an upright line with its name at the top.
type marks []Mark

// Plot draws them.
func (m marks) Plot(c draw.Canvas, p *plot.Plot) {
	trX, _ := p.Transforms(&c)
	for _, mark := range m {
		x := trX(mark.X)
		if x < c.Min.X || x > c.Max.X {
			continue
		}
		style := draw.LineStyle{Color: quiet, Width: vg.Points(0.7), Dashes: []vg.Length{vg.Points(3), vg.Points(3)}}
		name := textStyle(8)
		name.Color = quiet
		if mark.Loud {
			style = draw.LineStyle{Color: loud, Width: vg.Points(1.2)}
			name.Color = loud
		}
		c.StrokeLine2(style, x, c.Min.Y, x, c.Max.Y)
		name.YAlign = draw.YTop
		c.FillText(name, vg.Point{X: x + vg.Points(3), Y: c.Max.Y - vg.Points(1)}, mark.Name)
	}
}
