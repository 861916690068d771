package imagingtest

import (
	"bytes"
	"testing"

	"pixmill/internal/imaging"
)

// metadata checks what of a source's EXIF and XMP each setting leaves.
func (s *suite) metadata(t *testing.T) {
	e := s.engine(t)
	src := withSegment(jpegOf(t, card(240, 160)), "http://ns.adobe.com/xap/1.0/\x00", xmp())
	src = withSegment(src, "Exif\x00\x00", exif(1, true))
	formats := []imaging.Format{imaging.FormatJPEG, imaging.FormatWebP, imaging.FormatPNG, imaging.FormatAVIF}
	for _, c := range []struct {
		name            string
		spec            imaging.Spec
		copyright, all  bool
		position, block bool
	}{
		{"none by default", imaging.Spec{}, false, false, false, false},
		{"none", imaging.Spec{Metadata: "none"}, false, false, false, false},
		{"a position alone is not kept", imaging.Spec{GPS: true}, false, false, false, false},
		{"copyright", imaging.Spec{Metadata: "copyright"}, true, false, false, true},
		{"copyright with a position", imaging.Spec{Metadata: "copyright", GPS: true}, true, false, false, true},
		{"all without a position", imaging.Spec{Metadata: "all"}, true, true, false, true},
		{"all", imaging.Spec{Metadata: "all", GPS: true}, true, true, true, true},
	} {
		for _, format := range formats {
			t.Run(c.name+" in "+string(format), func(t *testing.T) {
				c.spec.Format, c.spec.Width = format, 120
				v := s.one(t, e, src, c.spec)
				h, err := readHeader(v.Data)
				if err != nil {
					t.Fatal(err)
				}
				tags := ifd0(h.EXIF)
				if (len(h.EXIF) > 0) != c.block {
					if !c.block && tags[tagMake] == nil && tags[tagArtist] == nil && tags[tagGPS] == nil {
						s.lackOr(t, "files without an EXIF block")
					}
					t.Errorf("an EXIF block of %d bytes; want one: %v", len(h.EXIF), c.block)
				}
				check := func(what string, got, want bool) {
					if got != want {
						t.Errorf("%s is there: %v, want %v", what, got, want)
					}
				}
				check("the artist", bytes.Contains(tags[tagArtist], []byte(exifArtist)), c.copyright)
				check("the copyright", bytes.Contains(tags[tagCopyright], []byte(exifCopyright)), c.copyright)
				check("the maker", bytes.Contains(tags[tagMake], []byte(exifMake)), c.all)
				check("the GPS directory", tags[tagGPS] != nil, c.position)
				check("the datum of the position", bytes.Contains(v.Data, []byte(gpsDatum)), c.position)
				if format == imaging.FormatJPEG || format == imaging.FormatWebP {
					check("the position in XMP", bytes.Contains(v.Data, []byte(xmpLatitude)), c.position)
				}
				if !c.all {
					check("XMP", h.XMP, false)
					check("a profile", h.ICC, false)
				}
			})
		}
	}
}
