package vips

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// withChunk puts a chunk behind a PNG's header.
func withChunk(png []byte, kind string, body []byte) []byte {
	const afterIHDR = 8 + 12 + 13
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	chunk = append(append(chunk, kind...), body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return slices.Concat(png[:afterIHDR], chunk, png[afterIHDR:])
}

// withProfile embeds an ICC profile in a PNG.
func withProfile(png, profile []byte) []byte {
	var b bytes.Buffer
	b.WriteString("test\x00\x00")
	z := zlib.NewWriter(&b)
	_, _ = z.Write(profile) // into memory
	_ = z.Close()
	return withChunk(png, "iCCP", b.Bytes())
}
