package upload_test

import (
	"encoding/json"
	"testing"

	"pixmill/internal/event"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
	"pixmill/internal/upload"
)

func example() (upload.Stored, handler.Outcome) {
	stored := upload.Stored{
		Event:       event.ObjectEvent{Bucket: "uploads", Key: "a b/größe?.jpg", ETag: "e1", VersionID: "7", Size: 9000},
		ContentType: "image/jpeg",
		Image:       imaging.Info{Width: 640, Height: 480},
		Identity:    "i1",
	}
	return stored, handler.Outcome{
		Result: handler.ResultWritten, ManifestKey: "a b/größe?.jpg/manifest.json",
		Manifest: &manifest.Manifest{
			Status: manifest.StatusPartial, Source: manifest.Source{Identity: "i1", ETag: "e1", VersionID: "7"},
			Variants: []manifest.Variant{
				{Name: "small", Status: manifest.StatusOK, Key: "a b/größe?.jpg/small.webp", ContentType: "image/webp", Width: 32, Height: 24, Bytes: 500, ETag: "e2"},
				{Name: "tiny", Status: manifest.StatusFailed, Reason: "too small"},
			},
		},
	}
}

func TestReceipt_AsJSON(t *testing.T) {
	stored, outcome := example()
	got, err := json.MarshalIndent(stored.Receipt(outcome, "variants"), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "result": "written",
  "status": "partial",
  "source": {
    "bucket": "uploads",
    "key": "a b/größe?.jpg",
    "url": "s3://uploads/a%20b/gr%C3%B6%C3%9Fe%3F.jpg",
    "contentType": "image/jpeg",
    "width": 640,
    "height": 480,
    "bytes": 9000,
    "etag": "e1",
    "versionId": "7"
  },
  "manifest": {
    "bucket": "variants",
    "key": "a b/größe?.jpg/manifest.json",
    "url": "s3://variants/a%20b/gr%C3%B6%C3%9Fe%3F.jpg/manifest.json",
    "contentType": "application/json"
  },
  "variants": [
    {
      "name": "small",
      "status": "ok",
      "bucket": "variants",
      "key": "a b/größe?.jpg/small.webp",
      "url": "s3://variants/a%20b/gr%C3%B6%C3%9Fe%3F.jpg/small.webp",
      "contentType": "image/webp",
      "width": 32,
      "height": 24,
      "bytes": 500,
      "etag": "e2"
    },
    {
      "name": "tiny",
      "status": "failed",
      "reason": "too small"
    }
  ]
}`
	if string(got) != want {
		t.Errorf("receipt is %s", got)
	}
}

func TestReplaced_ByAnotherUploadOrADeletion(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*handler.Outcome)
		want   bool
	}{
		"not":          {func(*handler.Outcome) {}, false},
		"another":      {func(o *handler.Outcome) { o.Manifest.Source.Identity = "i9" }, true},
		"same, again":  {func(o *handler.Outcome) { o.Manifest.Source.VersionID = "8" }, false},
		"nothing left": {func(o *handler.Outcome) { o.Manifest = nil }, true},
	} {
		stored, outcome := example()
		tt.change(&outcome)
		if got := stored.Replaced(outcome); got != tt.want {
			t.Errorf("%s: replaced is %v", name, got)
		}
	}
}

func TestFailed_WithoutAnyVariant(t *testing.T) {
	_, o := example()
	if upload.Failed(o.Manifest) {
		t.Error("one variant is there")
	}
	o.Manifest.Variants = o.Manifest.Variants[1:]
	if !upload.Failed(o.Manifest) || !upload.Failed(&manifest.Manifest{Status: manifest.StatusRejected}) {
		t.Error("no variant is there")
	}
}
