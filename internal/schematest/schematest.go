// Package schematest holds a committed JSON Schema to what it is generated from,
// and documents to the schema. It is for tests: no program carries a generator
// or a validator.
package schematest

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// UpToDate fails the test if the committed file is not what was generated, a
// value that marshals to the schema. With UPDATE_GOLDEN in the environment it
// writes the file anew.
func UpToDate(t testing.TB, file string, generated any) {
	t.Helper()
	want, err := json.MarshalIndent(generated, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the types say: run UPDATE_GOLDEN=1 go test -run '^%s$' in this package", file, t.Name())
	}
}

// Schema is a committed schema.
type Schema struct{ compiled *jsonschema.Schema }

// Compile reads a schema.
func Compile(t testing.TB, file string) Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return Schema{s}
}

// Validate says what the schema has against a document, which must be JSON.
func (s Schema) Validate(t testing.TB, document []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return s.compiled.Validate(value)
}
