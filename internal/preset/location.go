package preset

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// bucketName is S3's rule for the names of buckets, which other stores share.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// CheckBucket returns an error that says why name cannot be a bucket's, or nil.
func CheckBucket(name string) error {
	if !bucketName.MatchString(name) {
		return fmt.Errorf("%q is not a bucket's name: 3 to 63 of a-z, 0-9, '.' and '-', beginning and ending with a letter or digit", name)
	}
	return nil
}

// maxPrefixBytes leaves room for keys: S3 takes 1,024 bytes for all of a key.
const maxPrefixBytes = 512

func (r *report) location(section string, raw rawLocation) Location {
	if err := CheckBucket(raw.Bucket); err != nil {
		r.add(section+".bucket", "%v", err)
	}
	field, p := section+".prefix", raw.Prefix
	switch {
	case p == "":
	case !strings.HasSuffix(p, "/"):
		r.add(field, `%q does not end in "/": write %q`, p, p+"/")
	case len(p) > maxPrefixBytes:
		r.add(field, "the prefix has %d bytes, over the limit of %d", len(p), maxPrefixBytes)
	case !ValidKey(strings.TrimSuffix(p, "/")):
		r.add(field, `%q has an empty, "." or ".." segment, which no source key may have`, p)
	case strings.ContainsFunc(p, unicode.IsControl):
		r.add(field, "%q has a control character", p)
	}
	return Location{Bucket: raw.Bucket, Prefix: p}
}

// checkLoop refuses an output that would feed the trigger: in one bucket neither
// prefix may begin with the other.
func (r *report) checkLoop(source, output Location) {
	if source.Bucket != output.Bucket {
		return
	}
	switch {
	case source.Prefix == output.Prefix:
		r.add("output", "source and output are the same place, %s: every variant would be a new source for ever; "+
			"use another bucket, or prefixes of which neither begins with the other, as originals/ and variants/", describePlace(source))
	case strings.HasPrefix(output.Prefix, source.Prefix):
		r.add("output", "the output, %s, lies within the source, %s: every variant would be a new source for ever; "+
			"use another bucket, or prefixes of which neither begins with the other", describePlace(output), describePlace(source))
	case strings.HasPrefix(source.Prefix, output.Prefix):
		r.add("output", "the source, %s, lies within the output, %s: a folder of variants could be a source; "+
			"use another bucket, or prefixes of which neither begins with the other", describePlace(source), describePlace(output))
	}
}

func describePlace(l Location) string {
	if l.Prefix == "" {
		return `all of bucket "` + l.Bucket + `"`
	}
	return `"` + l.Prefix + `" in bucket "` + l.Bucket + `"`
}
