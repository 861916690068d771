package doctor_test

import (
	"strings"
	"testing"
	"time"

	"pixmill/iam"
	"pixmill/internal/doctor"
	"pixmill/internal/manifest"
)

const photo = "trip/sea.jpg"

// made puts a source, its variants and a manifest; edit may change the manifest.
func (l *local) made(t *testing.T, edit func(*manifest.Manifest)) {
	t.Helper()
	a := l.put(t, l.source, photo, []byte("a photograph"), nil)
	rule := l.presets.Match(photo)
	m := &manifest.Manifest{
		Schema: manifest.SchemaVersion, Status: manifest.StatusOK, PresetHash: rule.Hash, Pixmill: "devel",
		Source:  manifest.Source{Bucket: "uploads", Key: photo, ETag: a.ETag},
		Timings: manifest.Timings{Written: time.Now()},
	}
	for _, v := range rule.Variants {
		key := l.presets.Folder(photo) + v.FileName(v.Spec.Format)
		m.Variants = append(m.Variants, manifest.Variant{
			Name: v.Name, Hash: v.Hash, Status: manifest.StatusOK, Key: key,
			ETag: l.put(t, l.output, key, []byte(v.Name), nil).ETag,
		})
	}
	if edit != nil {
		edit(m)
	}
	text, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	l.put(t, l.output, l.presets.Folder(photo)+manifest.Name, text, nil)
}

func TestRun_KeyWhoseVariantsAreThere(t *testing.T) {
	l := newLocal(t)
	l.made(t, nil)
	l.options.Key = photo
	found := examine(t, l.options)
	wantOnly(t, found)
	for _, want := range []string{`rule ok: "**/*.jpg" matches, presets web: 2 variants`, "source ok: 12 bytes", "variants ok: all 2"} {
		if !strings.Contains(show(found), want) {
			t.Errorf("found\n%s, want %q", show(found), want)
		}
	}
}

