package vips

import (
	"slices"

	"pixmill/internal/imaging"
)

// regions holds the parts of the working image that variants are made of, with
// the sizes that were already made of each. Only the goroutine that resizes
// uses it.
type regions struct {
	work   *working
	limits imaging.Limits
	made   map[region]*regionPixels
}

// regionPixels is one region, not resized, and its finished smaller sizes.
type regionPixels struct {
	frames  []*picture // lazy views; the first is used for stills
	width   int        // px in full resolution, after trim and rotation; of a trimmed drawing, px as drawn
	height  int
	drawn   float64 // px of width and height for each px of the source: 1 but for a trimmed drawing
	left    float64 // px of the source that the trim took away, before the rotation
	top     float64
	trimW   float64 // px of the source, before the rotation
	trimH   float64
	sourceW int // px of the whole oriented source
	sourceH int
	levels  []*picture // of the first frame, in memory, largest first
}

func newRegions(w *working, limits imaging.Limits) *regions {
	return &regions{work: w, limits: limits, made: map[region]*regionPixels{}}
}

// framesOf is how many frames a variant has.
func (rs *regions) framesOf(v *variantPlan) int64 {
	if v.animated {
		return int64(len(rs.work.frames))
	}
	return 1
}

func (rs *regions) close() {
	for _, r := range rs.made {
		for _, f := range slices.Concat(r.frames, r.levels) {
			f.close()
		}
	}
}

// get returns a region's pixels.
func (rs *regions) get(r region, stop *stopper) (*regionPixels, error) {
	if px, ok := rs.made[r]; ok {
		return px, nil
	}
	px := &regionPixels{
		width: r.extract.Width, height: r.extract.Height, drawn: 1,
		trimW: float64(r.extract.Width), trimH: float64(r.extract.Height), sourceW: rs.work.width, sourceH: rs.work.height,
	}
	first := rs.work.frames[0]
	cut := rs.scaledBox(r, first)
	if r.trim > 0 {
		trimmed, err := trimmedBox(first, cut, r.trim, stop)
		if err != nil {
			return nil, err
		}
		// A plan with a trim decodes in full resolution, but for a drawing.
		px.width, px.height, px.drawn = trimmed.w, trimmed.h, float64(first.width())/float64(rs.work.width)
		px.left, px.top = float64(trimmed.x-cut.x)/px.drawn, float64(trimmed.y-cut.y)/px.drawn
		px.trimW, px.trimH = float64(trimmed.w)/px.drawn, float64(trimmed.h)/px.drawn
		cut = trimmed
	}
	px.width, px.height = r.turned(px.width, px.height)
	for _, frame := range rs.work.frames {
		view, err := chain(frame,
			func(p *picture) (*picture, error) { return p.crop(cut) },
			func(p *picture) (*picture, error) { return p.rotate(r.rotate) })
		if err != nil {
			for _, made := range px.frames {
				made.close()
			}
			return nil, err
		}
		px.frames = append(px.frames, view)
	}
	rs.made[r] = px
	return px, nil
}

// scaledBox is the region's place in the working image.
func (rs *regions) scaledBox(r region, p *picture) box {
	e := r.extract
	x0, x1 := span(e.X, e.Width, rs.work.width, p.width())
	y0, y1 := span(e.Y, e.Height, rs.work.height, p.height())
	return box{x0, y0, x1 - x0, y1 - y0}
}

// span maps [at, at+size) of full px onto [from, to) of now px, at least one wide.
func span(at, size, full, now int) (from, to int) {
	scale := func(v int) int { return int((int64(v)*int64(now)*2 + int64(full)) / (2 * int64(full))) }
	from = min(scale(at), now-1)
	return from, max(from+1, min(scale(at+size), now))
}

// trimmedBox is b without its border; all of b where nothing would be left.
func trimmedBox(p *picture, b box, threshold int, stop *stopper) (box, error) {
	view, err := chain(p,
		func(p *picture) (*picture, error) { return p.watched(stop) },
		func(p *picture) (*picture, error) { return p.crop(b) })
	if err != nil {
		return box{}, err
	}
	defer view.close()
	t, err := view.findTrim(threshold)
	if err != nil {
		return box{}, err
	}
	if t.w == 0 || t.h == 0 {
		return b, nil
	}
	return box{b.x + t.x, b.y + t.y, t.w, t.h}, nil
}

// nearest returns the smallest picture that one of w × h may be made from.
func (px *regionPixels) nearest(w, h int) *picture {
	best := px.frames[0]
	for _, level := range px.levels {
		if servesFor(level.width(), level.height(), w, h) {
			best = level
		}
	}
	return best
}

// keep adds a finished size of the first frame.
func (px *regionPixels) keep(p *picture) {
	if !slices.ContainsFunc(px.levels, func(l *picture) bool { return l.im == p.im }) {
		px.levels = append(px.levels, p.ref())
	}
}

// small returns the smallest picture of the whole source that was made and is
// still large enough for a placeholder.
func (rs *regions) small() *picture {
	best := rs.work.frames[0]
	whole := region{extract: imaging.Rect{Width: rs.work.width, Height: rs.work.height}}
	if px, ok := rs.made[whole]; ok {
		for _, level := range px.levels {
			if servesPlaceholder(level.width(), level.height()) {
				best = level
			}
		}
	}
	return best
}
