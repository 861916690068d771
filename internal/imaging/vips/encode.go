package vips

// #include <stdlib.h>
// #include "pixmill.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// encoding is one variant's way from pixels to bytes.
type encoding struct {
	spec   *imaging.Spec
	format imaging.Format
	source *source
	engine *Engine
	stop   *stopper
	in     *finished
}

// outputHasAlpha is whether the pixels may have transparency; FormatAuto
// flattens later if it must.
func outputHasAlpha(f imaging.Format) bool { return f == imaging.FormatAuto || hasAlpha(f) }

// run makes the variant's bytes in the format that was asked for.
func (x *encoding) run(ctx context.Context) (imaging.Encoded, error) {
	if x.format == imaging.FormatAuto {
		return x.smallest(ctx)
	}
	quality := x.spec.Quality
	if quality == 0 {
		quality = defaultQuality(x.format)
	}
	return x.within(ctx, x.format, quality)
}

// smallest encodes in each candidate format at equal quality; Spec.Quality is on
// JPEG's scale. The first of the list wins a tie.
func (x *encoding) smallest(ctx context.Context) (imaging.Encoded, error) {
	quality := x.spec.Quality
	if quality == 0 {
		quality = defaultJPEGQuality
	}
	var best imaging.Encoded
	var failed error
	for _, f := range x.engine.encoders.candidates(x.spec, x.in) {
		out, err := x.within(ctx, f, equalQuality(f, quality))
		if ctx.Err() != nil || errors.Is(err, errNoTime) {
			return out, err // with more time another format may win
		}
		if err != nil {
			failed = fmt.Errorf("%s: %w", f, err)
			continue
		}
		if best.Data == nil || len(out.Data) < len(best.Data) {
			best = out
		}
	}
	if best.Data == nil {
		return best, failed
	}
	return best, nil
}

// minQuality is as low as MaxBytes goes: below it nothing is worth looking at.
const minQuality = 10

// within encodes at quality, and lower until the result fits into MaxBytes: a
// binary search, so at most seven encodes follow the first.
func (x *encoding) within(ctx context.Context, f imaging.Format, quality int) (imaging.Encoded, error) {
	first, err := x.encode(ctx, f, quality)
	most := x.spec.MaxBytes
	if err != nil || most <= 0 || len(first.Data) <= most {
		return first, err
	}
	if !hasQuality(f, x.spec) {
		return imaging.Encoded{}, tooBig(f, 0, len(first.Data), most)
	}
	var best imaging.Encoded
	smallest, lowest := len(first.Data), quality
	for lo, hi := minQuality, quality-1; lo <= hi; {
		q := (lo + hi) / 2
		out, err := x.encode(ctx, f, q)
		if err != nil {
			return imaging.Encoded{}, err
		}
		if len(out.Data) < smallest {
			smallest, lowest = len(out.Data), q
		}
		if len(out.Data) <= most {
			best, lo = out, q+1
		} else {
			hi = q - 1
		}
	}
	if best.Data == nil {
		return best, tooBig(f, lowest, smallest, most)
	}
	return best, nil
}

func tooBig(f imaging.Format, quality, size, most int) error {
	field := fmt.Sprintf("%s variant at its smallest", f)
	if quality > 0 {
		field = fmt.Sprintf("%s variant at quality %d", f, quality)
	}
	return &fault.LimitError{Field: field, Limit: int64(most), Value: int64(size), Unit: "bytes"}
}

// encode runs one encoder once.
func (x *encoding) encode(ctx context.Context, f imaging.Format, quality int) (imaging.Encoded, error) {
	if err := ctx.Err(); err != nil {
		return imaging.Encoded{}, err
	}
	o, err := x.options(ctx, f, quality)
	if err != nil {
		return imaging.Encoded{}, err
	}
	ready, err := x.prepare(f, o)
	if err != nil {
		return imaging.Encoded{}, err
	}
	defer ready.close()
	data, err := ready.save(f, o)
	if err != nil {
		return imaging.Encoded{}, encoderError(f, err)
	}
	out := imaging.Encoded{
		Data:        data,
		Format:      f,
		ContentType: f.ContentType(),
		Width:       ready.width(),
		Height:      x.in.height,
		Frames:      x.in.frames,
	}
	if hasQuality(f, x.spec) {
		out.Quality = quality
	}
	return out, nil
}

