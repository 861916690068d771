package work

import (
	"bytes"
	"image"
	_ "image/jpeg"
	"path/filepath"
	"testing"

	"pixmill/internal/preset"
)

// Nothing of the time that a start takes may come from enlarging, which is left out.
func TestFour_AsksForLessThanThePhotographHas(t *testing.T) {
	photo, err := Photo(filepath.Join("../..", Small))
	if err != nil {
		t.Fatal(err)
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(photo))
	if err != nil {
		t.Fatal(err)
	}
	c, err := preset.Parse("four", []byte(Four("from", "to-there")))
	if err != nil {
		t.Fatal(err)
	}
	variants := c.Match("start/000.jpg").Variants
	if c.Source.Bucket != "from" || c.Output.Bucket != "to-there" || len(variants) != 4 {
		t.Errorf("from %q to %q, variants %v", c.Source.Bucket, c.Output.Bucket, variants)
	}
	for _, v := range variants {
		if v.Spec.Width >= size.Width || v.Spec.Height >= size.Height {
			t.Errorf("%s is %d×%d, the photograph %d×%d", v.Name, v.Spec.Width, v.Spec.Height, size.Width, size.Height)
		}
	}
}
