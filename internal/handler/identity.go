package handler

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"pixmill/internal/blob"
	"pixmill/internal/imaging"
)

// Metadata of the objects that Pixmill writes. The marker keeps an output from
// ever being taken for a source; the rest lets the next invocation keep what an
// earlier one finished before it was cut off.
const (
	metaMarker   = "pixmill-generated" // "variant" or "manifest"
	metaIdentity = "pixmill-source"    // identity of the source
	metaVariant  = "pixmill-variant"   // hash of the variant
	metaSHA256   = "pixmill-sha256"
	metaWidth    = "pixmill-width"   // px
	metaHeight   = "pixmill-height"  // px
	metaFrames   = "pixmill-frames"  // absent for a still image
	metaQuality  = "pixmill-quality" // absent where the format has none
)

// MetaFocal is the metadata of a source object that says which point of it
// matters: "x,y", each from 0 (left, top) to 1 (right, bottom).
const MetaFocal = "focal-point"

// maxManifestBytes is far above any manifest that Pixmill writes: some hundred
// variants of about 500 bytes each.
const maxManifestBytes = 4 << 20

// Identity says which pixels a source stands for: its bytes, by the ETag, and
// the metadata that changes the result.
func Identity(a *blob.Attrs) string {
	return shortHash("source v1", a.ETag, a.Metadata[MetaFocal])
}

// capabilityHash includes a memory budget in bytes where it is not 0.
func capabilityHash(c imaging.Capability, memory int64) string {
	data, err := json.Marshal(c)
	if err != nil {
		panic("handler: a Capability of plain fields did not marshal: " + err.Error())
	}
	if memory == 0 {
		return shortHash("capability v1", string(data))
	}
	return shortHash("capability v1", string(data), strconv.FormatInt(memory, 10))
}

// shortHash returns 128 bits of SHA-256 as hex: enough that two of the objects
// of one key never share a value by chance.
func shortHash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// FocalPoint reads MetaFocal of a source's metadata; nil where there is none.
func FocalPoint(meta map[string]string) (*imaging.Point, error) {
	s, ok := meta[MetaFocal]
	if !ok {
		return nil, nil
	}
	xs, ys, _ := strings.Cut(s, ",")
	x, errX := strconv.ParseFloat(strings.TrimSpace(xs), 64)
	y, errY := strconv.ParseFloat(strings.TrimSpace(ys), 64)
	if errX != nil || errY != nil || !(x >= 0 && x <= 1 && y >= 0 && y <= 1) {
		return nil, fmt.Errorf("metadata %s is %q, want \"x,y\" with both from 0 to 1", MetaFocal, s)
	}
	return &imaging.Point{X: x, Y: y}, nil
}
