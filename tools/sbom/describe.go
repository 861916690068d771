package main

import (
	"slices"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// describe returns the document about an artefact. The artefact depends on everything in
// it: what in there depends on what, nobody has written down.
func describe(a artefact) (*cyclonedx.BOM, error) {
	info, err := program(a)
	if err != nil {
		return nil, err
	}
	if v := info.Main.Version; a.version == "" && v != "(devel)" {
		a.version = v // a zip says none, and Go found one where there was a repository
	}
	libraries, err := bundled(a)
	if err != nil {
		return nil, err
	}
	distribution, err := packages(a)
	if err != nil {
		return nil, err
	}
	components := slices.Concat(modules(info, a), libraries, distribution)
	var refs []string
	for _, c := range components {
		refs = append(refs, c.BOMRef)
	}
	subject := itself(a)
	bom := cyclonedx.NewBOM()
	bom.SerialNumber = serial(a.digest)
	bom.Metadata = &cyclonedx.Metadata{Component: &subject}
	if !a.created.IsZero() {
		bom.Metadata.Timestamp = a.created.UTC().Format(time.RFC3339)
	}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: subject.BOMRef, Dependencies: &refs}}
	return bom, nil
}

// itself is what the document is about.
func itself(a artefact) cyclonedx.Component {
	c := cyclonedx.Component{
		BOMRef: "pixmill", Type: cyclonedx.ComponentTypeApplication, Name: "pixmill", Version: a.version, Description: a.name,
		Licenses: &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "Apache-2.0"}}},
		Hashes:   &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: a.digest}},
	}
	if a.image {
		c.Type = cyclonedx.ComponentTypeContainer
	}
	return c
}

// serial is a UUID of the custom kind (RFC 9562, version 8) that is always the same for a
// digest, in hexadecimal.
func serial(digest string) string {
	return "urn:uuid:" + digest[:8] + "-" + digest[8:12] + "-8" + digest[13:16] + "-8" + digest[17:20] + "-" + digest[20:32]
}
