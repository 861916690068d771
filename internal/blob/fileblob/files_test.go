package fileblob_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/blob/fileblob"
)

func md5Of(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// tree returns the paths of everything but folders in a directory.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, b *blob.Bucket, key, body string, opts *blob.PutOptions) *blob.Attrs {
	t.Helper()
	a, err := b.Put(context.Background(), key, []byte(body), opts)
	if err != nil {
		t.Fatalf("Put(%q) = %v", key, err)
	}
	return a
}

func list(t *testing.T, b *blob.Bucket, opts blob.ListOptions) []string {
	t.Helper()
	var keys []string
	for e, err := range b.List(context.Background(), opts) {
		if err != nil {
			t.Fatalf("List(%+v) = %v", opts, err)
		}
		keys = append(keys, e.Key)
	}
	return keys
}

func TestPut_NothingButTheObjectsIsInTheDirectory(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	b := openDir(t, dir)
	put(t, b, "cat.jpg/hero.avif", "hero", &blob.PutOptions{ContentType: "image/avif", Metadata: map[string]string{"pixmill": "1"}})
	put(t, b, "cat.jpg/manifest.json", "{}", nil)
	if _, err := b.Put(ctx, "cat.jpg/hero.avif", []byte("x"), &blob.PutOptions{IfNoneMatch: true}); err == nil {
		t.Error("a second create succeeded")
	}
	if got, want := tree(t, dir), []string{"cat.jpg/hero.avif", "cat.jpg/manifest.json"}; !slices.Equal(got, want) {
		t.Errorf("the directory has %q, want %q", got, want)
	}
	if err := b.Delete(ctx, "cat.jpg/hero.avif"); err != nil {
		t.Fatal(err)
	}
	if err := b.Delete(ctx, "cat.jpg/manifest.json"); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("after the deletes the directory has %v, %v; want nothing, and no empty folder", entries, err)
	}
}

func TestKeys_ThatEscapeAreInvalid(t *testing.T) {
	ctx := context.Background()
	outer := t.TempDir()
	dir := filepath.Join(outer, "out")
	write(t, filepath.Join(outer, "secret"), "secret")
	write(t, filepath.Join(dir, "in", "k"), "x")
	b := openDir(t, dir)
	for _, key := range []string{
		"../secret", "in/../../secret", "..", ".", "/etc/passwd", filepath.Join(outer, "secret"), "in/./k", "in//k", "in/k/", "/", "in/",
		"in/../in/k", "nul\x00byte", strings.Repeat("n", 256), "a/" + strings.Repeat("é", 128), ".pixmill-tmp-x", "in/.pixmill-tmp-x",
	} {
		_, putErr := b.Put(ctx, key, []byte("escaped"), nil)
		_, _, getErr := b.Get(ctx, key, 0)
		_, headErr := b.Head(ctx, key)
		deleteErr := b.Delete(ctx, key)
		for op, err := range map[string]error{"Put": putErr, "Get": getErr, "Head": headErr, "Delete": deleteErr} {
			if err == nil || blob.CodeOf(err) != blob.CodeInvalidKey {
				t.Errorf("%s(%.40q) = %v, want an invalid key", op, key, err)
			}
		}
		if got := list(t, b, blob.ListOptions{Prefix: key}); len(got) != 0 && key != "in/" {
			t.Errorf("List(%.40q) = %q", key, got)
		}
	}
	if got, want := tree(t, outer), []string{"out/in/k", "secret"}; !slices.Equal(got, want) {
		t.Errorf("the directory around has %q, want %q", got, want)
	}
	if body, _ := os.ReadFile(filepath.Join(outer, "secret")); string(body) != "secret" {
		t.Errorf("the file outside is now %q", body)
	}
}

