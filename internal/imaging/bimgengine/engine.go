//go:build bimg

package bimgengine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/h2non/bimg"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// Engine implements imaging.Engine with bimg.
type Engine struct {
	capability imaging.Capability
	memory     *admission
}

// New returns an engine; a zero limit means its default. libvips was started by
// bimg when the process began.
func New(limits imaging.Limits) (imaging.Engine, error) {
	limits = withDefaults(limits)
	budget, err := memoryBudget(limits.Memory)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "memory budget", "", err)
	}
	limits.Memory = budget
	c := imaging.Capability{Engine: engineName, Version: bimg.VipsVersion, Limits: limits}
	for t, f := range formats() {
		if bimg.IsTypeSupported(t) {
			c.Inputs = append(c.Inputs, f)
		}
		if f != imaging.FormatHEIC && f != imaging.FormatTIFF && bimg.IsTypeSupportedSave(t) {
			c.Outputs = append(c.Outputs, f)
		}
	}
	slices.Sort(c.Inputs)
	slices.Sort(c.Outputs)
	return &Engine{capability: c, memory: newAdmission(budget)}, nil
}

// formats are bimg's types that the engine reads. SVG, PDF and whatever
// ImageMagick knows are left out: they are no safe input.
func formats() map[bimg.ImageType]imaging.Format {
	return map[bimg.ImageType]imaging.Format{
		bimg.JPEG: imaging.FormatJPEG,
		bimg.PNG:  imaging.FormatPNG,
		bimg.WEBP: imaging.FormatWebP,
		bimg.GIF:  imaging.FormatGIF,
		bimg.TIFF: imaging.FormatTIFF,
		bimg.AVIF: imaging.FormatAVIF,
		bimg.HEIF: imaging.FormatHEIC,
	}
}

// typeOf returns bimg's type of f.
func typeOf(f imaging.Format) (bimg.ImageType, bool) {
	for t, format := range formats() {
		if format == f {
			return t, true
		}
	}
	return bimg.UNKNOWN, false
}

// Capability implements imaging.Engine.
func (e *Engine) Capability() imaging.Capability {
	c := e.capability
	c.Inputs = slices.Clone(c.Inputs)
	c.Outputs = slices.Clone(c.Outputs)
	return c
}

// Probe implements imaging.Engine.
func (e *Engine) Probe(ctx context.Context, src []byte) (imaging.Info, error) {
	if err := ctx.Err(); err != nil {
		return imaging.Info{}, fault.New(fault.Transient, "probe", "", err)
	}
	return e.probe(src)
}

// Render implements imaging.Engine. bimg cannot be interrupted: a context that
// ends is noticed between two variants.
func (e *Engine) Render(ctx context.Context, src []byte, req imaging.Request, emit func(int, imaging.Encoded) error) (imaging.Info, error) {
	info, err := e.Probe(ctx, src)
	if err != nil {
		return info, err
	}
	need := info.Memory + int64(len(src)) // which is held meanwhile, too
	if err := e.memory.acquire(ctx, need); err != nil {
		return info, err
	}
	defer e.memory.release(need)
	for i := range req.Specs {
		if !req.Wants(i) {
			continue // each variant is made by itself
		}
		if err := ctx.Err(); err != nil {
			return info, fault.New(fault.Transient, "render", "", err)
		}
		if err := emit(i, e.variant(src, info, &req.Specs[i])); err != nil {
			return info, err
		}
	}
	if err := ctx.Err(); err != nil {
		return info, fault.New(fault.Transient, "render", "", err)
	}
	placeholder, err := newPlaceholder(src, info)
	if err != nil {
		return info, err
	}
	info.Placeholder = placeholder
	return info, nil
}

// variant makes one variant; what goes wrong is in its Err.
func (e *Engine) variant(src []byte, info imaging.Info, s *imaging.Spec) imaging.Encoded {
	start := time.Now()
	out, err := e.make(src, info, s)
	if err != nil {
		return imaging.Encoded{Format: outputFormat(s, info), Err: err, Elapsed: time.Since(start)}
	}
	out.Elapsed = time.Since(start)
	return out
}

func (e *Engine) make(src []byte, info imaging.Info, s *imaging.Spec) (imaging.Encoded, error) {
	if err := s.Check(); err != nil {
		return imaging.Encoded{}, err
	}
	p, err := newPlan(s, info)
	if err != nil {
		return imaging.Encoded{}, err
	}
	if !slices.Contains(e.capability.Outputs, p.format) {
		return imaging.Encoded{}, &imaging.UnsupportedError{Engine: engineName, What: "output " + string(p.format)}
	}
	data := src
	for _, o := range p.passes {
		if data, err = bimg.Resize(data, o); err != nil {
			return imaging.Encoded{}, fault.New(fault.Permanent, "variant", string(p.format), unmade(err))
		}
	}
	size, err := bimg.Size(data)
	if err != nil {
		return imaging.Encoded{}, fault.New(fault.Permanent, "variant", string(p.format), unmade(err))
	}
	if size.Width != p.width || size.Height != p.height {
		return imaging.Encoded{}, fault.New(fault.Permanent, "variant", string(p.format),
			fmt.Errorf("bimg made %d×%d px, want %d×%d", size.Width, size.Height, p.width, p.height))
	}
	return imaging.Encoded{
		Data:        data,
		Format:      p.format,
		ContentType: p.format.ContentType(),
		Width:       size.Width,
		Height:      size.Height,
		Frames:      1,
		Quality:     p.quality,
	}, nil
}

// withDefaults fills the zero fields of l.
func withDefaults(l imaging.Limits) imaging.Limits {
	d := imaging.DefaultLimits()
	for _, f := range []struct{ value, standard *int64 }{
		{&l.SourceBytes, &d.SourceBytes},
		{&l.Pixels, &d.Pixels},
		{&l.TotalPixels, &d.TotalPixels},
		{&l.Frames, &d.Frames},
		{&l.Dimension, &d.Dimension},
	} {
		if *f.value <= 0 {
			*f.value = *f.standard
		}
	}
	return l
}
