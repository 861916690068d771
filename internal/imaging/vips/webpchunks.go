package vips

import "encoding/binary"

// The RIFF container of WebP (RFC 9649, section 2).
const (
	riffHeader  = 12 // "RIFF", size, "WEBP"
	chunkHeader = 8
	exifFlag    = 0x08 // of VP8X
)

// webpWithoutEXIF takes the EXIF chunk out of a WebP file: libvips 8.14.1 writes
// one whether or not it was asked for. A file without one is returned as it is.
func webpWithoutEXIF(data []byte) []byte {
	for at := riffHeader; at+chunkHeader <= len(data); {
		size := int(binary.LittleEndian.Uint32(data[at+4:]))
		end := at + chunkHeader + size + size%2
		if size < 0 || end > len(data) {
			return data
		}
		switch string(data[at : at+4]) {
		case "VP8X":
			data[at+chunkHeader] &^= exifFlag
		case "EXIF":
			data = append(data[:at], data[end:]...)
			binary.LittleEndian.PutUint32(data[4:], uint32(len(data)-chunkHeader))
			continue
		}
		at = end
	}
	return data
}
