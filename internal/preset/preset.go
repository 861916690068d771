// Package preset is pixmill.yaml: where sources and variants live, which rules
// match which keys, and what variants are made. It reads and checks; it makes nothing.
package preset

import "pixmill/internal/imaging"

// Config is a checked pixmill.yaml.
type Config struct {
	Revision int    // 0 where there is none
	Engine   string // "vips" or "bimg"
	Source   Location
	Output   Location
	Rules    []Rule
	Limits   imaging.Limits
	Notify   Notify // nowhere where it is zero

	presets map[string][]Variant // all, for WithPreset
}

// Location is a bucket and a prefix in it; the prefix is empty or ends in "/".
type Location struct {
	Bucket string
	Prefix string
}

// Rule gives the variants of the keys that match a pattern.
type Rule struct {
	Match    string    // a doublestar pattern over the key without source.prefix
	Presets  []string  // names, in order
	Variants []Variant // of all its presets, expanded by dpr, in order
	Hash     string    // over what changes the results: the preset hash of the manifest
}

// Variant is one named result of a rule.
type Variant struct {
	Name string // unique within a rule; with "@2x" where dpr asks for it
	Spec imaging.Spec
	Hash string // over Spec
}

// FileName returns the last segment of the variant's key: "thumb.webp".
func (v Variant) FileName(f imaging.Format) string { return v.Name + "." + f.Extension() }
