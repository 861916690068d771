package handler_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// toyEngine is an engine for images that are words, so that a hundred thousand
// schedules take minutes. "img:ID" is an image; "half:ID" is one of which the
// variant of halfWidth cannot be made; anything else is not an image. As with real
// engines, what a variant looks like depends on the largest of all.
type toyEngine struct {
	limits imaging.Limits
}

const toyLimit = 40 // bytes

func newToyEngine() toyEngine {
	return toyEngine{limits: imaging.Limits{SourceBytes: toyLimit}}
}

// halfWidth is the width that "half:" images cannot be made in.
const halfWidth = 2

func (e toyEngine) Capability() imaging.Capability {
	return imaging.Capability{Engine: "toy", Version: "1", Limits: e.limits}
}

func (e toyEngine) Probe(_ context.Context, src []byte) (imaging.Info, error) {
	if kind, _, _ := strings.Cut(string(src), ":"); kind != "img" && kind != "half" {
		return imaging.Info{}, fault.New(fault.Rejected, "probe", "", errors.New("not an image"))
	}
	return imaging.Info{Format: imaging.FormatPNG, Width: 4, Height: 4, Frames: 1, Orientation: 1}, nil
}

func (e toyEngine) Render(ctx context.Context, src []byte, req imaging.Request, emit func(int, imaging.Encoded) error) (imaging.Info, error) {
	info, err := e.Probe(ctx, src)
	if err != nil {
		return info, err
	}
	largest := toyLargest(req.Specs)
	for i, s := range req.Specs {
		if err := ctx.Err(); err != nil {
			return info, err
		}
		if !req.Wants(i) {
			continue
		}
		out := imaging.Encoded{Format: imaging.FormatPNG, ContentType: "image/png", Width: s.Width, Height: s.Width, Frames: 1}
		if s.Width == halfWidth && strings.HasPrefix(string(src), "half:") {
			out.Err = fault.New(fault.Permanent, "render", "", errors.New("half an image"))
		} else {
			out.Data = toyVariant(string(src), s, largest)
		}
		if err := emit(i, out); err != nil {
			return info, err
		}
	}
	info.Placeholder = &imaging.Placeholder{BlurHash: toyPlaceholder(string(src), largest)}
	return info, nil
}

// toyLargest is the width of the largest of specs.
func toyLargest(specs []imaging.Spec) (width int) {
	for _, s := range specs {
		width = max(width, s.Width)
	}
	return width
}

func toyPlaceholder(src string, largest int) string { return fmt.Sprintf("%s from %d", src, largest) }

// toyVariant is what a variant's bytes are.
func toyVariant(src string, s imaging.Spec, largest int) []byte {
	focal := ""
	if s.Focal != nil {
		focal = fmt.Sprintf(" at %v,%v", s.Focal.X, s.Focal.Y)
	}
	return fmt.Appendf(nil, "%s in %d from %d%s", src, s.Width, largest, focal)
}
