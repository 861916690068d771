package vips

import (
	"slices"
	"strings"
)

// Values of Spec.Metadata.
const (
	metadataNone      = "none"
	metadataCopyright = "copyright"
	metadataAll       = "all"
)

const (
	xmpField  = "xmp-data"
	iptcField = "iptc-data"
	exifField = "exif-data"

	artistField    = "exif-ifd0-Artist"
	copyrightField = "exif-ifd0-Copyright"
)

// setMetadata leaves on p, whose metadata are its own, only what the Spec keeps.
// What orients pixels is gone in any case: it was applied.
func (x *encoding) setMetadata(p *picture) {
	p.remove("orientation")
	p.remove("exif-ifd0-Orientation")
	if !x.keepWide() && (x.spec.Metadata != metadataAll || !x.source.profile.present()) {
		p.remove(profileField)
	}
	switch x.spec.Metadata {
	case metadataAll:
		if !x.spec.GPS {
			removeGPS(p)
		}
	case metadataCopyright:
		keepCopyright(p)
	default:
		removePrivate(p)
	}
}

// removePrivate takes away all that is metadata of the picture and not of its pixels.
func removePrivate(p *picture) {
	for _, name := range p.fields() {
		if isPrivate(name) {
			p.remove(name)
		}
	}
}

func isPrivate(name string) bool {
	return slices.Contains(privateFields, name) || strings.HasPrefix(name, "exif-") || strings.HasPrefix(name, "png-comment")
}

var privateFields = []string{
	xmpField, iptcField, exifField, "jpeg-thumbnail-data", "photoshop-data", "gif-comment", "comment", "image-description",
}

// removeGPS takes the position off: EXIF's GPS directory, the maker's note, what
// XMP says of it, and PNG texts that hold either.
func removeGPS(p *picture) {
	for _, name := range p.fields() {
		if tellsPosition(name) {
			p.remove(name)
		}
	}
	if xmp := p.blob(xmpField); xmp != nil {
		p.remove(xmpField)
		if cleaned := xmpWithoutGPS(xmp); len(cleaned) > 0 {
			p.setBlob(xmpField, cleaned)
		}
	}
}

// tellsPosition knows fields by name. PNG has whole EXIF and XMP packets as texts,
// under names like "Raw profile type exif".
func tellsPosition(name string) bool {
	if strings.HasPrefix(name, "png-comment") {
		lower := strings.ToLower(name)
		return slices.ContainsFunc([]string{"raw profile", "exif", "xmp", "gps"}, func(s string) bool { return strings.Contains(lower, s) })
	}
	return strings.HasPrefix(name, "exif-ifd3-") || name == "exif-ifd0-GPSTag" || name == "exif-ifd2-MakerNote"
}

// keepCopyright leaves who made the picture and whose it is.
func keepCopyright(p *picture) {
	xmp, iptc := xmpCopyright(p.blob(xmpField)), iptcCopyright(p.blob(iptcField))
	artist, copyright := p.text(artistField), p.text(copyrightField)
	removePrivate(p)
	p.setBlob(exifField, exifBlock(exifText(artist), exifText(copyright)))
	if artist != "" {
		p.setText(artistField, artist)
	}
	if copyright != "" {
		p.setText(copyrightField, copyright)
	}
	p.setBlob(xmpField, xmp)
	p.setBlob(iptcField, iptc)
}

// exifText takes off what libvips appends to a value: " (…, ASCII, 5 components, 5 bytes)".
func exifText(value string) string {
	if i := strings.LastIndex(value, " ("); i >= 0 && strings.HasSuffix(value, " bytes)") {
		return value[:i]
	}
	return value
}
