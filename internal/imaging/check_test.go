package imaging

import (
	"math"
	"strings"
	"testing"

	"pixmill/internal/fault"
)

func TestSpecCheck_NamesFieldAndValue(t *testing.T) {
	for name, c := range map[string]struct {
		spec Spec
		want []string // in the message; nil: the spec is right
	}{
		"zero":            {Spec{}, nil},
		"usual":           {Spec{Width: 1600, Fit: FitCover, Height: 900, Gravity: GravitySmart, Format: FormatWebP, Quality: 80, DPR: 2, Background: "#20406080"}, nil},
		"width":           {Spec{Width: -1}, []string{"width", "-1"}},
		"height":          {Spec{Height: 70_000}, []string{"height", "70000", "65500"}},
		"quality":         {Spec{Quality: 101}, []string{"quality", "101", "100"}},
		"palette":         {Spec{Palette: 1}, []string{"palette", "1", "2 to 256"}},
		"fit":             {Spec{Fit: "squeeze"}, []string{"fit", "squeeze", "inside"}},
		"rotate":          {Spec{Rotate: 45}, []string{"rotate", "45"}},
		"extract":         {Spec{Extract: &Rect{Width: 3}}, []string{"extract", "3×0"}},
		"dpr":             {Spec{DPR: math.NaN()}, []string{"dpr", "NaN"}},
		"focal":           {Spec{Focal: &Point{X: 0.5, Y: math.Inf(1)}}, []string{"focal"}},
		"colour":          {Spec{Background: "#12345"}, []string{"#12345"}},
		"largest bytes":   {Spec{MaxBytes: 1 << 30}, nil},
		"too many bytes":  {Spec{MaxBytes: 1<<30 + 1}, []string{"maxBytes", "1073741825", "1073741824"}},
		"auto of auto":    {Spec{Format: FormatAuto, Formats: []Format{FormatWebP, FormatAuto}}, []string{"formats", "auto"}},
		"all at once":     {Spec{Width: -1, Quality: 200, Gravity: "up", Rotate: 1}, []string{"width is -1", "quality is 200", `gravity is "up"`, "rotate is 1"}},
		"colour's signs":  {Spec{Background: "#+1+2+3"}, []string{"#+1+2+3"}},
		"colour's spaces": {Spec{Background: "# 1 2 3"}, []string{"# 1 2 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.spec.Check()
			if (err == nil) != (c.want == nil) {
				t.Fatalf("Check = %v", err)
			}
			if err == nil {
				return
			}
			if fault.KindOf(err) != fault.Permanent {
				t.Errorf("the kind is %v", fault.KindOf(err))
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q has several lines", err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not name %q", err, part)
				}
			}
		})
	}
}

func TestParseColour(t *testing.T) {
	for s, want := range map[string]Colour{
		"#204060":   {0x20, 0x40, 0x60, 0xff},
		"#ABCDEF01": {0xab, 0xcd, 0xef, 0x01},
	} {
		if got, err := ParseColour(s); err != nil || got != want {
			t.Errorf("ParseColour(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "#", "red", "#fff", "204060", "#20406", "#2040607", "#20406080f", "#gg0000"} {
		if c, err := ParseColour(s); err == nil {
			t.Errorf("ParseColour(%q) = %v", s, c)
		}
	}
}