// options translates the Spec for one encoder.
func (x *encoding) options(ctx context.Context, f imaging.Format, quality int) (*C.PxSave, error) {
	w, h := x.in.picture.width(), x.in.height
	if err := x.engine.encoders.checkFormat(f, w, h); err != nil {
		return nil, err
	}
	s := x.spec
	full := fullChroma(f, s)
	need, err := encodeTime(f, s, w, h, x.in.frames)
	if err != nil {
		return nil, err
	}
	if err := enoughTime(ctx, x.engine.now(), need); err != nil {
		return nil, err
	}
	return &C.PxSave{
		quality:     C.int(quality),
		effort:      C.int(encoderEffort(f, s.Effort, w*h)),
		depth:       C.int(paletteDepth(f, s.Palette)),
		lossless:    gboolean(s.Lossless),
		progressive: gboolean(s.Progressive),
		full_chroma: gboolean(full),
		trellis:     gboolean(f == imaging.FormatJPEG && s.Effort >= trellisEffort && x.engine.encoders.mozjpeg),
		keep_meta:   gboolean(s.Metadata == metadataAll || s.Metadata == metadataCopyright),
		keep_icc:    gboolean(x.keepWide()),
	}, nil
}

// fullChroma is whether colour has the resolution of lightness.
func fullChroma(f imaging.Format, s *imaging.Spec) bool {
	return s.Chroma == "4:4:4" || (f == imaging.FormatAVIF && s.Lossless)
}

// paletteDepth is the number of bits for at most colours: a power of two, so
// that it may be fewer, never more.
func paletteDepth(f imaging.Format, colours int) int {
	switch {
	case f == imaging.FormatGIF && colours == 0:
		return 8
	case colours == 0:
		return 0
	}
	depth := 1
	for depth < 8 && 1<<(depth+1) <= colours {
		depth++
	}
	if f == imaging.FormatPNG { // 1, 2, 4 and 8 are all that it has
		for depth&(depth-1) != 0 {
			depth--
		}
	}
	return depth
}

// keepWide is whether the variant stays in Display P3.
func (x *encoding) keepWide() bool { return x.in.wide && x.spec.ColourSpace == spaceP3 }

// prepare returns a view of the pixels as this encoder is to see them: in its
// colours, without alpha where it has none, with the metadata that are kept.
func (x *encoding) prepare(f imaging.Format, o *C.PxSave) (*picture, error) {
	out, err := chain(x.in.picture,
		func(p *picture) (*picture, error) {
			if hasAlpha(f) {
				return p.ref(), nil
			}
			return p.flatten(backgroundOf(x.spec, white))
		},
		func(p *picture) (*picture, error) {
			if x.in.wide && !x.keepWide() {
				return p.icc(spaceP3, spaceSRGB, true)
			}
			return p.ref(), nil
		},
		// A copy of its own, so that metadata may be changed. libvips's WebP
		// encoder loses a reference when it is stopped: it is bounded beforehand.
		func(p *picture) (*picture, error) {
			if f != imaging.FormatWebP {
				return p.watched(x.stop)
			}
			return chain(p, func(p *picture) (*picture, error) { return p.inMemory(x.stop) }, (*picture).copy)
		},
	)
	if err != nil {
		return nil, err
	}
	x.setMetadata(out)
	if x.in.frames > 1 {
		out.setInt("page-height", x.in.height)
	} else {
		for _, name := range []string{"page-height", "n-pages", "delay", "loop"} {
			out.remove(name)
		}
	}
	return out, nil
}

// save runs the encoder; the result is Go's.
func (p *picture) save(f imaging.Format, o *C.PxSave) ([]byte, error) {
	c, _ := codecOf(f)
	var data unsafe.Pointer
	var size C.size_t
	if C.px_save(c.number, p.im, o, &data, &size) != 0 {
		return nil, libraryError("save " + string(f))
	}
	defer C.g_free(C.gpointer(data))
	out := C.GoBytes(data, C.int(size))
	if f == imaging.FormatWebP && o.keep_meta == 0 {
		out = webpWithoutEXIF(out)
	}
	return out, nil
}

func gboolean(b bool) C.gboolean {
	if b {
		return 1
	}
	return 0
}

// tinyOptions are for the placeholder's data URI.
func tinyOptions() *C.PxSave { return &C.PxSave{quality: tinyQuality, effort: 4} }
