package e2e

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"pixmill/internal/manifest"
)

// scenarios are all of them, the long ones first: they run beside each other.
func scenarios() []scenario {
	usual := func(name string, w way) plan {
		return plan{name: name, way: w, timeout: 30 * time.Second, concurrency: 2, attempts: 5}
	}
	// Queues hide a failed event for as long as an invocation may take.
	soon := func(name string, attempts int) plan {
		return plan{name: name, way: queued, timeout: 10 * time.Second, concurrency: 1, attempts: attempts}
	}
	return []scenario{
		{plan: soon("poison", 3), expectDead: []string{poisonKey}, play: poisonAmongTen},
		{plan: soon("cut", 10), play: connectionCut},
		{plan: soon("timeout", 5), play: functionHangs},
		{plan: soon("crash", 5), play: functionCrashes},
		{plan: soon("deadly", 2), expectDead: []string{deadlyKey}, play: functionCrashesEachTime},
		{plan: usual("fifty", queued), play: fiftyAtOnce},
		{plan: usual("direct", direct), play: everyKindOfSource},
		{plan: usual("topic", topic), play: putAndDelete},
		{plan: usual("bridge", bridge), play: putAndDelete},
		{plan: usual("overwrite", direct), play: overwrittenWhileRendering},
		{plan: usual("vanish", direct), play: deletedWhileRendering},
		{plan: usual("delete", queued), play: putAndDelete},
		{plan: usual("keys", direct), play: strangeKeys},
		{plan: usual("keys-bridge", bridge), play: strangeKeys},
		{plan: usual("multipart", queued), play: inParts},
		{plan: usual("copy", direct), play: copied},
	}
}

// everyKindOfSource puts what can be a source: pictures of several formats, and
// what is none.
func everyKindOfSource(s *stage) {
	s.put("photo.jpg", jpegPicture(1))
	s.put("avatars/face.png", pngPicture(2))
	s.put("moving.gif", gifPicture())
	s.put("focal.jpg", jpegPicture(3), "focal-point", "0.9,0.1")
	s.put("text.jpg", []byte("a text with the name of a photograph"))
	s.put("empty.png", nil)
	s.untilExact()
	s.wantWrittenOnce("photo.jpg", "avatars/face.png", "moving.gif", "focal.jpg", "text.jpg", "empty.png")
}

// putAndDelete ends with one of two pictures, and a newer version of it.
func putAndDelete(s *stage) {
	s.put("stays.jpg", jpegPicture(1))
	s.put("goes.jpg", jpegPicture(2))
	s.untilExact()
	s.remove("goes.jpg")
	s.untilExact()
	s.put("stays.jpg", jpegPicture(3))
}

// strangeKeys are encoded on their way in several ways.
func strangeKeys(s *stage) {
	for i, key := range []string{
		"with space.jpg", "plus+and space+.jpg", "größe/日本語 – ñ.jpg", "100%.jpg", "a%2Bb%20c.jpg", "a=b&c;d,e'f(g)!~.jpg", "deep/er/still/x.jpg",
	} {
		s.put(key, jpegPicture(i))
	}
	s.untilExact()
	s.remove("plus+and space+.jpg")
	s.remove("a%2Bb%20c.jpg")
}

// inParts uploads what has another kind of ETag, and overwrites one of it with its
// own bytes, which then have the usual kind.
func inParts(s *stage) {
	const part = 5 << 20
	whole := largePNG(part + 200_000)
	s.putParts("large.png", whole[:part], whole[part:])
	s.putParts("one-part.jpg", jpegPicture(1))
	s.untilExact()
	s.put("one-part.jpg", jpegPicture(1))
}

// copied makes a source of another one, then gives it other metadata, which
// change the picture and not the ETag.
func copied(s *stage) {
	s.put("from/a photo.jpg", jpegPicture(1))
	s.duplicate("from/a photo.jpg", "to/copy.jpg")
	s.untilExact()
	var before string
	s.untilManifest("to/copy.jpg", func(m *manifest.Manifest) bool {
		before = m.Source.Identity
		return true
	})
	s.duplicate("to/copy.jpg", "to/copy.jpg", "focal-point", "0.05,0.95")
	s.untilManifest("to/copy.jpg", func(m *manifest.Manifest) bool { return m.Source.Identity != before })
}

// fiftyAtOnce puts fifty pictures with sixteen clients.
func fiftyAtOnce(s *stage) {
	var keys []string
	g, _ := errgroup.WithContext(s.ctx)
	g.SetLimit(16)
	for i := range 50 {
		key := fmt.Sprintf("at-once/%02d.jpg", i)
		keys = append(keys, key)
		g.Go(func() error { return s.tryPut(s.ctx, key, jpegPicture(i)) })
	}
	if err := g.Wait(); err != nil {
		s.t.Fatal(err)
	}
	s.untilExact()
	s.wantWrittenOnce(keys...)
}

// overwrittenWhileRendering lets an invocation write what it made of the old
// version after another invocation has finished the new one.
func overwrittenWhileRendering(s *stage) {
	const key = "a.jpg"
	late := s.holdVariants(key)
	s.put(key, jpegPicture(1))
	s.reached(late, webVariants, "all variants of the old version are on their way")
	late.stop()
	s.put(key, jpegPicture(2))
	s.untilExact() // through a second invocation
	late.release()
	s.within("the old variants are written", late.settled)
	if n := s.proxy.writes(s.output)[key+"/thumb.jpg"]; n < 2 {
		s.t.Errorf("the thumbnail was written %d times: the old one did not land over the new one", n)
	}
}

// deletedWhileRendering lets an invocation write variants of a source that
// another invocation has already found gone.
func deletedWhileRendering(s *stage) {
	const key = "a.jpg"
	late := s.holdVariants(key)
	s.put(key, jpegPicture(1))
	s.reached(late, webVariants, "all variants are on their way")
	late.stop()
	s.remove(key)
	s.until("another invocation finds the source gone", func(context.Context) (string, error) {
		if s.proxy.count(http.MethodGet, s.source, key, http.StatusNotFound) == 0 {
			return "none has", nil
		}
		return "", nil
	})
	late.release()
	s.within("the variants are written", late.settled)
	s.untilExact()
	s.put("other.jpg", jpegPicture(2)) // so that there is something to compare
}
