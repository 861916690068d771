package preset_test

import (
	"errors"
	"strings"
	"testing"

	"pixmill/internal/fault"
	"pixmill/internal/preset"
)

// wrong is a change to the file, and exactly the lines that it must lead to.
type wrong struct {
	old, new string
	want     []string
}

// TestParse_SaysWhatIsWrong wants of each problem its place, its field, the value
// and what is allowed.
func TestParse_SaysWhatIsWrong(t *testing.T) {
	for name, tests := range map[string]map[string]wrong{
		"syntax": syntaxProblems, "shape": shapeProblems, "place": placeProblems, "rule": ruleProblems,
		"name": nameProblems, "geometry": geometryProblems, "encoding": encodingProblems, "limits": limitProblems,
	} {
		for what, test := range tests {
			t.Run(name+"/"+what, func(t *testing.T) {
				if !strings.Contains(file, test.old) {
					t.Fatalf("the file has no %q", test.old)
				}
				_, err := preset.Parse("p.yaml", []byte(strings.Replace(file, test.old, test.new, 1)))
				if err == nil {
					t.Fatal("no error")
				}
				if got, want := err.Error(), strings.Join(test.want, "\n"); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
				if _, ok := errors.AsType[*preset.Error](err); !ok || fault.KindOf(err) != fault.Misconfigured {
					t.Errorf("the error is a %T of kind %v", err, fault.KindOf(err))
				}
			})
		}
	}
}

var syntaxProblems = map[string]wrong{
	"tab":            {"  - match: \"**\"", "\t- match: \"**\"", []string{"p.yaml:7:1: not valid YAML: found character '\t' that cannot start any token"}},
	"open bracket":   {"[web]", "[web", []string{`p.yaml:9:1: not valid YAML: ',' or ']' must be specified`}},
	"bare pattern":   {`"avatars/**"`, `**`, []string{`p.yaml:5:13: not valid YAML: unexpected scalar value type; a pattern that begins with "*" must be in quotes`}},
	"two documents":  {"revision: 3", "revision: 3\n---", []string{`p.yaml:3:1: a second document begins: one file holds one configuration`}},
	"unknown anchor": {"format: jpeg", "format: *f", []string{`p.yaml:14:42: presets.web[1].format: there is no anchor "&f" before this alias`}},
	"tag":            {"format: jpeg", "format: !!str jpeg", []string{`p.yaml:14:42: presets.web[1].format: tags such as "!!str" are not supported`}},
}

