package imaging

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pixmill/internal/fault"
)

// Check returns why no engine can make s, whatever the source is: a Permanent
// fault, of one line, that names every wrong field with its limit and value, or
// nil. Whether an engine writes s.Format is the engine's affair, and whether
// s.Extract lies within the source is the source's.
func (s *Spec) Check() error {
	wrong := slices.Concat(s.checkNumbers(), s.checkNames(), s.checkShape())
	if len(wrong) == 0 {
		return nil
	}
	return fault.New(fault.Permanent, "spec", "", errors.New(strings.Join(wrong, "; ")))
}

func (s *Spec) checkNumbers() (wrong []string) {
	for _, b := range []struct {
		field      string
		value      int
		low, high  int
		zeroIsNone bool
	}{
		{"width", s.Width, 0, maxSide, false},
		{"height", s.Height, 0, maxSide, false},
		{"trim", s.Trim, 1, 255, true},
		{"quality", s.Quality, 1, 100, true},
		{"effort", s.Effort, 1, 10, true},
		{"palette", s.Palette, 2, 256, true},
		{"maxBytes", s.MaxBytes, 0, 1 << 30, false},
	} {
		if b.zeroIsNone && b.value == 0 {
			continue
		}
		if b.value < b.low || b.value > b.high {
			wrong = append(wrong, fmt.Sprintf("%s is %d, want %d to %d", b.field, b.value, b.low, b.high))
		}
	}
	return wrong
}

func (s *Spec) checkNames() (wrong []string) {
	for _, c := range []struct{ field, value, allowed string }{
		{"fit", string(s.Fit), "inside outside cover contain fill"},
		{"gravity", string(s.Gravity), "centre north northeast east southeast south southwest west northwest smart entropy"},
		{"chroma", s.Chroma, "4:2:0 4:4:4"},
		{"colourSpace", s.ColourSpace, "srgb p3"},
		{"metadata", s.Metadata, "none copyright all"},
	} {
		if c.value != "" && !slices.Contains(strings.Fields(c.allowed), c.value) {
			wrong = append(wrong, fmt.Sprintf("%s is %q, want one of %s", c.field, c.value, c.allowed))
		}
	}
	if slices.Contains(s.Formats, FormatAuto) {
		wrong = append(wrong, "formats has auto among the formats that auto chooses from")
	}
	return wrong
}

// maxSide bounds Width and Height, px; formats have lower limits of their own.
const maxSide = 65_500

func (s *Spec) checkShape() (wrong []string) {
	if e := s.Extract; e != nil && (e.X < 0 || e.Y < 0 || e.Width < 1 || e.Height < 1) {
		wrong = append(wrong, fmt.Sprintf("extract is %d×%d px at %d,%d; want at least 1×1 at 0,0 or further", e.Width, e.Height, e.X, e.Y))
	}
	if !slices.Contains([]int{0, 90, 180, 270}, s.Rotate) {
		wrong = append(wrong, fmt.Sprintf("rotate is %d, want 90, 180 or 270", s.Rotate))
	}
	if !(s.DPR >= 0 && s.DPR <= 10) { // not a number is refused, too
		wrong = append(wrong, fmt.Sprintf("dpr is %v, want 0 to 10", s.DPR))
	}
	if p := s.Focal; p != nil && !(p.X >= 0 && p.X <= 1 && p.Y >= 0 && p.Y <= 1) {
		wrong = append(wrong, fmt.Sprintf("focal is %v,%v; want both from 0 to 1", p.X, p.Y))
	}
	if s.Background != "" {
		if _, err := ParseColour(s.Background); err != nil {
			wrong = append(wrong, "background: "+err.Error())
		}
	}
	return wrong
}

// Colour is a colour that is not multiplied by its alpha.
type Colour struct{ R, G, B, A uint8 }

// ParseColour reads "#rrggbb" or "#rrggbbaa".
func ParseColour(s string) (Colour, error) {
	c := Colour{A: 255}
	format := "#%02x%02x%02x"
	into := []any{&c.R, &c.G, &c.B}
	if len(s) == len("#rrggbbaa") {
		format, into = format+"%02x", append(into, &c.A)
	}
	hex := strings.TrimLeft(strings.ToLower(s), "0123456789abcdef#")
	if n, err := fmt.Sscanf(s, format, into...); err != nil || n != len(into) || hex != "" || len(s) != 1+2*n {
		return Colour{}, fmt.Errorf("%q is not a colour of the form #rrggbb or #rrggbbaa", s)
	}
	return c, nil
}
