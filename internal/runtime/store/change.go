package store

import "time"

// The names of changes, as S3 calls them.
const (
	CreatedPut       = "ObjectCreated:Put"
	CreatedPost      = "ObjectCreated:Post" // a form upload
	CreatedCopy      = "ObjectCreated:Copy"
	CreatedMultipart = "ObjectCreated:CompleteMultipartUpload"
	RemovedDelete    = "ObjectRemoved:Delete"
)

// Change is one change of one object. It is told at least once: a client that
// tries again, or a removal of what was not there, tells it anew.
type Change struct {
	Bucket    string
	Key       string
	Name      string // one of the names above
	Time      time.Time
	Size      int64  // bytes; 0 for a removal and where it is not known
	ETag      string // without quotes; empty for a removal and where it is not known
	VersionID string
	// Sequencer grows with every change of the store, across restarts. Of two
	// writes to one key that overlap in time it says which was reported later,
	// not which the store kept.
	Sequencer string // 16 upper-case hexadecimal digits
}
