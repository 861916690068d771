package preset

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/invopop/jsonschema"

	"pixmill/internal/imaging"
	"pixmill/internal/schematest"
)

// The JSON Schema is generated here, from the raw types and the tables of the
// checks, and committed, so that no program carries the generator.
const schemaFile = "../../docs/schema/pixmill.schema.json"

func TestSchema_IsUpToDate(t *testing.T) { schematest.UpToDate(t, schemaFile, generateSchema()) }

func generateSchema() *jsonschema.Schema {
	r := jsonschema.Reflector{
		Anonymous:                  true,
		ExpandedStruct:             true,
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		Namer:                      func(t reflect.Type) string { return strings.ToLower(strings.TrimPrefix(t.Name(), "raw")) },
		Mapper:                     mapScalar,
	}
	s := r.Reflect(&rawConfig{})
	s.Title = "pixmill.yaml"
	s.Description = "Which variants Pixmill makes of which images."
	one := uint64(1)
	presets, _ := s.Properties.Get("presets")
	presets.MinProperties = &one
	presets.AdditionalProperties.MinItems = &one
	s.Definitions["notify"].MinProperties = &one
	combinations(s.Definitions["variant"])
	return s
}

// mapScalar describes the types that read their own node.
func mapScalar(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[size]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Type: "integer", Minimum: "1"}, {Type: "string", Pattern: sizePattern},
		}}
	case reflect.TypeFor[duration]():
		return &jsonschema.Schema{Type: "string", Pattern: durationPattern}
	case reflect.TypeFor[ratios]():
		ratio := &jsonschema.Schema{Type: "number", Minimum: "1", Maximum: "8"}
		one := uint64(1)
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{ratio, {Type: "array", Items: ratio, MinItems: &one, UniqueItems: true}}}
	}
	return nil
}

// combinations adds the rules of combine.go that a schema can say.
func combinations(variant *jsonschema.Schema) {
	for _, o := range formatOptions {
		var without []any
		for _, f := range outputFormats {
			if !slices.Contains(o.formats, f) {
				without = append(without, f)
			}
		}
		never := jsonschema.FalseSchema
		if f, _ := variant.Properties.Get(o.field); f.Type == "boolean" {
			never = &jsonschema.Schema{Const: false}
		}
		variant.AllOf = append(variant.AllOf, when("format", without, has(o.field, never)))
	}
	variant.AllOf = append(variant.AllOf,
		when("fit", []any{imaging.FitCover, imaging.FitContain, imaging.FitFill, imaging.FitOutside}, &jsonschema.Schema{Required: []string{"width", "height"}}),
		when("gps", []any{true}, &jsonschema.Schema{Required: []string{"metadata"}, Properties: has("metadata", &jsonschema.Schema{Const: "all"}).Properties}),
	)
	variant.DependentSchemas = map[string]*jsonschema.Schema{
		"formats": {Required: []string{"format"}, Properties: has("format", &jsonschema.Schema{Const: "auto"}).Properties},
	}
	variant.Not = &jsonschema.Schema{Required: []string{"gravity", "focal"}}
}

func when(field string, values []any, then *jsonschema.Schema) *jsonschema.Schema {
	condition := has(field, &jsonschema.Schema{Enum: values})
	condition.Required = []string{field}
	return &jsonschema.Schema{If: condition, Then: then}
}

func has(field string, s *jsonschema.Schema) *jsonschema.Schema {
	p := jsonschema.NewProperties()
	p.Set(field, s)
	return &jsonschema.Schema{Properties: p}
}

func validate(t *testing.T, s schematest.Schema, data []byte) error {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(t, asJSON)
}

