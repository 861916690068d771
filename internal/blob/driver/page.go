package driver

import "strings"

// MaxPageSize is the most entries that a page has, as in S3.
const MaxPageSize = 1000

// PageOf builds one page for stores that can look keys up in order. seek
// returns the first key that is not before from in the order of UTF-8 bytes, or
// "" behind the last one. entry describes an object; one that is gone by now
// (CodeNoSuchKey) is left out. Everything under a common prefix is skipped with
// one seek, so a page costs as many seeks as it has entries, and one more. The
// token is the position at which the next page begins.
func PageOf(opts *ListOptions, seek func(from string) (string, error), entry func(key string) (Entry, error)) (*Page, error) {
	size := opts.PageSize
	if size <= 0 || size > MaxPageSize {
		size = MaxPageSize
	}
	page := &Page{}
	pos := max(opts.Prefix, opts.Token)
	for {
		key, err := seek(pos)
		if err != nil {
			return nil, err
		}
		if key == "" || !strings.HasPrefix(key, opts.Prefix) {
			return page, nil
		}
		if len(page.Entries) == size {
			page.Next = pos
			return page, nil
		}
		if prefix, ok := commonPrefix(key, opts); ok {
			page.Entries = append(page.Entries, Entry{Key: prefix, IsPrefix: true})
			pos = pastPrefix(prefix)
			continue
		}
		pos = key + "\x00"
		switch e, err := entry(key); {
		case err == nil:
			page.Entries = append(page.Entries, e)
		case CodeOf(err) != CodeNoSuchKey:
			return nil, err
		}
	}
}

// commonPrefix returns the key up to and with the first delimiter behind the
// listing's prefix, and false where there is none.
func commonPrefix(key string, opts *ListOptions) (string, bool) {
	if opts.Delimiter == "" {
		return "", false
	}
	i := strings.Index(key[len(opts.Prefix):], opts.Delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(opts.Prefix)+i+len(opts.Delimiter)], true
}

// pastPrefix returns the smallest string behind every string that begins with
// p. p ends in a delimiter, so its last byte is below 0xff.
func pastPrefix(p string) string {
	return p[:len(p)-1] + string(rune(p[len(p)-1]+1))
}