var shapeProblems = map[string]wrong{
	"a slip of the pen": {"quality: 55", "qualty: 55", []string{`p.yaml:13:48: presets.web[0].qualty: unknown field; did you mean "quality"?`}},
	"another word":      {"format: jpeg", "format: jpeg, colorspace: p3", []string{`p.yaml:14:48: presets.web[1].colorspace: unknown field; did you mean "colour_space"?`}},
	"unknown field":     {"revision: 3", "storage: 3", []string{`p.yaml:1:1: storage: unknown field: there are revision, engine, source, output, rules, presets, limits, notify`}},
	"repeated field":    {"revision: 3", "revision: 3\nrevision: 4", []string{`p.yaml:2:1: revision: the field is there twice: first in line 1`}},
	"missing section":   {"source: {bucket: uploads, prefix: \"\"}\n", "", []string{`p.yaml:1:1: source: the field is missing`}},
	"missing field":     {"name: large, ", "", []string{`p.yaml:14:7: presets.web[1].name: the field is missing`}},
	"no value":          {"quality: 55", "quality: ", []string{`p.yaml:13:48: presets.web[0].quality: there is no value: write one, or leave the field out`}},
	"text for a number": {"quality: 55", "quality: high", []string{`p.yaml:13:57: presets.web[0].quality: want a whole number, not the text "high"`}},
	"fraction":          {"quality: 55", "quality: 55.5", []string{`p.yaml:13:57: presets.web[0].quality: want a whole number, not 55.5`}},
	"list for a number": {"quality: 55", "quality: [5]", []string{`p.yaml:13:57: presets.web[0].quality: want a whole number, not a list`}},
	"beyond 64 bits":    {"revision: 3", "revision: 99999999999999999999", []string{`p.yaml:1:11: revision: want a whole number, not the text "99999999999999999999"`}},
	"number for text":   {"name: large", "name: 7", []string{`p.yaml:14:14: presets.web[1].name: want text, not 7`}},
	"yes for true":      {"format: jpeg", "format: webp, animated: yes", []string{`p.yaml:14:58: presets.web[1].animated: want true or false, not the text "yes"`}},
	"text for a map":    {`{bucket: uploads, prefix: ""}`, "uploads", []string{`p.yaml:2:9: source: want a map of fields, not the text "uploads"`}},
	"text for a list":   {"[web]", "web", []string{`p.yaml:8:14: rules[1].presets: want a list, not the text "web"`}},
	"empty list":        {"[web]", "[]", []string{`p.yaml:8:14: rules[1].presets: there are 0 entries, and at least 1 are needed`}},
	"out of range":      {"quality: 55", "quality: 120", []string{`p.yaml:13:57: presets.web[0].quality: 120 is out of range: 1 to 100`}},
	"zero":              {"quality: 55", "quality: 0", []string{`p.yaml:13:57: presets.web[0].quality: 0 is out of range: 1 to 100`}},
	"not in the list":   {"revision: 3", "engine: imagick", []string{`p.yaml:1:9: engine: "imagick" is not one of vips, bimg`}},
	"all are reported": {
		"quality: 55}\n    - {name: large", "quality: 120, effort: 11, colour: red}\n    - {name: 3",
		[]string{
			`p.yaml:13:57: presets.web[0].quality: 120 is out of range: 1 to 100`,
			`p.yaml:13:70: presets.web[0].effort: 11 is out of range: 1 to 10`,
			`p.yaml:13:74: presets.web[0].colour: unknown field; did you mean "background"?`,
			`p.yaml:14:14: presets.web[1].name: want text, not 3`,
		},
	},
}

var placeProblems = map[string]wrong{
	"bucket's name":  {"bucket: uploads", "bucket: Up_loads", []string{`p.yaml:2:18: source.bucket: "Up_loads" is not a bucket's name: 3 to 63 of a-z, 0-9, '.' and '-', beginning and ending with a letter or digit`}},
	"no slash":       {`uploads, prefix: ""`, `uploads, prefix: in`, []string{`p.yaml:2:35: source.prefix: "in" does not end in "/": write "in/"`}},
	"leading slash":  {`uploads, prefix: ""`, `uploads, prefix: /in/`, []string{`p.yaml:2:35: source.prefix: "/in/" has an empty, "." or ".." segment, which no source key may have`}},
	"parent":         {`uploads, prefix: ""`, `uploads, prefix: a/../`, []string{`p.yaml:2:35: source.prefix: "a/../" has an empty, "." or ".." segment, which no source key may have`}},
	"one place":      {"bucket: uploads", "bucket: variants", []string{`p.yaml:3:9: output: source and output are the same place, all of bucket "variants": every variant would be a new source for ever; use another bucket, or prefixes of which neither begins with the other, as originals/ and variants/`}},
	"output within":  {`variants, prefix: ""`, `uploads, prefix: out/`, []string{`p.yaml:3:9: output: the output, "out/" in bucket "uploads", lies within the source, all of bucket "uploads": every variant would be a new source for ever; use another bucket, or prefixes of which neither begins with the other`}},
	"source within":  {`uploads, prefix: ""`, `variants, prefix: in/`, []string{`p.yaml:3:9: output: the source, "in/" in bucket "variants", lies within the output, all of bucket "variants": a folder of variants could be a source; use another bucket, or prefixes of which neither begins with the other`}},
	"prefix's limit": {`uploads, prefix: ""`, `uploads, prefix: ` + strings.Repeat("p", 512) + `/`, []string{`p.yaml:2:35: source.prefix: the prefix has 513 bytes, over the limit of 512`}},
}

