package imagingtest

import "testing"

// Located is a picture whose metadata say where it was taken.
type Located struct {
	Data     []byte
	Maker    string   // is in the EXIF block and no secret
	Position []string // each of them gives the place away
}

// LocatedJPEG returns a JPEG of 240 × 160 px with a position in EXIF and XMP.
func LocatedJPEG(t *testing.T) Located {
	t.Helper()
	data := withSegment(jpegOf(t, card(240, 160)), "http://ns.adobe.com/xap/1.0/\x00", xmp())
	data = withSegment(data, "Exif\x00\x00", exif(1, true))
	return Located{Data: data, Maker: exifMake, Position: []string{gpsDatum, xmpLatitude}}
}

// LocatedPNG returns a PNG of 240 × 160 px that has whole EXIF and XMP packets as
// texts, as older programs write them, beside a text that says nothing of the place.
func LocatedPNG(t *testing.T) Located {
	t.Helper()
	data := pngOf(t, card(240, 160))
	for _, text := range []struct{ keyword, value string }{
		{"Raw profile type exif", "\nexif\n      8\n" + gpsDatum + "\n"},
		{"Raw profile type xmp", xmpLatitude},
		{"EXIF:GPSMapDatum", gpsDatum},
		{"GPSPosition", xmpLatitude},
		{"Title", exifMake},
	} {
		data = withPNGChunk(data, "tEXt", []byte(text.keyword+"\x00"+text.value))
	}
	return Located{Data: data, Maker: exifMake, Position: []string{gpsDatum, xmpLatitude}}
}
