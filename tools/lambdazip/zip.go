package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"os/exec"

	"pixmill/tools/bundle"
)

// epoch is the date of every file, 1 January 1980 in MS-DOS's way: the earliest
// that a zip can have.
const epoch = 1<<5 | 1

// packed is a file with the bytes that it has in the zip.
type packed struct {
	bundle.File

	size int
}

// pack writes files into a zip, in the order of the slice, and returns them with
// their sizes in it. Nothing of the machine or the moment goes in: names, contents and
// two kinds of permission are all. Lambda wants the program to be executable for
// everybody.
func pack(ctx context.Context, w io.Writer, files []bundle.File) ([]packed, error) {
	z := zip.NewWriter(w)
	var all []packed
	for _, f := range files {
		data, err := deflate(ctx, f.Content)
		if err != nil {
			return nil, err
		}
		h := &zip.FileHeader{
			ModifiedDate: epoch, //nolint:staticcheck // CreateRaw writes it and does not look at Modified
			Name:         f.Name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(f.Content),
			CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(f.Content)),
		}
		mode := fs.FileMode(0o644)
		if f.Executable {
			mode = 0o755
		}
		h.SetMode(mode)
		out, err := z.CreateRaw(h) // with the sizes before the data, which the simplest readers want
		if err != nil {
			return nil, err
		}
		if _, err := out.Write(data); err != nil {
			return nil, err
		}
		all = append(all, packed{File: f, size: len(data)})
	}
	return all, z.Close()
}

// deflate compresses with libdeflate at its best, which saves 6 % against Go's own
// compressor: it looks for the shortest encoding, for seconds.
func deflate(ctx context.Context, b []byte) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "libdeflate-gzip", "-12", "-c")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(b), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("libdeflate-gzip (apt-get install libdeflate-tools): %w", err)
	}
	// RFC 1952: ten bytes and no more before the data where nothing is named, eight after.
	const header, trailer = 10, 8
	if len(out) < header+trailer || out[3] != 0 {
		return nil, errors.New("libdeflate-gzip wrote a header that is not expected")
	}
	return out[header : len(out)-trailer], nil
}
