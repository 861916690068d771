package preset

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"pixmill/internal/imaging"
)

// outputFormats are the formats that variants can be written in.
var outputFormats = []imaging.Format{
	imaging.FormatJPEG, imaging.FormatPNG, imaging.FormatWebP, imaging.FormatAVIF, imaging.FormatGIF, imaging.FormatJXL,
}

// autoFormats are the candidates of format auto when it names none.
var autoFormats = []imaging.Format{imaging.FormatAVIF, imaging.FormatWebP, imaging.FormatJPEG, imaging.FormatPNG}

// formatOption is a field that only some formats have. The checks and the JSON
// Schema are made from the same list.
type formatOption struct {
	field   string
	formats []imaging.Format
	isSet   func(*rawVariant) bool
}

var formatOptions = []formatOption{
	{"quality", []imaging.Format{"jpeg", "webp", "avif", "jxl"}, func(v *rawVariant) bool { return v.Quality > 0 }},
	{"max_bytes", []imaging.Format{"jpeg", "webp", "avif", "jxl"}, func(v *rawVariant) bool { return v.MaxBytes > 0 }},
	{"chroma", []imaging.Format{"jpeg", "avif"}, func(v *rawVariant) bool { return v.Chroma != "" }},
	{"lossless", []imaging.Format{"webp", "avif", "jxl"}, func(v *rawVariant) bool { return v.Lossless }},
	{"progressive", []imaging.Format{"jpeg", "png"}, func(v *rawVariant) bool { return v.Progressive }},
	{"palette", []imaging.Format{"png", "gif"}, func(v *rawVariant) bool { return v.Palette > 0 }},
	{"animated", []imaging.Format{"webp", "gif"}, func(v *rawVariant) bool { return v.Animated }},
}

// maxWebP is the largest width and height that the WebP format can hold, px.
const maxWebP = 16383

// checkCombinations reports fields that cannot be together, or do nothing together.
func (r *report) checkCombinations(v *rawVariant, path string, limits imaging.Limits) {
	r.checkBox(v, path)
	r.checkSize(v, path, limits)
	r.checkFocus(v, path)
	r.checkFormats(v, path)
	r.checkEncoding(v, path)
	r.checkBackground(v, path)
}

// checkBox checks that what needs a box has one.
func (r *report) checkBox(v *rawVariant, path string) {
	if needsBoth(v.Fit) && (v.Width == 0 || v.Height == 0) {
		r.add(path+".fit", "fit %s needs both width and height; this has width %d and height %d", v.Fit, v.Width, v.Height)
		return
	}
	if v.Width > 0 || v.Height > 0 {
		return
	}
	for _, f := range []struct {
		name  string
		isSet bool
	}{{"fit", v.Fit != ""}, {"enlarge", v.Enlarge}, {"dpr", len(v.DPR) > 0}} {
		if f.isSet {
			r.add(path+"."+f.name, "%s needs width or height, and this has neither", f.name)
		}
	}
}

// needsBoth reports whether a fit has no meaning for a box of one dimension.
func needsBoth(fit string) bool {
	switch imaging.Fit(fit) {
	case imaging.FitCover, imaging.FitContain, imaging.FitFill, imaging.FitOutside:
		return true
	}
	return false
}

// checkSize checks width and height times the largest ratio against the limits.
func (r *report) checkSize(v *rawVariant, path string, limits imaging.Limits) {
	ratio := 1.0
	if len(v.DPR) > 0 {
		ratio = slices.Max(v.DPR)
	}
	limit, whose := limits.Dimension, "limits.dimension"
	if v.Format == string(imaging.FormatWebP) && limit > maxWebP {
		limit, whose = maxWebP, "the largest webp"
	}
	times, within := "", true
	if ratio != 1 {
		times = fmt.Sprintf(" with a dpr of %v", ratio)
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"width", v.Width}, {"height", v.Height}} {
		if px := math.Round(float64(f.value) * ratio); px > float64(limit) {
			within = false
			r.add(path+"."+f.name, "%d%s is over %s of %d px", f.value, times, whose, limit)
		}
	}
	if px := float64(v.Width) * float64(v.Height) * ratio * ratio; within && px > float64(limits.Pixels) {
		r.add(path+".width", "%d × %d%s is %.0f pixels, over limits.pixels of %d", v.Width, v.Height, times, px, limits.Pixels)
	}
}

