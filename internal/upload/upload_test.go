package upload_test

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"testing"

	"pixmill/internal/blob"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/upload"
)

func shaOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func TestPut_StoresWhatTheBytesAre(t *testing.T) {
	jpeg := jpegOf(t, 40, 30)
	for _, tt := range []struct {
		name        string
		image       upload.Image
		key         string
		contentType string
		metadata    map[string]string
	}{
		{"under its key", upload.Image{Data: jpeg, Key: "in/a b/größe.jpg"}, "in/a b/größe.jpg", "image/jpeg", nil},
		{"under a long key", upload.Image{Data: jpeg, Key: "in/" + strings.Repeat("k", 1002) + ".jpg"}, "in/" + strings.Repeat("k", 1002) + ".jpg", "image/jpeg", nil},
		{"under an odd key", upload.Image{Data: jpeg, Key: "in/\x01\x1f\t\r\n\\\u007f\ufffe\uffff\U0010ffff.jpg"}, "in/\x01\x1f\t\r\n\\\u007f\ufffe\uffff\U0010ffff.jpg", "image/jpeg", nil},
		{"under another format's extension", upload.Image{Data: pngOf(t), Key: "in/a.jpg"}, "in/a.jpg", "image/png", nil},
		{"with a focal point", upload.Image{Data: jpeg, Key: "in/f.jpg", Focal: "0.25,1"}, "in/f.jpg", "image/jpeg", map[string]string{"focal-point": "0.25,1"}},
		{"without a key", upload.Image{Data: pngOf(t)}, "in/" + shaOf(pngOf(t)) + ".png", "image/png", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, store := newUploader(t)
			stored, err := u.Put(t.Context(), tt.image)
			if err != nil {
				t.Fatal(err)
			}
			a, err := blob.NewBucket("photos", store).Head(t.Context(), tt.key)
			if err != nil || a.ContentType != tt.contentType || !maps.Equal(a.Metadata, tt.metadata) {
				t.Fatalf("stored %+v, %v", a, err)
			}
			sum := md5.Sum(tt.image.Data)
			want := event.ObjectEvent{
				Bucket: "photos", Key: tt.key, Op: event.OpDirect, Name: "upload",
				ETag: hex.EncodeToString(sum[:]), VersionID: "1", Size: int64(len(tt.image.Data)),
			}
			if stored.Identity != handler.Identity(a) {
				t.Errorf("the identity is %q, of what is stored it is %q", stored.Identity, handler.Identity(a))
			}
			if stored.Event != want || stored.ContentType != tt.contentType || stored.Image.Width != 40 || stored.Image.Height != 30 {
				t.Errorf("told %+v, want %+v", stored, want)
			}
		})
	}
}

// Whatever is refused, nothing is written.
func TestPut_Refuses(t *testing.T) {
	fine := jpegOf(t, 40, 30)
	long := "in/" + strings.Repeat("k", 1018) + ".jpg"
	for _, tt := range []struct {
		name  string
		image upload.Image
		want  string
	}{
		{"a key outside the prefix", upload.Image{Data: fine, Key: "a.jpg"}, `the key is outside the source prefix "in/"`},
		{"a key in the output", upload.Image{Data: fine, Key: "out/a.jpg/manifest.jpg"}, `outside the source prefix "in/"`},
		{"a key that climbs to the output", upload.Image{Data: fine, Key: "in/../out/a.jpg"}, "empty, . or .. segment"},
		{"a folder", upload.Image{Data: fine, Key: "in/a.jpg/"}, "the key ends in /"},
		{"the prefix itself", upload.Image{Data: fine, Key: "in/"}, "the key ends in /"},
		{"an empty segment", upload.Image{Data: fine, Key: "in//a.jpg"}, "empty, . or .. segment"},
		{"a long key", upload.Image{Data: fine, Key: long}, "1025 bytes, over the limit of 1024"},
		{"a key that leaves none for its manifest", upload.Image{Data: fine, Key: "in/" + strings.Repeat("k", 1003) + ".jpg"}, "its manifest would have no key: invalid key: the key has 1025 bytes"},
		{"a key that is not UTF-8", upload.Image{Data: fine, Key: "in/\xff.jpg"}, "not UTF-8"},
		{"a key with a NUL", upload.Image{Data: fine, Key: "in/a\x00.jpg"}, "the key has a NUL byte"},
		{"a key without a rule", upload.Image{Data: fine, Key: "in/a.gif"}, "no rule matches the key"},
		{"a bad focal point", upload.Image{Data: fine, Key: "in/a.jpg", Focal: "2,0"}, `metadata focal-point is "2,0"`},
		{"a text", upload.Image{Data: []byte("To whom"), Key: "in/a.jpg"}, "not an image"},
		{"a format that is left out", upload.Image{Data: []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), Key: "in/a.jpg"}, "does not support input gif"},
		{"too many pixels", upload.Image{Data: jpegOf(t, 200, 51), Key: "in/a.jpg"}, "pixels is 10200 px, over the limit of 10000 px"},
		{"a header that ends", upload.Image{Data: fine[:100], Key: "in/a.jpg"}, "JPEG"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, store := newUploader(t)
			_, err := u.Put(t.Context(), tt.image)
			if err == nil || fault.KindOf(err) != fault.Rejected || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want it rejected with %q", err, tt.want)
			}
			for e, err := range blob.NewBucket("photos", store).List(t.Context(), blob.ListOptions{}) {
				t.Errorf("there is %q, %v", e.Key, err)
			}
		})
	}
}

func TestPut_TellsWhatIsNoImage(t *testing.T) {
	u, _ := newUploader(t)
	for text, want := range map[string]bool{"<html>": true, string(jpegOf(t, 40, 30)[:100]): false} {
		if _, err := u.Put(t.Context(), upload.Image{Data: []byte(text), Key: "in/a.jpg"}); err == nil || errors.Is(err, imaging.ErrNotImage) != want {
			t.Errorf("%q: %v", text[:6], err)
		}
	}
}

func TestPut_TheStoresErrorsAreItsOwn(t *testing.T) {
	for state, want := range map[memblob.State]fault.Kind{memblob.Denied: fault.Misconfigured, memblob.Missing: fault.Misconfigured} {
		u, store := newUploader(t)
		store.SetState(state)
		_, err := u.Put(t.Context(), upload.Image{Data: jpegOf(t, 40, 30), Key: "in/a.jpg"})
		if err == nil || fault.KindOf(err) != want || !strings.Contains(err.Error(), `"in/a.jpg" in bucket "photos"`) {
			t.Errorf("%v: %v", state, err)
		}
	}
}

func TestLimits_AreTheEngines(t *testing.T) {
	u, _ := newUploader(t)
	if got := u.Limits(); got.SourceBytes != 1_000_000 || got.Pixels != 10_000 {
		t.Errorf("%+v", got)
	}
}
