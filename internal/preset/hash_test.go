package preset

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pixmill/internal/imaging"
)

// TestHash_EveryFieldOfSpecCounts sets each field by reflection, so that a new
// one cannot be forgotten: one hidden from JSON would leave old variants standing.
func TestHash_EveryFieldOfSpecCounts(t *testing.T) {
	seen := map[string]string{variantHash("vips", imaging.Spec{}): "nothing"}
	add := func(what string, spec imaging.Spec) {
		hash := variantHash("vips", spec)
		if other, taken := seen[hash]; taken {
			t.Errorf("setting %s gives the hash of setting %s", what, other)
		}
		seen[hash] = what
	}
	typ := reflect.TypeFor[imaging.Spec]()
	for i := range typ.NumField() {
		var spec imaging.Spec
		f := reflect.ValueOf(&spec).Elem().Field(i)
		setNonZero(t, f)
		add(typ.Field(i).Name, spec)
		if f.Kind() != reflect.Pointer {
			continue
		}
		for j := range f.Elem().NumField() { // Rect, Point
			setNonZero(t, f)
			f.Elem().Field(j).SetZero()
			add(typ.Field(i).Name+" without "+f.Elem().Type().Field(j).Name, spec)
		}
	}
}

func setNonZero(t *testing.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Int:
		v.SetInt(7)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("x")
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		setNonZero(t, v.Index(0))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		for i := range v.Elem().NumField() {
			setNonZero(t, v.Elem().Field(i))
		}
	default:
		t.Fatalf("a field of kind %v: teach this test to set it", v.Kind())
	}
}

func TestHash_EngineAndSchemeCount(t *testing.T) {
	if variantHash("vips", imaging.Spec{}) == variantHash("bimg", imaging.Spec{}) {
		t.Error("the engines' variants have one hash")
	}
	// Pinned: a change here makes every user's variants again, and must be meant.
	if got, want := variantHash("vips", imaging.Spec{Width: 200}), "68478e9c48c8c646840fb829e674d5a7"; got != want {
		t.Errorf("hash is %s, want %s: a change needs a new hashScheme", got, want)
	}
}

// TestHash_OrderAndWordsDoNotCount draws files that mean the same.
func TestHash_OrderAndWordsDoNotCount(t *testing.T) {
	entries := []string{
		`{name: a, width: 200, format: webp}`,
		`{name: b, width: 300, height: 100, fit: cover}`,
		`{name: c, width: 400, background: "#ff0000", format: png}`,
	}
	same := map[string][]string{ // the words that mean the entry
		entries[0]: {entries[0], `{format: webp, width: 200, name: a}`, `{name: a, width: 200, fit: inside, dpr: 1, format: webp}`},
		entries[1]: {entries[1], `{height: 100, name: b, fit: cover, gravity: center, width: 300, metadata: none}`, `{name: b, width: 300, height: 100, fit: cover, gravity: centre, colour_space: srgb}`},
		entries[2]: {entries[2], `{name: c, width: 400, background: "#FF0000FF", format: png, enlarge: false}`, `{name: "c", width: 400, background: '#Ff0000', format: "png"}`},
	}
	base := hashOfFile(t, entries, "web", "**", "")
	rapid.Check(t, func(rt *rapid.T) {
		var written []string
		for _, e := range rapid.Permutation(entries).Draw(rt, "order") {
			written = append(written, rapid.SampledFrom(same[e]).Draw(rt, "words"))
		}
		got := hashOfFile(t, written, rapid.SampledFrom([]string{"web", "other"}).Draw(rt, "preset"),
			rapid.SampledFrom([]string{"**", "*.jpg"}).Draw(rt, "pattern"), rapid.SampledFrom([]string{"", " # a remark"}).Draw(rt, "comment"))
		if got != base {
			rt.Fatalf("hash is %s, want %s, for %q", got, base, written)
		}
	})
}

func TestHash_NamesAndVariantsCount(t *testing.T) {
	base := []string{`{name: a, width: 200}`, `{name: b, width: 300}`}
	seen := map[string]bool{hashOfFile(t, base, "web", "**", ""): true}
	for _, other := range [][]string{
		{`{name: a, width: 200}`},
		{`{name: a, width: 200}`, `{name: x, width: 300}`},
		{`{name: b, width: 200}`, `{name: a, width: 300}`},
		{`{name: a, width: 200}`, `{name: b, width: 301}`},
		{`{name: a, width: 200}`, `{name: b, width: 300, dpr: [1, 2]}`},
	} {
		hash := hashOfFile(t, other, "web", "**", "")
		if seen[hash] {
			t.Errorf("%q has the hash of another", other)
		}
		seen[hash] = true
	}
}

func hashOfFile(t *testing.T, entries []string, presetName, pattern, comment string) string {
	yaml := "source: {bucket: uploads}\noutput: {bucket: variants}\nrules: [{match: \"" + pattern + "\", presets: [" + presetName + "]}]" + comment +
		"\npresets:\n  " + presetName + ":\n    - " + strings.Join(entries, comment+"\n    - ") + "\n"
	cfg, err := Parse("p.yaml", []byte(yaml))
	if err != nil {
		t.Fatalf("%v\n%s", err, yaml)
	}
	return cfg.Rules[0].Hash
}

// TestSpec_EveryFieldIsRead parses the file with every field and wants each field
// of Spec set by one of its variants.
func TestSpec_EveryFieldIsRead(t *testing.T) {
	data, err := os.ReadFile("testdata/every-field.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := Parse("every-field.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	typ := reflect.TypeFor[imaging.Spec]()
	for i := range typ.NumField() {
		set := false
		for _, v := range cfg.Rules[0].Variants {
			set = set || !reflect.ValueOf(v.Spec).Field(i).IsZero()
		}
		if !set {
			t.Errorf("no variant sets %s", typ.Field(i).Name)
		}
	}
	limits := reflect.ValueOf(cfg.Limits)
	for i := range limits.NumField() {
		if limits.Field(i).Equal(reflect.ValueOf(imaging.DefaultLimits()).Field(i)) {
			t.Errorf("limits.%s is the default", limits.Type().Field(i).Name)
		}
	}
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(cfg.Rules[0].Hash) {
		t.Errorf("the hash is %q", cfg.Rules[0].Hash)
	}
}
