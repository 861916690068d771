package cli

import (
	"path/filepath"

	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
)

// What can come of one source.
const (
	resultMade      = "made"      // everything asked for is there, and something of it is new
	resultUnchanged = "unchanged" // everything asked for was there
	resultSkipped   = "skipped"   // no rule matches it
	resultPartial   = "partial"   // a variant cannot be made
	resultRejected  = "rejected"  // no image, or over a limit
	resultFailed    = "failed"    // reading or writing went wrong: another run may succeed
	resultStopped   = "stopped"   // Ctrl-C came first
)

// record is the line that `pixmill process --json` prints of one source.
type record struct {
	Source   string          `json:"source"` // the file
	Key      string          `json:"key"`
	Result   string          `json:"result"`             // one of the constants above
	Reason   string          `json:"reason,omitempty"`   // why it is skipped, partial, rejected or failed
	Manifest string          `json:"manifest,omitempty"` // the file
	Bytes    int64           `json:"bytes"`              // of the source; 0 where it was not read
	Variants []variantRecord `json:"variants"`
	Millis   float64         `json:"elapsedMs"`
}

// variantRecord is one variant of a record.
type variantRecord struct {
	Name   string         `json:"name"`
	File   string         `json:"file,omitempty"` // absent where there is none
	Format imaging.Format `json:"format,omitempty"`
	Width  int            `json:"width,omitempty"`  // px
	Height int            `json:"height,omitempty"` // px
	Bytes  int64          `json:"bytes,omitempty"`
	Reason string         `json:"reason,omitempty"` // why there is none
}

// newRecord says what an outcome, or the error instead of one, means.
func newRecord(in input, out string, outcome handler.Outcome, err error) record {
	r := record{Source: in.path, Key: in.key, Variants: []variantRecord{}}
	m := outcome.Manifest
	switch {
	case err != nil:
		r.Result, r.Reason = resultFailed, oneLine(plain(err))
		return r
	case m == nil:
		r.Result, r.Reason = resultSkipped, outcome.Reason
		return r
	case m.Status == manifest.StatusRejected:
		r.Result, r.Reason = resultRejected, oneLine(m.Reason)
	case m.Status == manifest.StatusPartial:
		r.Result = resultPartial
	case outcome.Result == handler.ResultUnchanged:
		r.Result = resultUnchanged
	default:
		r.Result = resultMade
	}
	r.Manifest = filepath.Join(out, filepath.FromSlash(outcome.ManifestKey))
	r.Bytes = m.Source.Bytes
	for _, v := range m.Variants {
		vr := variantRecord{Name: v.Name, Format: v.Format, Width: v.Width, Height: v.Height, Bytes: v.Bytes, Reason: oneLine(v.Reason)}
		if v.Status == manifest.StatusOK {
			vr.File = filepath.Join(out, filepath.FromSlash(v.Key))
		} else if r.Reason == "" {
			r.Reason = "variant " + v.Name + ": " + vr.Reason
		}
		r.Variants = append(r.Variants, vr)
	}
	return r
}
