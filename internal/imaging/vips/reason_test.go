package vips_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/vips"
)

// badSource is a source and the words that a manifest says about it. They are the
// same with every libvips.
type badSource struct {
	name, reason string
	data         []byte
}

func stored(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "imagingtest", "testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func badSources(t *testing.T, e *vips.Engine) []badSource {
	t.Helper()
	jpeg := renderOne(t, e, photo(t, "coffee.png"), imaging.Spec{Width: 200, Format: imaging.FormatJPEG}).Data
	gif := renderOne(t, e, photo(t, "coffee.png"), imaging.Spec{Width: 200, Format: imaging.FormatGIF}).Data
	png := photo(t, "coffee.png")
	cut := func(data []byte, n int) []byte { return data[:n:n] }
	damaged := bytes.Clone(png)
	copy(damaged[len(damaged)/2:], make([]byte, 4000))
	noise := append([]byte("\xff\xd8\xff\xe0\x00\x04"), bytes.Repeat([]byte{0x55}, 500)...)
	return []badSource{
		{"cut jpeg", "the JPEG data ends early, after 3000 bytes", cut(jpeg, 3000)},
		{"jpeg cut in its tables", "the JPEG data ends early, after 250 bytes", cut(jpeg, 250)},
		{"cut progressive jpeg", "the JPEG data ends early, after 600 bytes", cut(stored(t, "formats/progressive.jpg"), 600)},
		{"cut png", "the PNG data ends early, after 100000 bytes", cut(png, 100_000)},
		{"damaged png", "the PNG data cannot be decoded: it is damaged, or of a kind that is not supported", damaged},
		{"cut webp", "the WebP data ends early, after 100 bytes", cut(stored(t, "formats/still.webp"), 100)},
		{"cut gif", "the GIF data ends early, after 3000 bytes", cut(gif, 3000)},
		{"cut tiff", "the TIFF data ends early, after 400 bytes", cut(stored(t, "formats/still.tiff"), 400)},
		{"cut avif", "the AVIF data ends early, after 300 bytes", cut(stored(t, "formats/still.avif"), 300)},
		{"avif cut in its header", "the AVIF data ends early, after 100 bytes", cut(stored(t, "formats/still.avif"), 100)},
		{"a jpeg of noise", "the JPEG header cannot be read: no frame header", noise},
		{"a text", `not an image: no known format starts with "not an i"`, []byte("not an image")},
	}
}

// reason is what the handler records: the error without what was being done.
func reason(err error) string {
	for {
		f, ok := errors.AsType[*fault.Error](err)
		if !ok {
			return err.Error()
		}
		err = f.Err
	}
}

func TestRender_SaysInPlainWordsWhatIsWrong(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	for _, c := range badSources(t, e) {
		t.Run(c.name, func(t *testing.T) {
			_, err := e.Render(t.Context(), c.data, imaging.Request{Specs: webSet}, failOnError(t))
			if fault.KindOf(err) != fault.Rejected || reason(err) != c.reason {
				t.Errorf("got  %v\nwant %s", err, c.reason)
			}
			if strings.Contains(err.Error(), "ips") {
				t.Errorf("%q speaks of libvips", err)
			}
			if _, ok := errors.AsType[*imaging.LibraryError](err); ok && imaging.LibraryDetail(err) == "" {
				t.Error("what libvips said is lost")
			}
		})
	}
}

// TestRender_ReasonsDoNotMix: libvips has one buffer of errors for the process.
func TestRender_ReasonsDoNotMix(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	var all sync.WaitGroup
	for _, c := range slices.Repeat(badSources(t, e), 8) {
		all.Go(func() {
			if _, err := e.Render(t.Context(), c.data, imaging.Request{}, failOnError(t)); err == nil || reason(err) != c.reason {
				t.Errorf("%s: got %v, want %s", c.name, err, c.reason)
			}
		})
	}
	all.Wait()
}