func TestSymbolicLinks_AreNotFollowed(t *testing.T) {
	ctx := context.Background()
	outer := t.TempDir()
	dir := filepath.Join(outer, "out")
	write(t, filepath.Join(outer, "outside", "file"), "secret")
	write(t, filepath.Join(dir, "inside", "file"), "mine")
	for name, target := range map[string]string{
		"file-out": "../outside/file", "folder-out": "../outside", "absolute": filepath.Join(outer, "outside"), "file-in": "inside/file",
		"folder-in": "inside", "nowhere": "nothing", "loop": "loop",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	b := openDir(t, dir)
	for _, key := range []string{"file-out", "folder-out/file", "absolute/file", "file-in", "folder-in/file", "nowhere", "loop", "loop/k"} {
		if _, _, err := b.Get(ctx, key, 0); blob.CodeOf(err) != blob.CodeNoSuchKey {
			t.Errorf("Get(%q) = %v, want no such key", key, err)
		}
		if err := b.Delete(ctx, key); err != nil {
			t.Errorf("Delete(%q) = %v, want nothing to delete", key, err)
		}
	}
	for _, key := range []string{"folder-out/new", "absolute/new", "folder-in/new", "loop/new"} {
		if _, err := b.Put(ctx, key, []byte("x"), nil); err == nil || blob.CodeOf(err) != blob.CodeInvalidKey || !strings.Contains(err.Error(), "no folder") {
			t.Errorf("Put(%q) = %v, want an invalid key", key, err)
		}
	}
	if got := list(t, b, blob.ListOptions{}); !slices.Equal(got, []string{"inside/file"}) {
		t.Errorf("the listing is %q, want only the file that is one", got)
	}
	if got := list(t, b, blob.ListOptions{Prefix: "folder-out/"}); len(got) != 0 {
		t.Errorf("the listing behind a link is %q", got)
	}
	put(t, b, "file-out", "replaced", nil) // the link, not what it points to
	if body, _ := os.ReadFile(filepath.Join(outer, "outside", "file")); string(body) != "secret" {
		t.Errorf("the file outside is now %q", body)
	}
	if got := tree(t, filepath.Join(outer, "outside")); !slices.Equal(got, []string{"file"}) {
		t.Errorf("the folder outside has %q", got)
	}
}

func TestFilesOfOthers_AreObjects(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	b := openDir(t, dir)
	write(t, filepath.Join(dir, "a", "photo.png"), "by hand")
	body, a, err := b.Get(ctx, "a/photo.png", 0)
	if err != nil || string(body) != "by hand" || a.ETag != md5Of("by hand") || a.ContentType != "image/png" || a.Metadata != nil {
		t.Errorf("Get = %q, %+v, %v; want the file with its MD5 and type", body, a, err)
	}
	replaced := put(t, b, "a/photo.png", "replaced", &blob.PutOptions{IfMatch: a.ETag})
	if replaced.ETag != md5Of("replaced") {
		t.Errorf("Put returned ETag %s, want the MD5", replaced.ETag)
	}
}

func TestFilesThatAreEdited_HaveNoAttributesOfTheContentBefore(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	b := openDir(t, dir)
	path := filepath.Join(dir, "k.webp")
	put(t, b, "k.webp", "first", &blob.PutOptions{ContentType: "image/webp", Metadata: map[string]string{"source": "1"}})

	write(t, path, "other") // as long as before, and in place: the attribute is still there
	later := time.Now().Add(time.Second)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	a, err := b.Head(ctx, "k.webp")
	if err != nil || a.ETag != md5Of("other") || len(a.Metadata) != 0 {
		t.Errorf("Head of an edited file = %+v, %v; want the MD5 of the content now, and no metadata", a, err)
	}
	if got := list(t, b, blob.ListOptions{}); !slices.Equal(got, []string{"k.webp"}) {
		t.Errorf("the listing is %q", got)
	}
}

func TestCopiedFiles_KeepTheirETag(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	b := openDir(t, dir)
	want := put(t, b, "k", "content", &blob.PutOptions{Metadata: map[string]string{"source": "1"}})
	body, err := os.ReadFile(filepath.Join(dir, "k"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "copy"), string(body))
	if a, err := b.Head(ctx, "copy"); err != nil || a.ETag != want.ETag {
		t.Errorf("Head of the copy = %+v, %v; want ETag %s", a, err, want.ETag)
	}
	if err := os.Rename(filepath.Join(dir, "k"), filepath.Join(dir, "moved")); err != nil {
		t.Fatal(err)
	}
	if a, err := b.Head(ctx, "moved"); err != nil || a.ETag != want.ETag || !maps.Equal(a.Metadata, want.Metadata) {
		t.Errorf("Head of the moved file = %+v, %v; want %+v", a, err, want)
	}
}

func TestWhatIsNoFile_IsNoObject(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	b := openDir(t, dir)
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "empty", "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"pipe", "empty", "empty/folder"} {
		if _, _, err := b.Get(ctx, key, 0); blob.CodeOf(err) != blob.CodeNoSuchKey {
			t.Errorf("Get(%q) = %v, want no such key", key, err)
		}
	}
	if got := list(t, b, blob.ListOptions{Delimiter: "/"}); len(got) != 0 {
		t.Errorf("the listing is %q, want nothing: an empty folder is none", got)
	}
	put(t, b, "empty/folder", "now a file", nil)
	if got := list(t, b, blob.ListOptions{}); !slices.Equal(got, []string{"empty/folder"}) {
		t.Errorf("the listing is %q", got)
	}
}

