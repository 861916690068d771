// Package iam holds the permissions that Pixmill needs, as AWS policies, in one
// place: the templates grant what policy.json says, doctor compares with it, and
// a test takes each action away in turn. The package reads documents; it asks no
// service and enforces nothing.
package iam

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The buckets that the documents name. Who has others replaces the names.
const (
	SourceBucket = "uploads"
	OutputBucket = "variants"
)

// How ARNs begin in the documents, which are for the partition "aws".
const (
	ourARN = "arn:aws:"
	s3ARN  = ourARN + "s3:::"
)

const (
	functionFile = "policy.json"  // what the function's role needs, whatever wakes it
	uploadsFile  = "uploads.json" // what it needs beside that to take images itself
)

// Files are the documents, by the names that README.md explains.
//
//go:embed *.json
var Files embed.FS

// Document is a policy of an identity.
type Document struct {
	Version   string
	Statement []Statement
}

// Statement allows each of its actions on each of its resources.
type Statement struct {
	Sid      string
	Effect   string
	Action   []string
	Resource []string
}

// Grant is one action on one resource. In the resource, "*" stands for any text.
type Grant struct {
	Action   string // "s3:GetObject"
	Resource string // an ARN
}

// Parse reads a document in which everything is a list, as those here are. Only
// statements that allow are known: Deny and conditions are errors.
func Parse(text string) (*Document, error) {
	var d Document
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	for _, s := range d.Statement {
		if s.Effect != "Allow" {
			return nil, fmt.Errorf("read the policy: statement %s: Effect is %q, only Allow is known", s.Sid, s.Effect)
		}
	}
	return &d, nil
}

// Function returns the policy of the function's role for two buckets.
func Function(source, output string) *Document { return load(functionFile, source, output) }

// Uploads returns what the role needs beside it where images are sent to the function.
func Uploads(source string) *Document { return load(uploadsFile, source, "") }

func load(file, source, output string) *Document {
	text, err := Files.ReadFile(file)
	if err != nil {
		panic("iam: " + err.Error()) // it is part of the program
	}
	d, err := Parse(string(text))
	if err != nil {
		panic("iam: " + file + ": " + err.Error()) // a test reads them all
	}
	for i, s := range d.Statement {
		for j, r := range s.Resource {
			d.Statement[i].Resource[j] = rename(r, source, output)
		}
	}
	return d
}

// rename puts the real name of a bucket into an ARN.
func rename(arn, source, output string) string {
	bucket, rest, object := strings.Cut(strings.TrimPrefix(arn, s3ARN), "/")
	switch bucket {
	case SourceBucket:
		bucket = source
	case OutputBucket:
		bucket = output
	}
	if object {
		bucket += "/" + rest
	}
	return s3ARN + bucket
}

// In returns the document for a partition of AWS: "aws-cn", "aws-us-gov".
func (d *Document) In(partition string) *Document {
	in := &Document{Version: d.Version, Statement: slices.Clone(d.Statement)}
	for i, s := range in.Statement {
		in.Statement[i].Resource = make([]string, len(s.Resource))
		for j, r := range s.Resource {
			if rest, ok := strings.CutPrefix(r, ourARN); ok {
				r = "arn:" + partition + ":" + rest
			}
			in.Statement[i].Resource[j] = r
		}
	}
	return in
}

// Grants lists every action with every resource, in the document's order.
func (d *Document) Grants() []Grant {
	var grants []Grant
	for _, s := range d.Statement {
		for _, a := range s.Action {
			for _, r := range s.Resource {
				grants = append(grants, Grant{Action: a, Resource: r})
			}
		}
	}
	return grants
}

// Without returns the grants but for one.
func (d *Document) Without(g Grant) []Grant {
	return slices.DeleteFunc(d.Grants(), func(other Grant) bool { return other == g })
}

// Allows reports whether any of the grants covers an action on a resource.
func Allows(grants []Grant, action, resource string) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool {
		return g.Action == action && Covers(g.Resource, resource)
	})
}

// Covers matches an ARN with a pattern whose only wildcard is "*", which also
// stands for slashes and colons.
func Covers(pattern, arn string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == arn
	}
	arn, ok := strings.CutPrefix(arn, first)
	for i := len(arn); ok && i >= 0; i-- {
		if Covers(rest, arn[i:]) {
			return true
		}
	}
	return false
}
