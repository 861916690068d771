// Package manifest is the JSON document that stands beside the variants of one
// source: what was made from which bytes, and why what is missing is missing.
// It is written last and deleted first. The package reads and writes the
// document; it decides nothing and touches no store.
package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"pixmill/internal/imaging"
)

// SchemaVersion is the version that this package writes. Changes are additive:
// a reader of version 1 can read every document of version 1 written later.
const SchemaVersion = 1

// Name is the last segment of a manifest's key.
const Name = "manifest.json"

// Status says what became of a source or of a variant.
type Status string

const (
	// StatusOK means that everything asked for is there.
	StatusOK Status = "ok"
	// StatusPartial means that at least one variant could not be made; its entry says why.
	StatusPartial Status = "partial"
	// StatusRejected means that the source is no image or is over a limit; Reason says which.
	StatusRejected Status = "rejected"
	// StatusFailed is a variant that cannot be made from this source by this build.
	StatusFailed Status = "failed"
)

// Manifest is the document for one source object.
type Manifest struct {
	Schema      int                  `json:"schema"`
	Status      Status               `json:"status"`
	Reason      string               `json:"reason,omitempty"` // of StatusRejected
	Source      Source               `json:"source"`
	Revision    int                  `json:"revision,omitempty"` // of the configuration
	PresetHash  string               `json:"presetHash"`
	Capability  string               `json:"capability,omitempty"` // hash; set where a failure is recorded
	Variants    []Variant            `json:"variants"`
	Placeholder *imaging.Placeholder `json:"placeholder,omitempty"`
	HTML        *HTML                `json:"html,omitempty"`
	Timings     Timings              `json:"timings"`
	Pixmill     string               `json:"pixmill"` // version of the program that wrote it
}

// Source is the object that the variants were made from.
type Source struct {
	Bucket    string        `json:"bucket"`
	Key       string        `json:"key"`
	Identity  string        `json:"identity"` // hash of the ETag and of the metadata that affects pixels
	ETag      string        `json:"etag"`
	VersionID string        `json:"versionId,omitempty"`
	Sequencer string        `json:"sequencer,omitempty"` // of the event that led to this document
	Bytes     int64         `json:"bytes"`
	Image     *imaging.Info `json:"image,omitempty"` // nil where the header could not be read
}

// Variant is one result, or why there is none.
type Variant struct {
	Name        string         `json:"name"`
	Hash        string         `json:"hash"` // over what the preset asks for
	Status      Status         `json:"status"`
	Reason      string         `json:"reason,omitempty"` // of StatusFailed
	Key         string         `json:"key,omitempty"`    // in the output bucket
	ContentType string         `json:"contentType,omitempty"`
	Format      imaging.Format `json:"format,omitempty"`
	Width       int            `json:"width,omitempty"`   // px
	Height      int            `json:"height,omitempty"`  // px of one frame
	Frames      int            `json:"frames,omitempty"`  // absent for a still image
	Quality     int            `json:"quality,omitempty"` // as used; absent where the format has none
	Bytes       int64          `json:"bytes,omitempty"`
	ETag        string         `json:"etag,omitempty"`
	SHA256      string         `json:"sha256,omitempty"` // hex
}

// Timings say how long the invocation that wrote the document took, milliseconds.
type Timings struct {
	Written  time.Time `json:"written"`
	FetchMS  float64   `json:"fetchMs"`  // GET of the source
	RenderMS float64   `json:"renderMs"` // decode to last variant stored
	TotalMS  float64   `json:"totalMs"`  // start of the invocation to just before this document's PUT
}

// Marshal returns the document as indented JSON with a final newline.
func (m *Manifest) Marshal() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return b.Bytes(), nil
}

// Parse reads a document. A later schema version is an error: the reader
// cannot know what it says. Unknown fields are skipped.
func Parse(data []byte) (*Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if m.Schema < 1 || m.Schema > SchemaVersion {
		return nil, fmt.Errorf("manifest: schema version %d, want 1 to %d", m.Schema, SchemaVersion)
	}
	return &m, nil
}