var ruleProblems = map[string]wrong{
	"never reached":   {`"avatars/**"`, `"**"`, []string{`p.yaml:7:12: rules[1].match: "**" is never reached: rules[0] with "**" takes every key that it matches; put the special rule first`}},
	"folder covers":   {`- match: "**"`, `- match: "avatars/small/*"`, []string{`p.yaml:7:12: rules[1].match: "avatars/small/*" is never reached: rules[0] with "avatars/**" takes every key that it matches; put the special rule first`}},
	"malformed":       {`"avatars/**"`, `"av[atars"`, []string{`p.yaml:5:12: rules[0].match: "av[atars" is not a pattern: a bracket, a brace or an escape does not end`}},
	"leading slash":   {`"avatars/**"`, `/avatars/**`, []string{`p.yaml:5:12: rules[0].match: "/avatars/**" matches nothing: keys do not begin with "/"`}},
	"trailing slash":  {`"avatars/**"`, `avatars/`, []string{`p.yaml:5:12: rules[0].match: "avatars/" matches nothing: keys that end in "/" are no sources; write "avatars/**" for all that is under it`}},
	"empty":           {`"avatars/**"`, `""`, []string{`p.yaml:5:12: rules[0].match: the text is empty`}},
	"unknown preset":  {"[web]", "[wep]", []string{`p.yaml:8:15: rules[1].presets[0]: there is no preset "wep"; did you mean "web"?`}},
	"no such preset":  {"[web]", "[print]", []string{`p.yaml:8:15: rules[1].presets[0]: there is no preset "print": there are avatar, web`}},
	"preset twice":    {"[web]", "[web, web]", []string{`p.yaml:8:20: rules[1].presets[1]: the preset "web" is there twice`}},
	"names collide":   {"[web]\npresets:\n  avatar:\n    - {name: avatar", "[web, avatar]\npresets:\n  avatar:\n    - {name: Hero", []string{`p.yaml:8:20: rules[1].presets[1]: the variant "Hero" is in the presets "web" and "avatar": its key would be the same; names must be unique in a rule, whatever their format or case`}},
	"empty preset":    {"presets:\n", "presets:\n  none: []\n", []string{`p.yaml:10:3: presets.none: the preset has no variants: at least one`}},
	"no rules at all": {"rules:\n", "rules: []\nrulez:\n", []string{`p.yaml:4:8: rules: there are 0 entries, and at least 1 are needed`, `p.yaml:5:1: rulez: unknown field; did you mean "rules"?`}},
}

var nameProblems = map[string]wrong{
	"taken":         {"name: large", "name: hero", []string{`p.yaml:14:14: presets.web[1].name: "hero" is the name of entry 0, too: their key would be the same; names must be unique whatever their format or case`}},
	"only in case":  {"name: large", "name: Hero", []string{`p.yaml:14:14: presets.web[1].name: "Hero" is the name of entry 0, too: their key would be the same; names must be unique whatever their format or case`}},
	"manifest":      {"name: large", "name: Manifest", []string{`p.yaml:14:14: presets.web[1].name: "Manifest" is the manifest's own name`}},
	"parent folder": {"name: large", "name: ../x", []string{`p.yaml:14:14: presets.web[1].name: "../x" is not a name: letters a-z and A-Z, digits, '.', '_' and '-', beginning with a letter or digit`}},
	"ratio's sign":  {"name: large", "name: x@2x", []string{`p.yaml:14:14: presets.web[1].name: "x@2x" is not a name: letters a-z and A-Z, digits, '.', '_' and '-', beginning with a letter or digit`}},
	"unicode":       {"name: large", "name: größe", []string{`p.yaml:14:14: presets.web[1].name: "größe" is not a name: letters a-z and A-Z, digits, '.', '_' and '-', beginning with a letter or digit`}},
	"too long":      {"name: large", "name: " + strings.Repeat("n", 65), []string{`p.yaml:14:14: presets.web[1].name: the name has 65 bytes, over the limit of 64`}},
}