// TestSchema_AgreesWithTheParser holds both to the same files: what the parser
// takes, an editor must not mark; what an editor can know to be wrong, it must.
func TestSchema_AgreesWithTheParser(t *testing.T) {
	s := schematest.Compile(t, schemaFile)
	good, err := os.ReadFile("testdata/every-field.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse("every-field.yaml", good); err != nil {
		t.Fatal(err)
	}
	if err := validate(t, s, good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"unknown field":           {"revision:", "revison:"},
		"unknown field deep":      {"quality: 70", "qualty: 70"},
		"text for a number":       {"quality: 70", "quality: high"},
		"out of range":            {"quality: 70", "quality: 101"},
		"not in the list":         {"fit: contain", "fit: contains"},
		"no bucket":               {"bucket: uploads", ""},
		"bad bucket":              {"bucket: uploads", "bucket: Up_loads"},
		"prefix without slash":    {"prefix: originals/", "prefix: originals"},
		"no presets in a rule":    {"[every, second]", "[]"},
		"quality of a png":        {"format: jpeg", "format: png"},
		"cover without a height":  {"height: 300\n", "\n"},
		"gps without metadata":    {"metadata: all\n", "\n"},
		"formats without auto":    {"format: auto", "format: avif"},
		"gravity and focal":       {"focal: {x: 0.5, y: 0.25}", "focal: {x: 0.5, y: 0.25}\n      gravity: north"},
		"half a point":            {"{x: 0.5, y: 0.25}", "{x: 0.5}"},
		"a colour without #":      {`"#ff8800"`, `"ff8800"`},
		"a size with a bad unit":  {"200KB", "200XB"},
		"a time without a unit":   {"deadline: 20s", "deadline: 20"},
		"a ratio over the limit":  {"[1, 1.5, 2]", "[1, 9]"},
		"a name with a slash":     {"name: second", "name: a/second"},
		"events to nowhere":       {"notify:\n  eventbridge: arn:aws:events:eu-central-1:123456789012:event-bus/images\n  sns: arn:aws:sns:eu-central-1:123456789012:images.fifo\n  sqs: https://sqs.eu-central-1.amazonaws.com/123456789012/images.fifo\n", "notify: {}\n"},
		"a bus with a space":      {":event-bus/images", ":event-bus/ima ges"},
		"a topic without account": {"sns:eu-central-1:123456789012:", "sns:eu-central-1:"},
		"a queue's ARN":           {"https://sqs.eu-central-1.amazonaws.com/123456789012/images.fifo", "arn:aws:sqs:eu-central-1:123456789012:images.fifo"},
		"an unknown target":       {"sns: arn", "snss: arn"},
		"an empty bus":            {"arn:aws:events:eu-central-1:123456789012:event-bus/images", `""`},
		"a dimension beyond jpeg": {"dimension: 20000", "dimension: 70000"},
	} {
		t.Run(name, func(t *testing.T) {
			if !bytes.Contains(good, []byte(change[0])) {
				t.Fatalf("the file has no %q", change[0])
			}
			bad := bytes.Replace(good, []byte(change[0]), []byte(change[1]), 1)
			if _, err := Parse("bad.yaml", bad); err == nil {
				t.Error("the parser takes it")
			}
			if err := validate(t, s, bad); err == nil {
				t.Error("the schema takes it")
			}
		})
	}
}

func TestSchema_TakesTheDefaultConfiguration(t *testing.T) {
	data, err := os.ReadFile("../../pixmill.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := Parse("pixmill.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Limits != imaging.DefaultLimits() {
		t.Errorf("the limits it writes out are not the defaults: %+v", cfg.Limits)
	}
	if err := validate(t, schematest.Compile(t, schemaFile), data); err != nil {
		t.Error(err)
	}
}

// TestSchema_EveryFieldIsInTheExample keeps testdata/every-field.yaml complete,
// and with it the two tests above.
func TestSchema_EveryFieldIsInTheExample(t *testing.T) {
	data, err := os.ReadFile("testdata/every-field.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[rawConfig](), reflect.TypeFor[rawLocation](), reflect.TypeFor[rawRule](),
		reflect.TypeFor[rawVariant](), reflect.TypeFor[rawLimits](), reflect.TypeFor[rawNotify](),
	} {
		for _, name := range fieldsOf(typ).names {
			if !bytes.Contains(data, []byte(name+":")) {
				t.Errorf("%s.%s is not in the example", typ, name)
			}
		}
	}
}
