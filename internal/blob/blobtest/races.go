package blobtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pixmill/internal/blob"
)

const (
	racers = 16 // writers that race for one object
	rounds = 20 // races in a row
)

// testRaceCreate lets writers create one object: exactly one may win.
func testRaceCreate(t *testing.T, h Harness) {
	for round := range rounds {
		key := fmt.Sprintf("race/%d", round)
		race(t, h.Bucket, key, round, &blob.PutOptions{IfNoneMatch: true})
	}
}

// testRaceReplace lets writers replace one object: exactly one may win.
func testRaceReplace(t *testing.T, h Harness) {
	now := mustPut(t, h.Bucket, "k", "start", nil)
	for round := range rounds {
		now = race(t, h.Bucket, "k", round, &blob.PutOptions{IfMatch: now.ETag})
	}
}

// race runs the writers at once, checks that one won and that its object is
// there, and returns its attributes. No two writers of any round have one body:
// ETags may follow the content, and then a condition could hold again.
func race(t *testing.T, b *blob.Bucket, key string, round int, opts *blob.PutOptions) *blob.Attrs {
	t.Helper()
	var (
		wg     sync.WaitGroup
		start  = make(chan struct{})
		won    [racers]*blob.Attrs
		errs   [racers]error
		bodyOf = func(i int) string { return strings.Repeat(fmt.Sprintf("round %d, writer %02d; ", round, i), 500) }
	)
	for i := range racers {
		wg.Go(func() {
			o := *opts
			<-start
			won[i], errs[i] = b.Put(context.Background(), key, []byte(bodyOf(i)), &o)
		})
	}
	close(start)
	wg.Wait()

	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner >= 0:
			t.Fatalf("writers %d and %d both won %q", winner, i, key)
		case err == nil:
			winner = i
		case !hasCode(err, blob.CodePreconditionFailed, blob.CodeConflict):
			t.Fatalf("writer %d of %q lost with %v (code %v), want precondition failed or conflict", i, key, err, blob.CodeOf(err))
		}
	}
	if winner < 0 {
		t.Fatalf("no writer of %q won: %v", key, errs[0])
	}
	wantObject(t, b, key, bodyOf(winner), won[winner].ETag)
	return won[winner]
}

// testRaceReaders overwrites a big object while others read it: a reader sees
// one of the two contents whole, with its own ETag and type.
func testRaceReaders(t *testing.T, h Harness) {
	const size, writes, readers = 1 << 20, 24, 3
	contents := [2]struct{ body, etag string }{}
	types := [2]string{"image/png", "image/webp"}
	put := func(i int) *blob.Attrs {
		return mustPut(t, h.Bucket, "big", contents[i].body, &blob.PutOptions{ContentType: types[i], Metadata: map[string]string{"type": types[i]}})
	}
	for i := range contents {
		contents[i].body = strings.Repeat(string(rune('a'+i)), size+i*size/2)
		contents[i].etag = put(i).ETag
	}

	done := make(chan struct{})
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				body, a, err := h.Bucket.Get(context.Background(), "big", 0)
				if err != nil {
					t.Errorf("Get during an overwrite = %v", err)
					return
				}
				i := 0
				if len(body) > 0 && body[0] == 'b' {
					i = 1
				}
				if string(body) != contents[i].body {
					t.Errorf("a reader saw %d bytes of no single content", len(body))
					return
				}
				if h.LooseReads {
					continue
				}
				if a.ETag != contents[i].etag || a.ContentType != types[i] || a.Metadata["type"] != types[i] {
					t.Errorf("a reader saw content %d (ETag %s) with the attributes %+v", i, contents[i].etag, a)
					return
				}
			}
		})
	}
	for i := range writes {
		put(i % 2)
	}
	close(done)
	wg.Wait()
}

// testRaceDeleteAndPut deletes and writes neighbours in one folder at once: a
// store that tidies up empty folders must not lose a write with one.
func testRaceDeleteAndPut(t *testing.T, h Harness) {
	ctx := context.Background()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			key := fmt.Sprintf("folder/sub/%d", w)
			for i := range rounds {
				body := fmt.Sprintf("%d of %d", i, w)
				if _, err := h.Bucket.Put(ctx, key, []byte(body), nil); err != nil {
					t.Errorf("Put(%s) = %v", key, err)
					return
				}
				if got, _, err := h.Bucket.Get(ctx, key, 0); err != nil || string(got) != body {
					t.Errorf("Get(%s) after Put = %q, %v; want %q", key, got, err, body)
					return
				}
				if err := h.Bucket.Delete(ctx, key); err != nil {
					t.Errorf("Delete(%s) = %v", key, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got := listAll(t, h.Bucket, blob.ListOptions{}); len(got) != 0 {
		t.Errorf("at the end the listing is %q, want nothing", keysOf(got))
	}
}

// testRaceListing overwrites objects while they are listed: each is in every
// listing, once.
func testRaceListing(t *testing.T, h Harness) {
	keys := []string{"f/a", "f/b", "f/c", "f/d", "f/e", "f/f", "f/g", "f/h"}
	for _, key := range keys {
		mustPut(t, h.Bucket, key, "start", nil)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				key := keys[(2*i+w)%len(keys)]
				if _, err := h.Bucket.Put(context.Background(), key, fmt.Appendf(nil, "%d", i), nil); err != nil {
					t.Errorf("Put(%s) = %v", key, err)
					return
				}
			}
		})
	}
	for range 5 * rounds {
		if got := keysOf(listAll(t, h.Bucket, blob.ListOptions{Prefix: "f/", Delimiter: "/"})); !slices.Equal(got, keys) {
			t.Errorf("a listing during overwrites is %q, want %q", got, keys)
			break
		}
	}
	close(done)
	wg.Wait()
}
