package cli

import (
	"fmt"
	"net/url"

	"pixmill/internal/runtime/httpfn"
)

// remoteConcurrency is how many requests there are at once unless told otherwise:
// the cores that do the work are not this machine's, and a function that scales on
// concurrency needs some to scale on. What it has no room for it refuses, which costs
// an event nothing.
const remoteConcurrency = 16

// forProcesses are the flags that mean something for child processes only.
var forProcesses = []string{"event", "idle", "memory", "env"}

// remote reads which HTTP function is to be called, nil if none is.
func (f *runFlags) remote() (u *url.URL, via string, err error) {
	if !httpfn.IsURL(f.function) {
		if f.via != "" {
			return nil, "", fmt.Errorf("--function-via is %q: it is for a function at a URL, as in --function http://pixmill.example.com", f.via)
		}
		return nil, "", nil
	}
	for _, name := range forProcesses {
		if f.given(name) {
			return nil, "", fmt.Errorf("--%s is for function processes: the function at %s runs elsewhere, with settings of its own", name, f.function)
		}
	}
	if u, err = httpfn.ParseURL(f.function); err != nil {
		return nil, "", fmt.Errorf("--function is %q: %w", f.function, err)
	}
	if f.via != "" {
		if via, err = httpfn.ParseVia(f.via, u.Scheme); err != nil {
			return nil, "", fmt.Errorf("--function-via is %q: %w", f.via, err)
		}
	}
	if !f.given("concurrency") {
		f.concurrency = remoteConcurrency
	}
	return u, via, nil
}
