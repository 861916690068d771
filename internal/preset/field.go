package preset

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// field is what the tags of one field of a raw type say.
type field struct {
	index    int
	required bool
	minimum  *float64
	maximum  *float64
	minItems int
	enum     []string
}

// fieldSet is the fields of a raw type, names in the order of the type.
type fieldSet struct {
	names  []string
	byName map[string]field
}

// fieldsOf reads the tags of a raw type. A tag that does not parse is a defect
// of this package, which its tests would meet.
func fieldsOf(t reflect.Type) fieldSet {
	set := fieldSet{byName: map[string]field{}}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		f := field{index: i}
		for term := range strings.SplitSeq(t.Field(i).Tag.Get("jsonschema"), ",") {
			key, value, _ := strings.Cut(term, "=")
			switch key {
			case "required":
				f.required = true
			case "minimum":
				f.minimum = mustFloat(value)
			case "maximum":
				f.maximum = mustFloat(value)
			case "minItems", "minProperties", "minLength":
				f.minItems = int(*mustFloat(value))
			case "enum":
				f.enum = append(f.enum, value)
			}
		}
		set.names = append(set.names, name)
		set.byName[name] = f
	}
	return set
}

func mustFloat(s string) *float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("preset: a jsonschema tag: " + err.Error())
	}
	return &f
}

// check reports a value that the tags do not allow.
func (f field) check(r *report, path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Int:
		if f.enum != nil && !slices.Contains(f.enum, strconv.FormatInt(v.Int(), 10)) {
			r.add(path, "%d is not one of %s", v.Int(), strings.Join(f.enum, ", "))
			return
		}
		f.checkRange(r, path, float64(v.Int()))
	case reflect.Float64:
		f.checkRange(r, path, v.Float())
	case reflect.String:
		switch s := v.String(); {
		case f.enum != nil && !slices.Contains(f.enum, s):
			r.add(path, "%q is not one of %s%s", s, strings.Join(f.enum, ", "), didYouMean(s, f.enum))
		case f.enum == nil && s == "" && f.minItems > 0:
			r.add(path, "the text is empty")
		}
	case reflect.Slice, reflect.Map:
		if v.Len() < f.minItems {
			r.add(path, "there are %d entries, and at least %d are needed", v.Len(), f.minItems)
		}
	}
}

func (f field) checkRange(r *report, path string, v float64) {
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	low, high := f.minimum != nil && v < *f.minimum, f.maximum != nil && v > *f.maximum
	switch {
	case !low && !high:
	case f.maximum == nil:
		r.add(path, "%s is out of range: at least %s", number(v), number(*f.minimum))
	default:
		r.add(path, "%s is out of range: %s to %s", number(v), number(*f.minimum), number(*f.maximum))
	}
}

// hint says which field was meant, or which there are.
func (s fieldSet) hint(name string) string {
	return cmp.Or(didYouMean(name, s.names), ": there are "+strings.Join(s.names, ", "))
}

// sameMeaning has the usual other words for words of this file.
var sameMeaning = map[string]string{
	"jpg": "jpeg", "color_space": "colour_space", "colorspace": "colour_space", "colour": "background",
	"color": "background", "crop": "cover", "pattern": "match", "variants": "presets", "top": "north",
	"bottom": "south", "left": "west", "right": "east", "attention": "smart", "type": "format",
	"bus": "eventbridge", "topic": "sns", "queue": "sqs",
}

// didYouMean returns `; did you mean "x"?` for the allowed word that is nearest to a
// word that is not, or nothing where none is near.
func didYouMean(word string, allowed []string) string {
	lower := strings.ToLower(strings.ReplaceAll(word, "-", "_"))
	if other, ok := sameMeaning[lower]; ok && slices.Contains(allowed, other) {
		return fmt.Sprintf("; did you mean %q?", other)
	}
	best, bestDistance := "", 1+len(word)/3
	for _, candidate := range allowed {
		if n := editDistance(lower, strings.ToLower(candidate)); n < bestDistance || n == bestDistance && best == "" {
			best, bestDistance = candidate, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance is Levenshtein's: insertions, deletions and substitutions of bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
