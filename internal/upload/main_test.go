package upload_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"testing"

	"pixmill/internal/blob"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/vips"
	"pixmill/internal/imaging/vips/vipstest"
	"pixmill/internal/preset"
	"pixmill/internal/upload"
)

func TestMain(m *testing.M) { vipstest.Main(m) }

const presets = `
source: {bucket: photos, prefix: in/}
output: {bucket: photos, prefix: out/}
rules: [{match: "**/*.{jpg,png,webp}", presets: [web]}]
presets:
  web: [{name: small, width: 32, format: webp}]
limits: {source_bytes: 1000000, pixels: 10000}
`

// newUploader is one over a bucket in memory, in which source and output are.
func newUploader(t *testing.T) (*upload.Uploader, *memblob.Bucket) {
	t.Helper()
	config, err := preset.Parse("presets", []byte(presets))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := vips.New(config.Limits, vips.Options{Inputs: []imaging.Format{imaging.FormatJPEG, imaging.FormatPNG}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	store := memblob.New(memblob.Options{Versions: true})
	return upload.New(upload.Config{Source: blob.NewBucket("photos", store), Presets: config, Engine: engine}), store
}

func jpegOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
