package preset

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// ValidKey reports whether a key can name a source at all. One that ends in "/"
// or has an empty, "." or ".." segment cannot: as a folder in the output it would
// stand for another place than it says.
func ValidKey(key string) bool {
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// Match returns the first rule whose pattern matches a source key, or nil: for a
// key that no rule matches, that is outside source.prefix, or that is not a ValidKey.
func (c *Config) Match(key string) *Rule {
	if !c.InSource(key) || !ValidKey(key) {
		return nil
	}
	rel := strings.TrimPrefix(key, c.Source.Prefix)
	for i := range c.Rules {
		if doublestar.MatchUnvalidated(c.Rules[i].Match, rel) {
			return &c.Rules[i]
		}
	}
	return nil
}

// InSource reports whether a key is under source.prefix. A key that is not has no
// folder: what Folder would make of it belongs to another source.
func (c *Config) InSource(key string) bool { return strings.HasPrefix(key, c.Source.Prefix) }

// Folder returns the prefix in the output bucket that belongs to a source key
// that InSource holds for: output.prefix + key without source.prefix + "/".
func (c *Config) Folder(key string) string {
	return c.Output.Prefix + strings.TrimPrefix(key, c.Source.Prefix) + "/"
}

// SourceKey is the inverse of Folder: the source key that an object in the output
// bucket, or a folder, belongs to. It is false for what lies outside output.prefix
// or directly under it. The key is not always a ValidKey: an output that somebody
// else wrote may say anything.
func (c *Config) SourceKey(outputKey string) (string, bool) {
	rel, ok := strings.CutPrefix(outputKey, c.Output.Prefix)
	end := strings.LastIndexByte(rel, '/')
	if !ok || end < 1 {
		return "", false
	}
	return c.Source.Prefix + rel[:end], true
}
