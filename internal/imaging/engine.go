// Package imaging says what an image engine does: probe a header, and render
// many variants of one source from one decode. It holds the types that engines,
// presets and the handler share, and no engine: those are in vips and
// bimgengine. It imports no C.
package imaging

import (
	"context"
	"time"
)

// Engine makes variants of images. It may be used concurrently; it admits work
// to its memory budget by itself (waiting while it is busy).
type Engine interface {
	// Capability says what this engine, as built and configured, can do.
	Capability() Capability

	// Probe reads the header only. The error is Rejected for what is not an
	// image, is in a format that is not allowed, or is over a limit.
	Probe(ctx context.Context, src []byte) (Info, error)

	// Render decodes src once and calls emit once for each wanted variant, with
	// the index of its spec, in any order but never concurrently, as soon as the
	// variant is there. A variant that cannot be made is emitted with Err set and
	// a kind of Permanent or Rejected; the others go on. An error from emit stops
	// the rendering and is returned. Any other returned error speaks of the source
	// as a whole: Rejected (bad or over a limit), or Transient (the context ended,
	// no memory in time; the time left does not suffice for one of the variants,
	// and then the others were emitted). When Render returns, none of its
	// goroutines runs any more.
	Render(ctx context.Context, src []byte, req Request, emit func(i int, out Encoded) error) (Info, error)
}

// Request is what is asked of one source.
type Request struct {
	Specs []Spec

	// Kept says of each spec whether its variant is there already, from a Render
	// that was cut off, or one before other Specs joined it; what it is too short
	// for is not. A kept variant is neither encoded nor emitted. The others and the
	// Info come out byte for byte as if it were: they depend on the source, on
	// Specs and on the engine, never on how often the work was begun.
	Kept []bool
}

// Wants is whether the i-th variant is to be made and emitted.
func (r *Request) Wants(i int) bool { return i >= len(r.Kept) || !r.Kept[i] }

// Capability is what a recorded failure depends on: a build with another
// capability tries again.
type Capability struct {
	Engine  string   `json:"engine"`  // "vips", "bimg"
	Version string   `json:"version"` // of the library, for example "8.14.1"
	Inputs  []Format `json:"inputs"`  // sorted
	Outputs []Format `json:"outputs"` // sorted
	Limits  Limits   `json:"limits"`
}

// Limits bound what one source may ask for. A zero field means the default.
type Limits struct {
	SourceBytes int64         `json:"sourceBytes"` // encoded size, bytes
	Pixels      int64         `json:"pixels"`      // width × height of one frame
	TotalPixels int64         `json:"totalPixels"` // width × height × frames
	Frames      int64         `json:"frames"`
	Dimension   int64         `json:"dimension"` // width or height, px
	Memory      int64         `json:"-"`         // budget for all work in the process, bytes; 0: from the cgroup
	Deadline    time.Duration `json:"-"`         // for one Render; 0: only the context's
}

// DefaultLimits returns the limits that hold when a configuration says nothing.
func DefaultLimits() Limits {
	return Limits{
		SourceBytes: 200 << 20,
		Pixels:      200_000_000,
		TotalPixels: 400_000_000,
		Frames:      1000,
		Dimension:   65_500,
	}
}

// FieldMemory is the Field of a fault.LimitError for a source that can never fit
// the memory budget. Limits.Memory is no part of a Capability's JSON, since it
// differs from machine to machine; a refusal for want of memory lasts only as
// long as the budget does.
const FieldMemory = "estimated memory"

// Info is what a header says, and after a Render also what the pixels said.
type Info struct {
	Format      Format `json:"format"`
	Width       int    `json:"width"`       // px, after the orientation is applied
	Height      int    `json:"height"`      // px of one frame, after the orientation is applied
	Frames      int    `json:"frames"`      // 1 for a still image
	Orientation int    `json:"orientation"` // EXIF, 1 to 8; 1 where there is none
	Alpha       bool   `json:"alpha"`
	BitDepth    int    `json:"bitDepth"`    // of one channel
	ColourSpace string `json:"colourSpace"` // "srgb", "cmyk", "grey", …, as the engine names it
	ICC         bool   `json:"icc"`         // an ICC profile is embedded
	Progressive bool   `json:"progressive"` // progressive JPEG or interlaced PNG

	// Memory is the estimated peak for decoding this source, bytes. From
	// Render, it includes what is made for the request; kept variants count only
	// as far as others are made from them. The source's own bytes are not in
	// it; a budget counts them as well.
	Memory int64 `json:"-"`

	// Placeholder is set by a successful Render, nil from Probe.
	Placeholder *Placeholder `json:"-"`
}

// Placeholder is what a page shows before the image is there.
type Placeholder struct {
	BlurHash string   `json:"blurhash"`
	DataURI  string   `json:"dataUri"`        // a tiny WebP or PNG, at most some hundred bytes
	Dominant string   `json:"dominantColour"` // "#rrggbb"
	Palette  []string `json:"palette"`        // "#rrggbb", most frequent first, at most 6
}

// Encoded is one variant as made, or why it was not.
type Encoded struct {
	Data        []byte
	Format      Format // the winner's, for FormatAuto
	ContentType string
	Width       int // px
	Height      int // px of one frame
	Frames      int
	Quality     int           // as used; it differs from the Spec's where MaxBytes made it lower; 0 where the format has none
	Elapsed     time.Duration // resize and encode
	Err         error         // nil, or why this variant cannot be made
}
