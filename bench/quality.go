package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/png" // what the worker decodes to
	"os"
	"path/filepath"

	"pixmill/bench/worker"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest/perceptual"
)

// qualityRow is one variant of one photograph.
type qualityRow struct {
	photo      string
	variant    string
	vips, bimg float64 // luma SSIM to the reference
	bytes      float64 // ours as a share of bimg's
	quality    int     // ours
}

// Ours may be this much below bimg's SSIM, at bytes that are this much apart.
const (
	ssimMargin = 0.002
	byteMargin = 0.03
)

// compareQuality compares each variant that is not a crop with a float Lanczos
// of the full decode, made by Go.
func (r *report) compareQuality(ctx context.Context, dir string) error {
	all := sets()
	specs := append(all[0].specs[:4:4], all[1].specs[2], all[1].specs[3])
	return withPair(ctx, dir, func(ours, theirs *engine) error {
		for _, p := range r.photos {
			whole, err := fullLuma(p.path)
			if err != nil {
				return err
			}
			c := comparison{ours: ours, theirs: theirs, dir: dir, photo: p, whole: whole, references: map[image.Point]perceptual.Plane{}}
			if err := c.compareAll(r, specs); err != nil {
				return err
			}
		}
		return nil
	})
}

// comparison is one photograph's.
type comparison struct {
	ours, theirs *engine
	dir          string
	photo        photo
	whole        perceptual.Plane
	references   map[image.Point]perceptual.Plane
}

// compareAll adds a row to r for each spec.
func (c *comparison) compareAll(r *report, specs []imaging.Spec) error {
	request := worker.Request{Photo: c.photo.path, Specs: specs, Keep: true}
	a, err := c.ours.do(request)
	if err != nil {
		return err
	}
	b, err := c.theirs.do(request)
	if err != nil {
		return err
	}
	for i, spec := range specs {
		row, err := c.compare(spec, a.Variants[i].Data, b.Variants[i].Data)
		if err != nil {
			return err
		}
		r.quality = append(r.quality, row)
		fmt.Fprintf(os.Stderr, "SSIM %-14s %-9s vips %.4f, bimg %.4f, bytes %.3f, quality %d\n", row.photo, row.variant, row.vips, row.bimg, row.bytes, row.quality)
	}
	return nil
}

func (c *comparison) compare(spec imaging.Spec, ours, theirs []byte) (qualityRow, error) {
	row := qualityRow{photo: c.photo.name, variant: fmt.Sprintf("%d %s", spec.Width, spec.Format), quality: spec.Quality}
	matched, quality, err := c.match(spec, ours, len(theirs))
	if err != nil {
		return row, err
	}
	row.quality = quality
	row.bytes = float64(len(matched)) / float64(len(theirs))
	if row.vips, err = c.ssim(matched); err != nil {
		return row, err
	}
	row.bimg, err = c.ssim(theirs)
	return row, err
}

// match returns our variant at the highest quality whose bytes are within the
// margin of want, or, if no quality hits it, at the next one below. Sharper
// pixels cost bytes at the same quality.
func (c *comparison) match(spec imaging.Spec, ours []byte, want int) ([]byte, int, error) {
	most, least := float64(want)*(1+byteMargin), float64(want)*(1-byteMargin)
	for float64(len(ours)) > most && spec.Quality > 1 {
		spec.Quality--
		var err error
		if ours, err = c.render(spec); err != nil {
			return nil, 0, err
		}
	}
	for float64(len(ours)) < least && spec.Quality < 100 {
		spec.Quality++
		next, err := c.render(spec)
		if err != nil {
			return nil, 0, err
		}
		if float64(len(next)) > most {
			spec.Quality--
			break
		}
		ours = next
	}
	return ours, spec.Quality, nil
}

// render makes one variant of ours.
func (c *comparison) render(spec imaging.Spec) ([]byte, error) {
	reply, err := c.ours.do(worker.Request{Photo: c.photo.path, Specs: []imaging.Spec{spec}, Keep: true})
	if err != nil {
		return nil, err
	}
	return reply.Variants[0].Data, nil
}

// ssim decodes a variant with the worker, as Go decodes no WebP, and compares.
func (c *comparison) ssim(data []byte) (float64, error) {
	path := filepath.Join(c.dir, "variant")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return 0, err
	}
	reply, err := c.ours.do(worker.Request{Photo: path, Specs: []imaging.Spec{{Format: imaging.FormatPNG, Effort: 1}}, Keep: true})
	if err != nil {
		return 0, err
	}
	m, _, err := image.Decode(bytes.NewReader(reply.Variants[0].Data))
	if err != nil {
		return 0, err
	}
	size := m.Bounds().Size()
	ref, ok := c.references[size]
	if !ok {
		ref = perceptual.Resize(c.whole, size.X, size.Y)
		c.references[size] = ref
	}
	return perceptual.SSIM(perceptual.Luma(m), ref), nil
}

func fullLuma(path string) (perceptual.Plane, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return perceptual.Plane{}, err
	}
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return perceptual.Plane{}, fmt.Errorf("%s: %w", path, err)
	}
	return perceptual.Luma(m), nil
}
