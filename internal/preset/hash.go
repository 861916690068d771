package preset

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"pixmill/internal/imaging"
)

// hashScheme is part of every hash. A change in what is hashed, or in how an
// engine reads a Spec, gets a new number, and every variant is made again.
const hashScheme = 1

// variantHash is over what the bytes of a variant depend on beside the source.
// It does not cover the version of the library: a new one alone is no reason to
// make millions of images again.
func variantHash(engine string, spec imaging.Spec) string {
	return hashJSON(struct {
		Scheme int          `json:"scheme"`
		Engine string       `json:"engine"`
		Spec   imaging.Spec `json:"spec"`
	}{hashScheme, engine, spec})
}

// ruleHash is over the names and hashes of the variants. Their order, the names
// of presets and the pattern change no result.
func ruleHash(variants []Variant) string {
	type named struct {
		Name string `json:"name"`
		Hash string `json:"hash"`
	}
	list := make([]named, len(variants))
	for i, v := range variants {
		list[i] = named{v.Name, v.Hash}
	}
	slices.SortFunc(list, func(a, b named) int { return strings.Compare(a.Name, b.Name) })
	return hashJSON(struct {
		Scheme   int     `json:"scheme"`
		Variants []named `json:"variants"`
	}{hashScheme, list})
}

// hashJSON returns the first 128 bits of the SHA-256 of v's JSON, in hex.
// encoding/json is canonical for structs without maps: fields in their order, no
// space. Only whoever writes the configuration chooses what is hashed, so a
// collision could only be an accident; at 128 bits there is none to be expected
// before 2^64 configurations.
func hashJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic("preset: " + err.Error()) // NaN or ±Inf in a Spec: the checks let none through
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}