// checkFocus checks gravity and focal, which choose the part that is kept.
func (r *report) checkFocus(v *rawVariant, path string) {
	fit := v.Fit
	if fit == "" {
		fit = string(imaging.FitInside)
	}
	moving := v.Gravity == string(imaging.GravitySmart) || v.Gravity == string(imaging.GravityEntropy)
	switch {
	case v.Gravity != "" && v.Focal != nil:
		r.add(path+".focal", "focal and gravity cannot be together: each says which part is kept")
	case v.Gravity != "" && fit != string(imaging.FitCover) && fit != string(imaging.FitContain):
		r.add(path+".gravity", "gravity needs fit cover or contain; fit %s neither cuts nor pads", fit)
	case moving && fit == string(imaging.FitContain):
		r.add(path+".gravity", "gravity %s needs fit cover: fit contain cuts nothing", v.Gravity)
	case v.Focal != nil && fit != string(imaging.FitCover):
		r.add(path+".focal", "focal needs fit cover; fit %s cuts nothing", fit)
	}
}

// checkFormats checks the candidates of format auto.
func (r *report) checkFormats(v *rawVariant, path string) {
	if v.Formats != nil && v.Format != string(imaging.FormatAuto) {
		r.add(path+".formats", "formats needs format auto, not %s", orTheSources(v.Format))
	}
	for i, f := range v.Formats {
		field := fmt.Sprintf("%s.formats[%d]", path, i)
		switch {
		case !slices.Contains(outputFormats, imaging.Format(f)):
			r.add(field, "%q is not one of %s%s", f, joinFormats(outputFormats), didYouMean(f, formatNames(outputFormats)))
		case slices.Contains(v.Formats[:i], f):
			r.add(field, "the format %q is there twice", f)
		}
	}
}

// checkEncoding checks that each option is one that the format has, and that
// options do not contradict each other.
func (r *report) checkEncoding(v *rawVariant, path string) {
	possible := candidates(v)
	for _, o := range formatOptions {
		if o.isSet(v) && !intersect(possible, o.formats) {
			r.add(path+"."+o.field, "%s has no meaning for format %s: it is for %s", o.field, describeFormat(v), joinFormats(o.formats))
		}
	}
	if v.Lossless {
		if v.Format == "" || v.Format == string(imaging.FormatAuto) {
			r.add(path+".lossless", "lossless needs format webp, avif or jxl, not %s", orTheSources(v.Format))
		}
		for _, f := range []struct {
			name  string
			isSet bool
		}{{"quality", v.Quality > 0}, {"max_bytes", v.MaxBytes > 0}, {"chroma", v.Chroma == "4:2:0"}} {
			if f.isSet {
				r.add(path+"."+f.name, "%s and lossless cannot be together: lossless keeps every pixel value", f.name)
			}
		}
	}
	if v.MaxBytes > math.MaxInt32 {
		r.add(path+".max_bytes", "%d bytes are out of range: at most %d", v.MaxBytes, math.MaxInt32)
	}
	if v.GPS && v.Metadata != "all" {
		r.add(path+".gps", "gps needs metadata all, not %s", orElse(v.Metadata, "none"))
	}
	if v.ColourSpace == "p3" && v.Format == string(imaging.FormatGIF) {
		r.add(path+".colour_space", "colour_space p3 has no meaning for format gif: a gif holds no colour profile")
	}
}

// hexColour is "#rrggbb" or "#rrggbbaa".
var hexColour = regexp.MustCompile(`^#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?$`)

func (r *report) checkBackground(v *rawVariant, path string) {
	switch {
	case v.Background == "" && !r.has(path+".background"):
	case !hexColour.MatchString(v.Background):
		r.add(path+".background", `%q is not a colour: write "#rrggbb" or "#rrggbbaa", in quotes`, v.Background)
	case len(colour(v.Background)) == len("#rrggbbaa") && v.Format == string(imaging.FormatJPEG):
		r.add(path+".background", "%q is partly transparent, and a jpeg cannot be", v.Background)
	}
}

// candidates are the formats that a variant may come out in.
func candidates(v *rawVariant) []imaging.Format {
	switch {
	case v.Format == "":
		return outputFormats // the source decides
	case v.Format != string(imaging.FormatAuto):
		return []imaging.Format{imaging.Format(v.Format)}
	case len(v.Formats) == 0:
		return autoFormats
	}
	var list []imaging.Format
	for _, f := range v.Formats {
		list = append(list, imaging.Format(f))
	}
	return list
}

func intersect(a, b []imaging.Format) bool {
	return slices.ContainsFunc(a, func(f imaging.Format) bool { return slices.Contains(b, f) })
}

func formatNames(list []imaging.Format) []string {
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = string(f)
	}
	return names
}

func joinFormats(list []imaging.Format) string { return strings.Join(formatNames(list), ", ") }

// describeFormat names a format, and for auto its candidates.
func describeFormat(v *rawVariant) string {
	if v.Format == string(imaging.FormatAuto) {
		return "auto of " + joinFormats(candidates(v))
	}
	return orTheSources(v.Format)
}

func orTheSources(format string) string { return orElse(format, "the source's") }

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
