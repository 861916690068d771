package preset

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"pixmill/internal/imaging"
)

// variantName leaves out what has a meaning in a key, a URL or a shell, and "@",
// which dpr appends.
var variantName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

const maxNameBytes = 64

// presets builds every preset, used by a rule or not.
func (r *report) presets(raw map[string][]rawVariant, cfg *Config) map[string][]Variant {
	presets := make(map[string][]Variant, len(raw))
	for name, list := range raw {
		path := join("presets", name)
		if name == "" || len(name) > maxNameBytes {
			r.add(path, "the name of a preset has 1 to %d bytes, this one %d", maxNameBytes, len(name))
		}
		if len(list) == 0 {
			r.add(path, "the preset has no variants: at least one")
		}
		presets[name] = r.variants(path, list, cfg)
	}
	return presets
}

// variants builds one preset: each entry is checked by itself, then their names together.
func (r *report) variants(path string, list []rawVariant, cfg *Config) []Variant {
	var all []Variant
	first := map[string]int{} // folded name → index of the entry that has it
	for i := range list {
		raw, entry := &list[i], fmt.Sprintf("%s[%d]", path, i)
		r.checkName(raw.Name, entry+".name")
		r.checkCombinations(raw, entry, cfg.Limits)
		folded := strings.ToLower(raw.Name)
		if other, taken := first[folded]; taken {
			r.add(entry+".name", "%q is the name of entry %d, too: their key would be the same; names must be unique whatever their format or case",
				raw.Name, other)
			continue
		}
		first[folded] = i
		all = append(all, expand(raw, cfg.Engine)...)
	}
	return all
}

func (r *report) checkName(name, field string) {
	switch {
	case len(name) > maxNameBytes:
		r.add(field, "the name has %d bytes, over the limit of %d", len(name), maxNameBytes)
	case !variantName.MatchString(name):
		r.add(field, "%q is not a name: letters a-z and A-Z, digits, '.', '_' and '-', beginning with a letter or digit", name)
	case strings.EqualFold(name, "manifest"):
		r.add(field, "%q is the manifest's own name", name)
	}
}

// expand returns one variant for each device pixel ratio.
func expand(raw *rawVariant, engine string) []Variant {
	list := raw.DPR
	if len(list) == 0 {
		list = ratios{1}
	}
	variants := make([]Variant, len(list))
	for i, ratio := range list {
		name, spec := raw.Name, specOf(raw)
		if ratio != 1 {
			name += "@" + strconv.FormatFloat(ratio, 'f', -1, 64) + "x"
			spec.DPR = ratio
		}
		variants[i] = Variant{Name: name, Spec: spec, Hash: variantHash(engine, spec)}
	}
	return variants
}

// specOf returns the Spec of an entry. Values that are the default in words
// become the zero value, so that writing them out changes no hash.
func specOf(raw *rawVariant) imaging.Spec {
	s := imaging.Spec{
		Trim: raw.Trim, Rotate: raw.Rotate, Width: raw.Width, Height: raw.Height,
		Fit: imaging.Fit(unless(raw.Fit, string(imaging.FitInside))), Enlarge: raw.Enlarge,
		Gravity: gravity(raw.Gravity), Flip: raw.Flip, Flop: raw.Flop, Background: colour(raw.Background),
		Format: imaging.Format(raw.Format), Quality: raw.Quality, Effort: raw.Effort, Chroma: raw.Chroma,
		Lossless: raw.Lossless, Progressive: raw.Progressive, Palette: raw.Palette,
		MaxBytes: int(raw.MaxBytes), Animated: raw.Animated,
		ColourSpace: unless(raw.ColourSpace, "srgb"), Metadata: unless(raw.Metadata, "none"), GPS: raw.GPS,
	}
	if e := raw.Extract; e != nil {
		s.Extract = &imaging.Rect{X: e.X, Y: e.Y, Width: e.Width, Height: e.Height}
	}
	if f := raw.Focal; f != nil {
		s.Focal = &imaging.Point{X: f.X, Y: f.Y}
	}
	for _, f := range raw.Formats {
		s.Formats = append(s.Formats, imaging.Format(f))
	}
	return s
}

// unless returns s, or nothing where s is the default in words.
func unless(s, standard string) string {
	if s == standard {
		return ""
	}
	return s
}

func gravity(s string) imaging.Gravity {
	if s == "center" || s == string(imaging.GravityCentre) {
		return ""
	}
	return imaging.Gravity(s)
}

// colour returns the one spelling of a colour: lower case, and without an alpha
// that is opaque anyway.
func colour(s string) string {
	s = strings.ToLower(s)
	if len(s) == len("#rrggbbaa") {
		return strings.TrimSuffix(s, "ff")
	}
	return s
}
