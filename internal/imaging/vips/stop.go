package vips

// #include <stdlib.h>
import "C"

import (
	"context"
	"sync/atomic"
	"unsafe"
)

// stopper carries the end of a context to libvips, which looks at a flag in C
// memory at every tile.
type stopper struct {
	flag *C.int
	undo func() bool
}

// newStopper returns a stopper for ctx. close it when nothing looks at it any more.
func newStopper(ctx context.Context) *stopper {
	s := &stopper{flag: (*C.int)(C.calloc(1, C.sizeof_int))}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		atomic.StoreInt32((*int32)(unsafe.Pointer(s.flag)), 1)
	})
	s.undo = func() bool {
		if stop() {
			return true
		}
		<-done
		return false
	}
	return s
}

func (s *stopper) close() {
	s.undo()
	C.free(unsafe.Pointer(s.flag))
}
