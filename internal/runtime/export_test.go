package runtime

import "time"

// VisibilityOf is how long an event may be hidden that a killed runtime was
// working on, with a time-out of an invocation.
func VisibilityOf(timeout time.Duration) time.Duration {
	return (&Options{Timeout: timeout}).visibility()
}

// SetSteady says how long a version of an HTTP function has to be the only one that
// answers. Run has not begun.
func (r *Runtime) SetSteady(d time.Duration) { r.steady = d }
