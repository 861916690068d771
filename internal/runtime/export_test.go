package runtime

import "time"

// VisibilityOf is how long an event may be hidden that a killed runtime was
// working on, with a time-out of an invocation.
func VisibilityOf(timeout time.Duration) time.Duration {
	return (&Options{Timeout: timeout}).visibility()
}
