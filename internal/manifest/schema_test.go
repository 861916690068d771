package manifest_test

import (
	"testing"

	"github.com/invopop/jsonschema"

	"pixmill/internal/manifest"
	"pixmill/internal/schematest"
)

// The JSON Schema is generated here, from the types and their comments, and
// committed, so that no program carries the generator.
const schemaFile = "../../docs/schema/manifest.schema.json"

func TestSchema_IsUpToDate(t *testing.T) { schematest.UpToDate(t, schemaFile, generateSchema(t)) }

func generateSchema(t *testing.T) *jsonschema.Schema {
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
	return s
}

func TestSchema_AcceptsWhatIsWritten(t *testing.T) {
	schema := schematest.Compile(t, schemaFile)
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
		if err := schema.Validate(t, data); err != nil {
			t.Errorf("%v\n%s", err, data)
		}
	}
}

func TestSchema_RefusesWhatIsNoManifest(t *testing.T) {
	schema := schematest.Compile(t, schemaFile)
	for _, text := range []string{
		`{}`,
		`[]`,
		`{"schema": "1", "status": "ok", "source": {}, "presetHash": "p", "variants": [], "timings": {}, "pixmill": ""}`,
	} {
		if schema.Validate(t, []byte(text)) == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}
