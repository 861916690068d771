// Package pixmill holds the files of this folder that programs carry with them.
package pixmill

import _ "embed"

// DefaultConfig is pixmill.yaml, for those who have none of their own.
//
//go:embed pixmill.yaml
var DefaultConfig string

// Schema is the JSON Schema of pixmill.yaml.
//
//go:embed docs/schema/pixmill.schema.json
var Schema string
