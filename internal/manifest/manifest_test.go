package manifest_test

import (
	"bytes"
	"strings"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
)

func example() *manifest.Manifest {
	src := manifest.Source{
		Bucket: "uploads", Key: "blog/a,b & c.jpg", Identity: "id", ETag: "e", Bytes: 9,
		Image: &imaging.Info{Format: imaging.FormatJPEG, Width: 4000, Height: 3000, Frames: 1, Orientation: 1},
	}
	ok := func(name, file, contentType string, w, h int) manifest.Variant {
		return manifest.Variant{Name: name, Hash: "h", Status: manifest.StatusOK, Key: src.Key + "/" + file, ContentType: contentType, Width: w, Height: h}
	}
	return &manifest.Manifest{
		Schema: manifest.SchemaVersion, Status: manifest.StatusPartial, Source: src, PresetHash: "p", Capability: "c",
		Variants: []manifest.Variant{
			ok("large", "large.jpg", "image/jpeg", 1600, 1200),
			ok("hero", "hero.avif", "image/avif", 1600, 1200),
			ok("small", "small.jpg", "image/jpeg", 400, 300),
			ok("thumb", "thumb.webp", "image/webp", 200, 200),
			{Name: "huge", Hash: "h", Status: manifest.StatusFailed, Reason: "too large"},
		},
	}
}

func TestMarshal_RoundTrip(t *testing.T) {
	m := example()
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := manifest.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	data2, err := again.Marshal()
	if err != nil || !bytes.Equal(data, data2) {
		t.Errorf("after a round trip (%v):\n%s\nwant\n%s", err, data2, data)
	}
	if bytes.Contains(data, []byte(`\u0026`)) || !bytes.HasSuffix(data, []byte("}\n")) {
		t.Errorf("not made to be read by people:\n%s", data)
	}
}

func TestParse_Refuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{``, "unexpected end"},
		{`[]`, "cannot unmarshal"},
		{`{}`, "schema version 0"},
		{`{"schema": 2}`, "schema version 2, want 1 to 1"},
	} {
		if _, err := manifest.Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q): %v, want an error with %q", c.text, err, c.want)
		}
	}
}

func TestParse_SkipsFieldsOfLaterWriters(t *testing.T) {
	m, err := manifest.Parse([]byte(`{"schema": 1, "status": "ok", "invented": {"later": true}}`))
	if err != nil || m.Status != manifest.StatusOK {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestBuildHTML(t *testing.T) {
	m := example()
	h := manifest.BuildHTML(m.Source, m.Variants)
	const key = "blog/a%2Cb%20&%20c.jpg"
	if got, want := h.Srcset["image/jpeg"], key+"/small.jpg 400w, "+key+"/large.jpg 1600w"; got != want {
		t.Errorf("srcset\n%s, want\n%s", got, want)
	}
	if _, cropped := h.Srcset["image/webp"]; cropped || len(h.Srcset) != 2 {
		t.Errorf("a crop is in a srcset: %v", h.Srcset)
	}
	esc := strings.ReplaceAll(key, "&", "&amp;")
	want := `<picture><source type="image/avif" srcset="` + esc + `/hero.avif 1600w">` +
		`<img src="` + esc + `/large.jpg" srcset="` + esc + `/small.jpg 400w, ` + esc + `/large.jpg 1600w" width="1600" height="1200" alt="" loading="lazy"></picture>`
	if h.Picture != want {
		t.Errorf("picture\n%s, want\n%s", h.Picture, want)
	}
}

func TestBuildHTML_NothingShowsTheWholeImage(t *testing.T) {
	m := example()
	if h := manifest.BuildHTML(m.Source, m.Variants[3:]); h != nil {
		t.Errorf("%+v, want nil for crops and failures", h)
	}
	if h := manifest.BuildHTML(manifest.Source{}, m.Variants); h != nil {
		t.Errorf("%+v, want nil for a source that was not read", h)
	}
}

func TestBuildHTML_RoundedSidesAreTheWholeImage(t *testing.T) {
	src := manifest.Source{Image: &imaging.Info{Width: 5312, Height: 2988}}
	for _, c := range []struct {
		w, h  int
		whole bool
	}{{1600, 900, true}, {400, 225, true}, {333, 187, true}, {333, 188, true}, {333, 190, false}, {200, 200, false}, {1, 1, true}} {
		v := manifest.Variant{Status: manifest.StatusOK, Key: "k", ContentType: "image/jpeg", Width: c.w, Height: c.h}
		if got := manifest.BuildHTML(src, []manifest.Variant{v}) != nil; got != c.whole {
			t.Errorf("%d×%d: whole is %v, want %v", c.w, c.h, got, c.whole)
		}
	}
}
