package vips

// #cgo pkg-config: vips
// #include <stdlib.h>
// #include "pixmill.h"
import "C"

import (
	_ "embed" // the directive below
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"pixmill/internal/imaging"
)

// startLibrary starts libvips once; later calls return what the first did.
func startLibrary() error {
	if C.px_start() != 0 {
		return errors.New(imaging.LibraryDetail(libraryError("start")))
	}
	return nil
}

// Shutdown ends libvips for the whole process, which cannot start it again. It
// is for programs that look for leaks; others need not call it. It does nothing
// where libvips was not started.
func Shutdown() { C.px_stop() }

// Tracked is what libvips holds now: bytes of pixel memory, and live objects.
// Both are 0 while no call runs.
func Tracked() (bytes int64, objects int) {
	return int64(C.vips_tracked_get_mem()), int(C.px_objects())
}

func libraryVersion() string {
	return fmt.Sprintf("%d.%d.%d", C.vips_version(0), C.vips_version(1), C.vips_version(2))
}

// libraryMinor is the 14 of libvips 8.14.1; there has been no 9 yet.
func libraryMinor() int { return int(C.vips_version(1)) }

// onThread runs work on one operating system thread and then releases what
// libvips keeps for that thread.
func onThread(work func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer C.px_thread_end()
	work()
}

// libraryError says that a call of libvips failed. What libvips said, on one line,
// is only in the chain: its buffer is the process's, so that lines of a call that
// failed at the same moment may be among them.
func libraryError(call string) error {
	text := C.px_error()
	defer C.g_free(C.gpointer(unsafe.Pointer(text)))
	lines := strings.Split(strings.TrimSpace(C.GoString(text)), "\n")
	message := strings.Join(slices.Compact(lines), "; ")
	if message == "" {
		message = "failed without a message"
	}
	const most = 500
	if len(message) > most {
		message = strings.ToValidUTF8(message[:most], "") + "…"
	}
	return &imaging.LibraryError{What: "libvips failed at " + call, Err: errors.New(message)}
}

func has(operation string) bool {
	name := C.CString(operation)
	defer C.free(unsafe.Pointer(name))
	return C.px_has(name) != 0
}

// codec ties a format to libvips's names for it.
type codec struct {
	format imaging.Format
	number C.int
	load   string // operation, "" if there is none
	save   string
}

var codecs = []codec{
	{imaging.FormatAVIF, C.PX_HEIF, "heifload_buffer", "heifsave_buffer"},
	{imaging.FormatGIF, C.PX_GIF, "gifload_buffer", "gifsave_buffer"},
	{imaging.FormatHEIC, C.PX_HEIF, "heifload_buffer", ""},
	{imaging.FormatJPEG, C.PX_JPEG, "jpegload_buffer", "jpegsave_buffer"},
	{imaging.FormatJXL, C.PX_JXL, "jxlload_buffer", "jxlsave_buffer"},
	{imaging.FormatPDF, C.PX_PDF, "pdfload_buffer", ""},
	{imaging.FormatPNG, C.PX_PNG, "pngload_buffer", "pngsave_buffer"},
	{imaging.FormatSVG, C.PX_SVG, "svgload_buffer", ""},
	{imaging.FormatTIFF, C.PX_TIFF, "tiffload_buffer", ""},
	{imaging.FormatWebP, C.PX_WEBP, "webpload_buffer", "webpsave_buffer"},
}

func codecOf(f imaging.Format) (codec, bool) {
	i := slices.IndexFunc(codecs, func(c codec) bool { return c.format == f })
	if i < 0 {
		return codec{}, false
	}
	return codecs[i], true
}

// tinyHEIC is a black square of 64 × 64 px with HEVC inside.
//
//go:embed tiny.heic
var tinyHEIC []byte

// libraryInputs returns what this libvips can read of what the package knows,
// sorted. Many builds of libheif have AV1 but no HEVC, and only a try tells.
func libraryInputs() []imaging.Format {
	var out []imaging.Format
	for _, c := range codecs {
		if c.load == "" || !has(c.load) {
			continue
		}
		if c.format == imaging.FormatHEIC && !reads(c, tinyHEIC) {
			continue
		}
		out = append(out, c.format)
	}
	return out
}

func reads(c codec, data []byte) (ok bool) {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&data[0])
	onThread(func() { ok = C.px_reads(c.number, unsafe.Pointer(&data[0]), C.size_t(len(data))) != 0 })
	return ok
}

// encoders is what this libvips can write.
type encoders struct {
	formats []imaging.Format // sorted
	mozjpeg bool             // trellis quantisation
}

func libraryEncoders() encoders {
	var e encoders
	onThread(func() {
		for _, c := range codecs {
			if c.save == "" || !has(c.save) || (c.format == imaging.FormatAVIF && C.px_writes_avif() == 0) {
				continue
			}
			e.formats = append(e.formats, c.format)
		}
		e.mozjpeg = C.px_mozjpeg() != 0
	})
	return e
}

func (e encoders) has(f imaging.Format) bool { return slices.Contains(e.formats, f) }
