package vips

// #include <stdlib.h>
// #include "pixmill.h"
import "C"

import "unsafe"

// getInt returns a field, or the fallback where there is none.
func (p *picture) getInt(name string, fallback int) int {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return int(C.px_get_int(p.im, c, C.int(fallback)))
}

// ints returns an array of integers; nil where there is none.
func (p *picture) ints(name string) []int32 {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	var values *C.int
	n := C.px_get_ints(p.im, c, &values)
	if n <= 0 {
		return nil
	}
	out := make([]int32, n)
	for i, v := range unsafe.Slice(values, n) {
		out[i] = int32(v)
	}
	return out
}

// blob returns a copy of binary metadata; nil where there is none.
func (p *picture) blob(name string) []byte {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	var data unsafe.Pointer
	var size C.size_t
	if C.px_get_blob(p.im, c, &data, &size) != 0 {
		return nil
	}
	return C.GoBytes(data, C.int(size))
}

// text returns a string field; "" where there is none.
func (p *picture) text(name string) string {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return C.GoString(C.px_get_string(p.im, c))
}

// remove takes a field off an image that nobody else uses.
func (p *picture) remove(name string) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	C.vips_image_remove(p.im, c)
}

func (p *picture) setInt(name string, v int) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	C.vips_image_set_int(p.im, c, C.int(v))
}

func (p *picture) setInts(name string, v []int32) {
	if len(v) == 0 {
		return
	}
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	C.px_set_ints(p.im, c, (*C.int)(unsafe.Pointer(&v[0])), C.int(len(v)))
}

func (p *picture) setBlob(name string, data []byte) {
	if len(data) == 0 {
		return
	}
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	C.px_set_blob(p.im, c, unsafe.Pointer(&data[0]), C.size_t(len(data)))
}

func (p *picture) setText(name, v string) {
	c, t := C.CString(name), C.CString(v)
	defer C.free(unsafe.Pointer(c))
	defer C.free(unsafe.Pointer(t))
	C.vips_image_set_string(p.im, c, t)
}

// fields returns the names of all metadata.
func (p *picture) fields() []string {
	names := C.vips_image_get_fields(p.im)
	defer C.g_strfreev(names)
	var out []string
	for _, c := range unsafe.Slice((**C.char)(unsafe.Pointer(names)), int(C.g_strv_length(names))) {
		out = append(out, C.GoString(c))
	}
	return out
}
