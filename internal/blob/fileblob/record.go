package fileblob

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"mime"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"pixmill/internal/blob/driver"
)

// attribute is the name of the extended attribute that holds a record.
const attribute = "user.pixmill"

// record is what the attribute says of a file, as JSON. It holds only while
// size and time of change are the file's: then nobody else has written it since.
type record struct {
	ETag         string            `json:"etag"`
	Size         int64             `json:"size"`
	MTime        int64             `json:"mtime"` // nanoseconds since 1970
	ContentType  string            `json:"contentType,omitempty"`
	CacheControl string            `json:"cacheControl,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

// describe returns the attributes of an open file. They are of the content
// that is read through it, whatever replaces the file meanwhile.
func describe(key string, f *os.File) (*driver.Attrs, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, mapped(err)
	}
	a := &driver.Attrs{Key: key, Size: info.Size(), ModTime: info.ModTime()}
	if r, ok := readRecord(f, info); ok {
		a.ETag, a.ContentType, a.CacheControl, a.Metadata = r.ETag, r.ContentType, r.CacheControl, r.Metadata
		return a, nil
	}
	if a.ETag, err = etagOf(f); err != nil {
		return nil, mapped(err)
	}
	a.ContentType = mime.TypeByExtension(path.Ext(key))
	return a, nil
}

// readRecord returns the record of a file, and false where there is none, none
// that can be read, or one of an earlier content.
func readRecord(f *os.File, info fs.FileInfo) (record, bool) {
	var r record
	buf := make([]byte, 4096)
	n, err := getxattr(f, buf)
	if errors.Is(err, unix.ERANGE) {
		buf = make([]byte, 64<<10) // the largest that there is
		n, err = getxattr(f, buf)
	}
	if err != nil || json.Unmarshal(buf[:n], &r) != nil {
		return record{}, false
	}
	return r, r.ETag != "" && r.Size == info.Size() && r.MTime == info.ModTime().UnixNano()
}

// etagOf returns the MD5 of a file's content. The file can be read from its
// beginning afterwards.
func etagOf(f *os.File) (string, error) {
	h := md5.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func getxattr(f *os.File, buf []byte) (n int, err error) {
	err = control(f, func(fd int) (err error) {
		n, err = unix.Fgetxattr(fd, attribute, buf)
		return err
	})
	return n, err
}

func setxattr(f *os.File, value []byte) error {
	return control(f, func(fd int) error { return unix.Fsetxattr(fd, attribute, value, 0) })
}

// control calls do with the descriptor of a file, again where a signal came
// between. Unlike f.Fd it leaves the file as it is.
func control(f *os.File, do func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = conn.Control(func(fd uintptr) {
		for result = unix.EINTR; errors.Is(result, unix.EINTR); {
			result = do(int(fd))
		}
	})
	return cmp.Or(err, result)
}
