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
// variant of halfWidth cannot be made; anything else is not an image.
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

func (e toyEngine) Render(ctx context.Context, src []byte, specs []imaging.Spec, emit func(int, imaging.Encoded) error) (imaging.Info, error) {
	info, err := e.Probe(ctx, src)
	if err != nil {
		return info, err
	}
	for i, s := range specs {
		if err := ctx.Err(); err != nil {
			return info, err
		}
		out := imaging.Encoded{Format: imaging.FormatPNG, ContentType: "image/png", Width: s.Width, Height: s.Width, Frames: 1}
		if s.Width == halfWidth && strings.HasPrefix(string(src), "half:") {
			out.Err = fault.New(fault.Permanent, "render", "", errors.New("half an image"))
		} else {
			out.Data = toyVariant(string(src), s)
		}
		if err := emit(i, out); err != nil {
			return info, err
		}
	}
	info.Placeholder = &imaging.Placeholder{BlurHash: string(src)}
	return info, nil
}

// toyVariant is what a variant's bytes are.
func toyVariant(src string, s imaging.Spec) []byte {
	focal := ""
	if s.Focal != nil {
		focal = fmt.Sprintf(" at %v,%v", s.Focal.X, s.Focal.Y)
	}
	return fmt.Appendf(nil, "%s in %d%s", src, s.Width, focal)
}
