package handler_test

import (
	"context"
	"errors"
	"testing"

	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
)

// talkativeEngine fails with words of a library behind its own.
type talkativeEngine struct{ toyEngine }

func (e talkativeEngine) Render(ctx context.Context, src []byte, req imaging.Request, emit func(int, imaging.Encoded) error) (imaging.Info, error) {
	because := func(what string) error {
		return &imaging.LibraryError{What: what, Err: errors.New("lib 1.2: " + what)}
	}
	if string(src) == "img:bad" {
		return imaging.Info{}, fault.New(fault.Rejected, "decode", "", because("the data ends early"))
	}
	return e.toyEngine.Render(ctx, src, req, func(i int, out imaging.Encoded) error {
		if out.Err != nil {
			out.Err = fault.New(fault.Permanent, "encode", "png", because("the encoder failed"))
		}
		return emit(i, out)
	})
}

// TestHandle_WhatTheLibrarySaidIsForTheLogAlone: it differs between libraries, and
// manifests of the same source do not.
func TestHandle_WhatTheLibrarySaidIsForTheLogAlone(t *testing.T) {
	f := newFixture(t)
	f.engine = talkativeEngine{newToyEngine()}
	f.put("c", "img:bad", nil)
	out := f.handle("c", handler.ResultRejected)
	if m := f.manifest("c"); m.Reason != "the data ends early" || out.Detail != "lib 1.2: the data ends early" {
		t.Errorf("the reason is %q, the detail %q", m.Reason, out.Detail)
	}
	f.put("a", "half:1", nil)
	out = f.handle("a", handler.ResultWritten)
	if v := f.manifest("a").Variants[1]; v.Reason != "the encoder failed" || out.Detail != "two: lib 1.2: the encoder failed" {
		t.Errorf("the variant's reason is %q, the detail %q", v.Reason, out.Detail)
	}
	f.wantObjects("a/manifest.json", "a/one.png", "c/manifest.json")
}
