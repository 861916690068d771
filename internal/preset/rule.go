package preset

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// rule builds rules[i]; presets are those that were read without a problem, and
// nil for one that was not.
func (r *report) rule(rules []rawRule, i int, presets map[string][]Variant) Rule {
	raw, path := rules[i], fmt.Sprintf("rules[%d]", i)
	r.checkPattern(raw.Match, path+".match")
	for j := range i {
		if covers(rules[j].Match, raw.Match) {
			r.add(path+".match", "%q is never reached: rules[%d] with %q takes every key that it matches; put the special rule first",
				raw.Match, j, rules[j].Match)
			break
		}
	}
	rule := Rule{Match: raw.Match, Presets: raw.Presets}
	from := map[string]string{} // folded variant name → its preset
	for j, name := range raw.Presets {
		field := fmt.Sprintf("%s.presets[%d]", path, j)
		variants, known := presets[name]
		switch {
		case !known:
			r.add(field, "%v", noPreset(name, presets))
			continue
		case slices.Contains(raw.Presets[:j], name):
			r.add(field, "the preset %q is there twice", name)
			continue
		}
		for _, v := range variants {
			folded := strings.ToLower(v.Name)
			if other, taken := from[folded]; taken {
				r.add(field, "the variant %q is in the presets %q and %q: its key would be the same; names must be unique in a rule, "+
					"whatever their format or case", v.Name, other, name)
			}
			from[folded] = name
		}
		rule.Variants = append(rule.Variants, variants...)
	}
	rule.Hash = ruleHash(rule.Variants)
	return rule
}

func noPreset(name string, presets map[string][]Variant) error {
	names := slices.Sorted(maps.Keys(presets))
	return fmt.Errorf("there is no preset %q%s", name, cmp.Or(didYouMean(name, names), ": there are "+strings.Join(names, ", ")))
}

// WithPreset returns a copy of the configuration in which one preset is for every
// key, whether or not a rule names it.
func (c *Config) WithPreset(name string) (*Config, error) {
	variants, known := c.presets[name]
	if !known {
		return nil, noPreset(name, c.presets)
	}
	all := *c
	all.Rules = []Rule{{Match: "**", Presets: []string{name}, Variants: variants, Hash: ruleHash(variants)}}
	return &all, nil
}

// checkPattern reports patterns that are malformed or can match no source.
func (r *report) checkPattern(pattern, field string) {
	switch {
	case !doublestar.ValidatePattern(pattern):
		r.add(field, "%q is not a pattern: a bracket, a brace or an escape does not end", pattern)
	case strings.HasPrefix(pattern, "/"):
		r.add(field, `%q matches nothing: keys do not begin with "/"`, pattern)
	case strings.HasSuffix(pattern, "/"):
		r.add(field, `%q matches nothing: keys that end in "/" are no sources; write %q for all that is under it`, pattern, pattern+"**")
	}
}

// covers reports whether one pattern surely matches every key that another does.
// It knows the common cases only: the same pattern, everything, and a folder.
func covers(pattern, other string) bool {
	if pattern == other || pattern == "**" || pattern == "**/*" {
		return true
	}
	folder, ok := strings.CutSuffix(pattern, "**")
	return ok && strings.HasSuffix(folder, "/") && !strings.ContainsAny(folder, `*?[{\`) && strings.HasPrefix(other, folder)
}
