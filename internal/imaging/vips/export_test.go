package vips

import "time"

// HurryDrawings gives each sandbox of e a second, the least there is, so that tests
// need not wait for the usual limit.
func (e *Engine) HurryDrawings() { e.drawTimes = drawTimes{time.Second, time.Second} }
