package runtime

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
)

// settings is a hash of what decides, beside the source, whether an event can be
// worked on: the configuration, the function and its limits. After a change what
// was given up before may succeed. The version is that which an HTTP function gives
// itself; empty: it gives none.
func (o *Options) settings(version string) string {
	h := sha256.New()
	part := func(v any) { fmt.Fprintf(h, "%q\n", fmt.Sprint(v)) }
	part(o.Config)
	if o.URL != nil {
		part(o.URL)
		if version != "" {
			part(version)
		}
	} else {
		o.partsOfProgram(part)
	}
	part(o.Form)
	part(o.Timeout)
	part(o.Memory)
	for _, v := range o.Env {
		part(v)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// partsOfProgram are the command line of the function and what is known of its program.
func (o *Options) partsOfProgram(part func(any)) {
	for _, arg := range o.Function.Command {
		part(arg)
	}
	if info, err := os.Stat(o.Function.Command[0]); err == nil { // otherwise it does not start, and nothing is given up
		part(info.Size())
		part(info.ModTime().UnixNano())
	}
}
