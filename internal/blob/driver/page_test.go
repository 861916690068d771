package driver_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/blob/driver"
)

// index is a sorted list of keys that counts the look-ups.
type index struct {
	keys  []string
	gone  string
	fail  error
	seeks int
}

func (x *index) seek(from string) (string, error) {
	x.seeks++
	if i, _ := slices.BinarySearch(x.keys, from); i < len(x.keys) {
		return x.keys[i], nil
	}
	return "", nil
}

func (x *index) entry(key string) (driver.Entry, error) {
	if key == x.gone {
		return driver.Entry{}, &driver.Error{Code: driver.CodeNoSuchKey}
	}
	return driver.Entry{Key: key}, x.fail
}

func keysOf(p *driver.Page) []string {
	var keys []string
	for _, e := range p.Entries {
		keys = append(keys, e.Key)
	}
	return keys
}

func TestPageOf_SkipsAFolderWithOneSeek(t *testing.T) {
	x := &index{keys: []string{"a"}}
	for i := range 5000 {
		x.keys = append(x.keys, "b/"+strings.Repeat("x", i%300+1))
	}
	x.keys = append(x.keys, "b0", "c/1")
	slices.Sort(x.keys)
	page, err := driver.PageOf(&driver.ListOptions{Delimiter: "/"}, x.seek, x.entry)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := keysOf(page), []string{"a", "b/", "b0", "c/"}; !slices.Equal(got, want) {
		t.Errorf("the page is %q, want %q", got, want)
	}
	if x.seeks > 5 {
		t.Errorf("4 entries took %d seeks, want 5", x.seeks)
	}
}

func TestPageOf_LastPageHasNoToken(t *testing.T) {
	x := &index{keys: []string{"a", "b"}}
	for size, want := range map[int]bool{1: true, 2: false, 3: false} {
		page, err := driver.PageOf(&driver.ListOptions{PageSize: size}, x.seek, x.entry)
		if err != nil || (page.Next != "") != want {
			t.Errorf("a page of %d from 2 keys has the token %q, %v; want one: %v", size, page.Next, err, want)
		}
	}
}

func TestPageOf_NoMoreThanAThousand(t *testing.T) {
	x := &index{}
	for i := range 1500 {
		x.keys = append(x.keys, string(rune(0x4e00+i)))
	}
	for _, size := range []int{0, 1000, 5000} {
		page, err := driver.PageOf(&driver.ListOptions{PageSize: size}, x.seek, x.entry)
		if err != nil || len(page.Entries) != driver.MaxPageSize || page.Next == "" {
			t.Errorf("a page of size %d has %d entries, token %q, %v; want 1000 and a token", size, len(page.Entries), page.Next, err)
		}
	}
}

func TestPageOf_WhatIsGoneMeanwhileIsLeftOut(t *testing.T) {
	x := &index{keys: []string{"a", "b", "c"}, gone: "b"}
	page, err := driver.PageOf(&driver.ListOptions{PageSize: 2}, x.seek, x.entry)
	if got := keysOf(page); err != nil || !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("the page is %q, %v; want a and c", got, err)
	}
}

func TestPageOf_ErrorsEndIt(t *testing.T) {
	broken := errors.New("broken")
	x := &index{keys: []string{"a"}, fail: broken}
	if page, err := driver.PageOf(&driver.ListOptions{}, x.seek, x.entry); !errors.Is(err, broken) || page != nil {
		t.Errorf("PageOf = %v, %v; want the error of the entry", page, err)
	}
	seek := func(string) (string, error) { return "", broken }
	if page, err := driver.PageOf(&driver.ListOptions{}, seek, x.entry); !errors.Is(err, broken) || page != nil {
		t.Errorf("PageOf = %v, %v; want the error of the seek", page, err)
	}
}