func TestOpen_RelativeDirectoryStaysWhereItWas(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("out", 0o755); err != nil {
		t.Fatal(err)
	}
	b := openDir(t, "out")
	t.Chdir(t.TempDir())
	put(t, b, "k", "x", nil)
}

func TestOpen_FileInPlaceOfADirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "x")
	if _, err := openDir(t, path).Put(context.Background(), "k", nil, nil); blob.CodeOf(err) != blob.CodeNoSuchBucket {
		t.Errorf("Put into a file = %v, want no such bucket", err)
	}
}

func TestOpen_RemovesWhatACrashLeft(t *testing.T) {
	dir := t.TempDir()
	old, young := filepath.Join(dir, ".pixmill-tmp-OLD"), filepath.Join(dir, ".pixmill-tmp-YOUNG")
	write(t, old, "half")
	write(t, young, "somebody is writing")
	write(t, filepath.Join(dir, "k"), "x")
	yesterday := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(old, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	b := openDir(t, dir)
	if got := list(t, b, blob.ListOptions{}); !slices.Equal(got, []string{"k"}) {
		t.Errorf("the listing is %q, want k", got)
	}
	if got, want := tree(t, dir), []string{".pixmill-tmp-YOUNG", "k"}; !slices.Equal(got, want) {
		t.Errorf("the directory has %q, want %q", got, want)
	}
}

// TestRace_HandlesExcludeEachOther: handles of one directory have only its lock
// in common, as two processes have. The object is big and without a record, so
// that the look at its ETag takes a while.
func TestRace_HandlesExcludeEachOther(t *testing.T) {
	dir := t.TempDir()
	for round := range 10 {
		start := strings.Repeat(fmt.Sprintf("round %d ", round), 200_000)
		write(t, filepath.Join(dir, "k"), start)
		var wg sync.WaitGroup
		won := make([]bool, 8)
		for i := range won {
			b := openDir(t, dir)
			wg.Go(func() {
				_, err := b.Put(context.Background(), "k", fmt.Appendf(nil, "%d of round %d ", i, round), &blob.PutOptions{IfMatch: md5Of(start)})
				if won[i] = err == nil; err != nil && blob.CodeOf(err) != blob.CodePreconditionFailed {
					t.Errorf("Put = %v", err)
				}
			})
		}
		wg.Wait()
		if n := len(slices.DeleteFunc(won, func(won bool) bool { return !won })); n != 1 {
			t.Fatalf("in round %d %d writers won, want 1", round, n)
		}
	}
}

// TestPut_CancelledWhileItWaitsWritesNothing holds the directory's lock as
// another process would.
func TestPut_CancelledWhileItWaitsWritesNothing(t *testing.T) {
	dir := t.TempDir()
	b := openDir(t, dir)
	other, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error)
	go func() {
		_, err := b.Put(ctx, "k", []byte("x"), nil)
		result <- err
	}()
	select {
	case err := <-result:
		t.Fatalf("Put = %v while another has the lock, want it to wait", err)
	case <-time.After(50 * time.Millisecond):
	}
	cancel()
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Put = %v, want that it was cancelled", err)
	}
	if got := tree(t, dir); len(got) != 0 {
		t.Errorf("the directory has %q, want nothing", got)
	}
}

func BenchmarkPut(b *testing.B) {
	bucket, err := fileblob.Open(b.TempDir(), fileblob.Options{})
	if err != nil {
		b.Fatal(err)
	}
	body := make([]byte, 200_000)
	for b.Loop() {
		if _, err := bucket.Put(context.Background(), "a/k", body, nil); err != nil {
			b.Fatal(err)
		}
	}
}
