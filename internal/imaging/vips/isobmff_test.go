package vips

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// rebranded is an ISOBMFF file that calls itself something else.
func rebranded(data []byte, from, to string) []byte {
	const brands = 28 // bytes of the ftyp box
	return append(bytes.ReplaceAll(data[:brands:brands], []byte(from), []byte(to)), data[brands:]...)
}

func TestCodings(t *testing.T) {
	avif := testdata(t, "formats/still.avif")
	for name, c := range map[string]struct {
		data    []byte
		formats []imaging.Format
		unknown string
	}{
		"avif":                     {avif, []imaging.Format{imaging.FormatAVIF}, ""},
		"heic":                     {tinyHEIC, []imaging.Format{imaging.FormatHEIC}, ""},
		"heic that says avif":      {rebranded(tinyHEIC, "heic", "avif"), []imaging.Format{imaging.FormatHEIC}, ""},
		"a codec of neither":       {bytes.Replace(avif, []byte("av01"), []byte("vvc1"), 1), nil, "vvc1"},
		"metadata is no image":     {bytes.Replace(avif, []byte("av01"), []byte("Exif"), 1), nil, ""},
		"a description without it": {avif[:100], nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			formats, unknown := codings(c.data)
			if !slices.Equal(formats, c.formats) || unknown != c.unknown {
				t.Errorf("got %v and %q, want %v and %q", formats, unknown, c.formats, c.unknown)
			}
		})
	}
	for n := range tinyHEIC { // a cut file must not be read beyond its end
		codings(tinyHEIC[:n])
		boxesEndEarly(tinyHEIC[:n])
	}
}

// TestProbe_FormatInDisguise: whether HEVC may be decoded is not for the file to say.
func TestProbe_FormatInDisguise(t *testing.T) {
	only := func(f imaging.Format) *Engine {
		t.Helper()
		e, err := New(imaging.Limits{}, Options{Inputs: []imaging.Format{f}})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	avif := testdata(t, "formats/still.avif")
	for _, c := range []struct {
		name string
		only imaging.Format
		data []byte
		what string // "": it is read
	}{
		{"avif", imaging.FormatAVIF, avif, ""},
		{"avif that is hevc inside", imaging.FormatAVIF, rebranded(tinyHEIC, "heic", "avif"), "input heic, which is inside this avif"},
		{"heic where only avif may be", imaging.FormatAVIF, tinyHEIC, "input heic"},
		{"avif with a codec of neither", imaging.FormatAVIF, bytes.Replace(avif, []byte("av01"), []byte("vvc1"), 1), `input avif with an image of type "vvc1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := only(c.only).Probe(t.Context(), c.data)
			if c.what == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			unsupported, ok := errors.AsType[*imaging.UnsupportedError](err)
			if !ok || unsupported.What != c.what || fault.KindOf(err) != fault.Rejected {
				t.Errorf("got %v, want it rejected as unsupported: %s", err, c.what)
			}
		})
	}
	t.Run("heic that is av1 inside", func(t *testing.T) {
		if !slices.Contains(libraryInputs(), imaging.FormatHEIC) {
			t.Skip("this libvips does not read heic")
		}
		_, err := only(imaging.FormatHEIC).Probe(t.Context(), rebranded(avif, "avif", "heic"))
		if err == nil || !strings.Contains(err.Error(), "input avif, which is inside this heic") {
			t.Errorf("got %v", err)
		}
	})
}
