// Package bimgengine is an imaging.Engine over github.com/h2non/bimg. It is the
// oracle that the default engine is compared with, and shows what bimg can do:
// it decodes the source again for each variant, as bimg does, and answers with
// *imaging.UnsupportedError to what bimg cannot do.
//
// bimg's own init function starts libvips and sets its concurrency and cache
// for the whole process, so the engine is compiled only with the build tag
// bimg, and never belongs into one process with package vips. Without the tag,
// New says how to build it.
package bimgengine

// engineName is the Engine of Capability and of errors.
const engineName = "bimg"
