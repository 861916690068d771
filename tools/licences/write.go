package main

import (
	"fmt"
	"io"
	"strings"
)

const preface = `# Third-party modules

The Go modules that are linked into Pixmill's programs, and their licences as
their own files state them. Written by ` + "`make licences`" + `, checked by ` + "`make lint`" + `;
the full texts are printed by ` + "`go run ./tools/licences -texts`" + `.
What else Pixmill uses is in [NOTICE](NOTICE).

| module | licence |
| --- | --- |
`

// table returns THIRD_PARTY.md. It names no versions: go.mod does.
func table(mods []module) string {
	var b strings.Builder
	b.WriteString(preface)
	for _, m := range mods {
		fmt.Fprintf(&b, "| %s | %s |\n", m.path, m.licence)
	}
	return b.String()
}

// writeTexts writes every licence and notice in full, each text once.
func writeTexts(out io.Writer, mods []module) error {
	first := map[string]string{} // text → where it was printed
	for _, m := range mods {
		if _, err := fmt.Fprintf(out, "==== %s %s (%s)\n", m.path, m.version, m.licence); err != nil {
			return err
		}
		for _, f := range m.files {
			text := strings.TrimSpace(f.text)
			if at, ok := first[text]; ok {
				text = "as " + at
			} else {
				first[text] = m.path + " " + f.name
			}
			if _, err := fmt.Fprintf(out, "-- %s\n%s\n\n", f.name, text); err != nil {
				return err
			}
		}
	}
	return nil
}
