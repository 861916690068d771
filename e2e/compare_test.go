package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pixmill/internal/manifest"
)

// normalise removes from a manifest what may differ between two places that did
// the same work. This is the whole list; every other difference is a defect.
// A manifest holds no URLs: its addresses are keys.
func normalise(m *manifest.Manifest) {
	m.Timings = manifest.Timings{} // how long it took, and when it was written
	m.Source.Sequencer = ""        // of the event; each store counts in its own way
	m.Source.VersionID = ""        // of the object, where a bucket keeps versions
	m.Source.Bucket = ""           // LocalStack's are named after the run
}

// normalised returns a manifest without what normalise removes. The document is
// read into the type of the product, so what that does not know is an error.
func normalised(doc []byte) ([]byte, error) {
	m, err := manifest.Parse(doc)
	if err != nil {
		return nil, err
	}
	whole, err := m.Marshal()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(whole, doc) {
		return nil, fmt.Errorf("read and written again, the manifest is another:\n%s", difference(string(doc), string(whole)))
	}
	normalise(m)
	return m.Marshal()
}

// compare fails for every difference between the manifests of two places, which
// are documents by source key.
func compare(t *testing.T, a, b result) {
	t.Helper()
	for _, d := range differences(a, b) {
		t.Error(d)
	}
}

// result is what a scenario left at one place.
type result struct {
	place string
	docs  map[string][]byte
}

func differences(a, b result) []string {
	var found []string
	keys := slices.Collect(maps.Keys(a.docs))
	for key := range b.docs {
		if _, both := a.docs[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		docA, errA := normalisedOf(a, key)
		docB, errB := normalisedOf(b, key)
		switch {
		case errA != nil || errB != nil:
			found = append(found, fmt.Sprintf("%q: %v %v", key, errA, errB))
		case docA != docB:
			found = append(found, fmt.Sprintf("%q: the manifest of %s (-) is not that of %s (+):\n%s", key, a.place, b.place, difference(docA, docB)))
		}
	}
	return found
}

func normalisedOf(r result, key string) (string, error) {
	doc, ok := r.docs[key]
	if !ok {
		return "", fmt.Errorf("%s has no manifest;", r.place)
	}
	text, err := normalised(doc)
	if err != nil {
		return "", fmt.Errorf("%s: %w;", r.place, err)
	}
	return string(text), nil
}

// difference shows the lines in which two texts differ, those of the first with
// "-" and those of the second with "+".
func difference(a, b string) string {
	var out strings.Builder
	linesA, linesB := strings.Split(a, "\n"), strings.Split(b, "\n")
	for _, side := range []struct {
		sign        string
		here, there []string
	}{{"-", linesA, linesB}, {"+", linesB, linesA}} {
		for n, line := range side.here {
			if n >= len(side.there) || side.there[n] != line {
				fmt.Fprintf(&out, "%s %d: %s\n", side.sign, n+1, line)
			}
		}
	}
	return out.String()
}

func TestCompare_OnlyTheListedFieldsMayDiffer(t *testing.T) {
	base := func() *manifest.Manifest {
		return &manifest.Manifest{
			Schema: 1, Status: manifest.StatusOK, PresetHash: "p", Pixmill: "v",
			Source:   manifest.Source{Bucket: "b", Key: "k", Identity: "i", ETag: "e", VersionID: "v", Sequencer: "s", Bytes: 5},
			Variants: []manifest.Variant{{Name: "large", Status: manifest.StatusOK, SHA256: "aa"}},
		}
	}
	for _, tt := range []struct {
		name  string
		edit  func(*manifest.Manifest)
		equal bool
	}{
		{"nothing", func(*manifest.Manifest) {}, true},
		{"timings", func(m *manifest.Manifest) { m.Timings.TotalMS = 7 }, true},
		{"sequencer", func(m *manifest.Manifest) { m.Source.Sequencer = "t" }, true},
		{"versionId", func(m *manifest.Manifest) { m.Source.VersionID = "" }, true},
		{"bucket", func(m *manifest.Manifest) { m.Source.Bucket = "c" }, true},
		{"sha256 of a variant", func(m *manifest.Manifest) { m.Variants[0].SHA256 = "ab" }, false},
		{"a variant less", func(m *manifest.Manifest) { m.Variants = nil }, false},
		{"etag", func(m *manifest.Manifest) { m.Source.ETag = "f" }, false},
		{"program's version", func(m *manifest.Manifest) { m.Pixmill = "w" }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			one, other := base(), base()
			tt.edit(other)
			got := differences(result{"one", marshalled(t, one)}, result{"other", marshalled(t, other)})
			if equal := len(got) == 0; equal != tt.equal {
				t.Errorf("equal: %v, want %v; %q", equal, tt.equal, got)
			}
		})
	}
}

// TestNormalise_RemovesNothingElse fills every field that a manifest has, also those
// that it will get, and looks which of them are gone.
func TestNormalise_RemovesNothingElse(t *testing.T) {
	var m manifest.Manifest
	leaves(reflect.ValueOf(&m), "", func(_ string, v reflect.Value) {
		switch {
		case v.Type() == reflect.TypeFor[time.Time]():
			v.Set(reflect.ValueOf(time.Unix(1, 0)))
		case v.Kind() == reflect.String:
			v.SetString("x")
		case v.Kind() == reflect.Bool:
			v.SetBool(true)
		case v.Kind() == reflect.Map:
			v.Set(reflect.MakeMap(v.Type())) // not nil is enough
		default:
			v.Set(reflect.ValueOf(1).Convert(v.Type()))
		}
	})
	normalise(&m)
	var gone []string
	leaves(reflect.ValueOf(&m), "", func(path string, v reflect.Value) {
		if v.IsZero() {
			gone = append(gone, path)
		}
	})
	want := []string{
		".Source.Bucket", ".Source.VersionID", ".Source.Sequencer",
		".Timings.Written", ".Timings.FetchMS", ".Timings.RenderMS", ".Timings.TotalMS",
	}
	if !slices.Equal(gone, want) {
		t.Errorf("normalise removes %q, want %q", gone, want)
	}
}

// leaves walks all that a value consists of; where there is nothing, it makes it.
func leaves(v reflect.Value, path string, each func(path string, v reflect.Value)) {
	switch {
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		leaves(v.Elem(), path, each)
	case v.Kind() == reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		leaves(v.Index(0), path+"[0]", each)
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		for i := range v.NumField() {
			leaves(v.Field(i), path+"."+v.Type().Field(i).Name, each)
		}
	default:
		each(path, v)
	}
}

func TestCompare_AMissingManifestAndAFieldThatNobodyKnows(t *testing.T) {
	docs := marshalled(t, &manifest.Manifest{Schema: 1})
	if got := differences(result{"one", docs}, result{"other", nil}); len(got) != 1 || !strings.Contains(got[0], "other has no manifest") {
		t.Errorf("a missing manifest: %q", got)
	}
	longer := map[string][]byte{"k": bytes.Replace(docs["k"], []byte(`"schema": 1,`), []byte(`"schema": 1, "url": "x",`), 1)}
	if got := differences(result{"one", longer}, result{"other", longer}); len(got) != 1 || !strings.Contains(got[0], `"url"`) {
		t.Errorf("an unknown field: %q", got)
	}
}

func marshalled(t *testing.T, m *manifest.Manifest) map[string][]byte {
	t.Helper()
	doc, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"k": doc}
}
