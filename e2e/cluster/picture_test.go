package cluster

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
)

// interlaced is a PNG of one colour in 16 bits and four channels, Adam7-interlaced: the
// file is small, and a decoder has to hold all of its pixels, 8 bytes each.
//
// https://www.w3.org/TR/png-3/#8Interlace
func interlaced(side int) []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	head := binary.BigEndian.AppendUint32(nil, uint32(side))
	head = binary.BigEndian.AppendUint32(head, uint32(side))
	chunk(&b, "IHDR", append(head, 16, 6, 0, 0, 1)) // bits, RGBA, deflate, adaptive filters, Adam7
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	for _, pass := range []struct{ x, y, dx, dy int }{
		{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
	} {
		columns, rows := (side-pass.x+pass.dx-1)/pass.dx, (side-pass.y+pass.dy-1)/pass.dy
		row := append([]byte{0}, bytes.Repeat([]byte{0x20, 0, 0x60, 0, 0xa0, 0, 0xff, 0xff}, columns)...) // no filter
		for range rows {
			_, _ = z.Write(row) // into memory
		}
	}
	z.Close()
	chunk(&b, "IDAT", data.Bytes())
	chunk(&b, "IEND", nil)
	return b.Bytes()
}

func chunk(b *bytes.Buffer, name string, data []byte) {
	body := append([]byte(name), data...)
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data))))
	b.Write(body)
	b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
}