func TestRun_WhyAVariantIsMissing(t *testing.T) {
	const problem, warning = doctor.StatusProblem, doctor.StatusWarning
	remove := func(keys ...string) func(*testing.T, *local) {
		return func(t *testing.T, l *local) {
			l.made(t, nil)
			for _, key := range keys {
				b := l.output
				if key == photo {
					b = l.source
				}
				if err := b.Delete(t.Context(), key); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	withManifest := func(edit func(*manifest.Manifest)) func(*testing.T, *local) {
		return func(t *testing.T, l *local) { l.made(t, edit) }
	}
	long := strings.Repeat(strings.Repeat("k", 250)+"/", 4) + "123456.jpg"
	tests := []struct {
		name  string
		key   string // empty: photo
		begin func(*testing.T, *local)
		wants []want
	}{
		{"no rule", "notes.txt", remove(), []want{
			{"rule", problem, `no rule matches; there are "**/*.jpg"`}, {"source", problem, `there is no object "notes.txt"`},
		}},
		{"bad key", "a//b.jpg", remove(), []want{{"rule", problem, "is no key of a source"}, {"source", problem, ""}}},
		{"source gone, output not", "", remove(photo), []want{
			{"source", problem, "there is no object"}, {"manifest", problem, "still there, though nothing is wanted"},
		}},
		{"no manifest", "", remove(photo + "/manifest.json"), []want{
			{"manifest", problem, "no invocation has finished this source"}, {"variants", warning, "2 objects under trip/sea.jpg/ without a manifest"},
		}},
		{"variant deleted", "", remove(photo + "/large.webp"), []want{{"variants", problem, "trip/sea.jpg/large.webp is in the manifest and not in the bucket"}}},
		{"earlier source", "", withManifest(func(m *manifest.Manifest) { m.Source.ETag = "old" }), []want{{"manifest", problem, "of an earlier source: ETag old"}}},
		{"other presets", "", withManifest(func(m *manifest.Manifest) { m.PresetHash = "old" }), []want{{"manifest", problem, "of other presets"}}},
		{"rejected", "", withManifest(func(m *manifest.Manifest) {
			m.Status, m.Reason, m.Variants = manifest.StatusRejected, "pixels is 300, over the limit of 200", nil
		}), []want{{"manifest", problem, "rejected: pixels is 300"}, {"variants", warning, ""}, {"variants", warning, ""}}},
		{"one failed", "", withManifest(func(m *manifest.Manifest) {
			m.Status, m.Variants[0].Status, m.Variants[0].Reason = manifest.StatusPartial, manifest.StatusFailed, "output webp is not supported"
		}), []want{{"manifest", problem, "large could not be made: output webp"}}},
		{"overwritten", "", func(t *testing.T, l *local) {
			l.made(t, nil)
			l.put(t, l.output, photo+"/small.jpg", []byte("other"), nil)
		}, []want{{"variants", problem, "trip/sea.jpg/small.jpg is another object"}}},
		{"stranger", "", func(t *testing.T, l *local) {
			l.made(t, nil)
			l.put(t, l.output, photo+"/mine.txt", []byte("other"), nil)
		}, []want{{"variants", warning, "trip/sea.jpg/mine.txt is there, and not in the manifest"}}},
		{"a variant as a source", "again.jpg", func(t *testing.T, l *local) {
			l.put(t, l.source, "again.jpg", []byte("x"), map[string]string{"pixmill-generated": "variant"})
		}, []want{{"source", problem, "was written by Pixmill"}}},
		{"a key that leaves none for the manifest", long, func(t *testing.T, l *local) {
			l.put(t, l.source, long, []byte("x"), nil)
		}, []want{{"manifest", problem, "its key would have 1028 bytes, over the limit of 1024"}}},
		{"the same, and no source", long, remove(), []want{{"source", problem, "there is no object"}}},
		{"folder with a space", "my trip/sea.jpg", remove(), []want{{"source", problem, "there is no object"}}},
		{"key out of an event", "trip%2Fsea.jpg", remove(), []want{{"source", problem, `there is no object "trip%2Fsea.jpg"`}}},
	}
	l := newLocal(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l.clear(t)
			test.begin(t, l)
			o := l.options
			if o.Key = test.key; o.Key == "" {
				o.Key = photo
			}
			found := examine(t, o)
			wantOnly(t, found, test.wants...)
			if test.name == "folder with a space" && !strings.Contains(bad(found)[0].Fix, "s3 ls 's3://uploads/my trip/'   (") {
				t.Errorf("the fix is %q; want the address as one word", bad(found)[0].Fix)
			}
			if test.name == "key out of an event" && !strings.Contains(bad(found)[0].Fix, "pixmill doctor trip/sea.jpg") {
				t.Errorf("the fix is %q; want the real key", bad(found)[0].Fix)
			}
		})
	}
}

func TestRun_RejectedSource(t *testing.T) {
	l := newLocal(t)
	l.options.Key = photo
	for reason, fix := range map[string]string{
		"pixels is 300, over the limit of 200":                    "put an image there that is within the limits of pixmill.yaml",
		"not an image: no known format starts with 25 50 44 46":   "put a whole image there, of a format that is read: jpeg, png",
		"the file is cut: the last 100 bytes of it are not there": "put a whole image there, of a format that is read: jpeg, png",
	} {
		l.made(t, func(m *manifest.Manifest) { m.Status, m.Reason, m.Variants = manifest.StatusRejected, reason, nil })
		for _, v := range []string{"large.webp", "small.jpg"} {
			if err := l.output.Delete(t.Context(), l.presets.Folder(photo)+v); err != nil {
				t.Fatal(err)
			}
		}
		found := examine(t, l.options)
		wantOnly(t, found, want{"manifest", doctor.StatusProblem, "rejected: " + reason})
		if b := bad(found); len(b) > 0 && b[0].Fix != fix {
			t.Errorf("%s: the fix is %q, want %q", reason, b[0].Fix, fix)
		}
		if !strings.Contains(show(found), "variants ok: none, as the source was rejected") {
			t.Errorf("found\n%s", show(found))
		}
	}
}

// What should be there is not known then, whether a manifest is there or not.
func TestRun_KeyWhoseSourceMayNotBeRead(t *testing.T) {
	l := newLocal(t)
	l.options.Key = photo
	l.made(t, nil)
	l.proxy.Enforce(l.policy.Without(iam.Grant{Action: "s3:GetObject", Resource: "arn:aws:s3:::uploads/*"}))
	for _, step := range []string{"with its variants", "without"} {
		found := examine(t, l.options)
		wantOnly(t, found, want{"source", doctor.StatusProblem, "cannot be read"})
		if !strings.Contains(show(found), "manifest skipped: not looked at") {
			t.Errorf("%s found\n%s", step, show(found))
		}
		l.clear(t)
	}
}
