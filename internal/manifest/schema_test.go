package manifest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"pixmill/internal/manifest"
)

// The JSON Schema is generated here, from the types and their comments, and
// committed, so that no program carries the generator.
const schemaFile = "../../docs/schema/manifest.schema.json"

// UPDATE_GOLDEN=1 writes the file anew.
func TestSchema_IsUpToDate(t *testing.T) {
	want := generateSchema(t)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the types say: UPDATE_GOLDEN=1 go test ./internal/manifest -run TestSchema_IsUpToDate", schemaFile)
	}
}

func generateSchema(t *testing.T) []byte {
	t.Helper()
	// Additive changes only: a reader must accept fields that it does not know.
	r := jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, AllowAdditionalProperties: true}
	for _, path := range []string{"internal/manifest", "internal/imaging"} {
		if err := r.AddGoComments("pixmill/"+path, "../../"+path, jsonschema.WithFullComment()); err != nil {
			t.Fatal(err)
		}
	}
	s := r.Reflect(&manifest.Manifest{})
	s.Title = "Pixmill manifest, version 1"
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

func TestSchema_AcceptsWhatIsWritten(t *testing.T) {
	schema := compile(t)
	rejected := &manifest.Manifest{
		Schema: 1, Status: manifest.StatusRejected, Reason: "not an image", Source: example().Source,
		PresetHash: "p", Variants: []manifest.Variant{},
	}
	rejected.Source.Image = nil
	for _, m := range []*manifest.Manifest{example(), rejected} {
		data, err := m.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(parse(t, data)); err != nil {
			t.Errorf("%v\n%s", err, data)
		}
	}
}

func TestSchema_RefusesWhatIsNoManifest(t *testing.T) {
	schema := compile(t)
	for _, text := range []string{
		`{}`,
		`[]`,
		`{"schema": "1", "status": "ok", "source": {}, "presetHash": "p", "variants": [], "timings": {}, "pixmill": ""}`,
	} {
		if schema.Validate(parse(t, []byte(text))) == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

func compile(t *testing.T) *validator.Schema {
	t.Helper()
	schema, err := validator.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func parse(t *testing.T, data []byte) any {
	t.Helper()
	value, err := validator.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return value
}
