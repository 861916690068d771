package iam_test

import (
	"image/color"
	"slices"
	"strings"
	"testing"

	"pixmill/iam"
	"pixmill/internal/fault"
	"pixmill/internal/upload"
)

// TestUploads_NeedWhatTheirDocumentSays puts an image with and without it.
func TestUploads_NeedWhatTheirDocumentSays(t *testing.T) {
	w := newWorld(t)
	uploader := upload.New(upload.Config{Source: w.function.Source, Presets: w.presets, Engine: w.function.Engine})
	im := upload.Image{Data: picture(t, color.White), Key: "a.png"}

	w.proxy.Enforce(w.policy.Grants())
	if _, err := uploader.Put(t.Context(), im); fault.KindOf(err) != fault.Misconfigured || !strings.Contains(err.Error(), "s3:PutObject on arn:aws:s3:::my-photos/a.png") {
		t.Errorf("without uploads.json: %v, want misconfigured with the permission", err)
	}
	w.proxy.Enforce(slices.Concat(w.policy.Grants(), iam.Uploads("my-photos").Grants()))
	stored, err := uploader.Put(t.Context(), im)
	if err != nil {
		t.Fatalf("with uploads.json: %v", err)
	}
	if out, err := w.function.Handler.Handle(t.Context(), stored.Event); err != nil || stored.Replaced(out) {
		t.Errorf("handled: %+v, %v", out, err)
	}
}
