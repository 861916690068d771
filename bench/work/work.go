// Package work is what benchmarks have the function do: the photographs, and the
// variants that make a start's own time show.
package work

import (
	"fmt"
	"os"
)

// The photographs, by their paths from the root of the repository.
const (
	Small = "internal/imaging/imagingtest/testdata/photos/rocket.jpg" // 640×427 pixels
	Large = "internal/cli/sample/seeding.jpg"                         // 16 megapixels
)

// Photo reads a photograph.
func Photo(path string) ([]byte, error) {
	photo, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w (run it at the root of the repository)", err)
	}
	return photo, nil
}

// Four is a configuration that asks for four variants, all smaller than the small photograph.
func Four(source, output string) string {
	return `
source: {bucket: ` + source + `}
output: {bucket: ` + output + `}
rules: [{match: "**/*.jpg", presets: [four]}]
presets:
  four:
    - {name: large,  width: 480, format: jpeg}
    - {name: medium, width: 320, format: jpeg}
    - {name: small,  width: 160, format: jpeg}
    - {name: thumb,  width: 96, height: 96, fit: cover, format: jpeg}
`
}
