package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// webVariants is how many variants the preset web has. The function uploads no
// fewer at once.
const webVariants = 3

// holdVariants holds what the function writes under a source's key, up to the
// manifest, which it writes when all variants stand.
func (s *stage) holdVariants(key string) *hold {
	return s.proxy.hold(ofFunction(http.MethodPut, s.output, key+"/"))
}

// warmUp makes the function busy with a source until go on is called. Events of
// what is put meanwhile wait, and come as one batch.
func (s *stage) warmUp(key string) (goOn func()) {
	s.t.Helper()
	busy := s.proxy.hold(ofFunction(http.MethodGet, s.source, key))
	s.put(key, jpegPicture(99))
	s.reached(busy, 1, "the function reads "+key)
	return busy.release
}

// poisonKey is the source that the function may not read.
const poisonKey = "batch/5.jpg"

// poisonAmongTen gives the function ten messages at once, of which one cannot be
// done: its source is denied, as by a policy or a key that was taken away. The
// nine are done, once; the one comes again alone, and goes to the dead letters.
func poisonAmongTen(s *stage) {
	s.proxy.refuse(func(r request) bool { return r.bucket == s.source && r.key == poisonKey })
	goOn := s.warmUp("first.jpg")
	good := []string{"first.jpg"}
	for i := range 10 {
		key := fmt.Sprintf("batch/%d.jpg", i)
		s.put(key, jpegPicture(i))
		if key != poisonKey {
			good = append(good, key)
		}
	}
	goOn()
	s.untilExact()
	if m, ok := s.target.(messenger); ok { // and, where a queue can be reached, what is no event at all
		s.check("send", "a text", m.send(s.ctx, "this is no event"))
		s.expectDead = append(s.expectDead, "not understood: this is no event")
	}
	s.untilDead()
	s.wantWrittenOnce(good...)
	s.untilDoneOnceInOneBatch(good, poisonKey)
}

// messenger is a target whose queue takes messages from outside.
type messenger interface {
	send(ctx context.Context, body string) error
}

// untilDoneOnceInOneBatch waits for the function's log to say that an invocation
// had the ten sources of the batch, where there are batches, and that each good one was
// found done once: a message that was done and not acknowledged would come again.
func (s *stage) untilDoneOnceInOneBatch(good []string, poison string) {
	s.t.Helper()
	s.until("the log of the invocations", func(ctx context.Context) (string, error) {
		text, err := s.target.logs(ctx)
		if err != nil {
			return "", err
		}
		sizes, poisoned, done := map[string]int{}, map[string]bool{}, map[string]int{}
		together := !s.target.fate().batches
		for _, line := range sourceLines(text) {
			sizes[line.Invocation]++
			poisoned[line.Invocation] = poisoned[line.Invocation] || line.Key == poison
			if line.Kind == "" {
				done[line.Key]++
			}
		}
		for id, n := range sizes {
			together = together || n == 10 && poisoned[id]
		}
		once := !slices.ContainsFunc(good, func(key string) bool { return done[key] != 1 })
		if together && once && done[poison] == 0 {
			return "", nil
		}
		return fmt.Sprintf("sources by invocation: %v, with the poison: %v; found done: %v", sizes, poisoned, done), nil
	})
}

// sourceLine is what the function's log says of one source of an invocation.
type sourceLine struct {
	Msg, Key   string
	Kind       string // of the error, if there was one
	Invocation string `json:"request_id"`
}

func sourceLines(log string) []sourceLine {
	var found []sourceLine
	for text := range strings.Lines(log) {
		var line sourceLine
		if json.Unmarshal([]byte(text), &line) == nil && line.Msg == "source" {
			found = append(found, line)
		}
	}
	return found
}

// functionCrashes kills the function's process when it has written one variant of
// a source. The event comes again, and the next process goes on from there.
func functionCrashes(s *stage) {
	s.needsProcesses()
	s.breakOff(func() { s.signal(syscall.SIGKILL) })
}

// functionHangs stops the function's process at the same moment: it answers
// nothing until it is ended for having taken too long. Where nobody would end it, its
// store hangs, and the invocation is given up.
func functionHangs(s *stage) {
	if s.target.fate().givenUp {
		s.breakOff(func() {})
		return
	}
	s.needsProcesses()
	s.breakOff(func() { s.signal(syscall.SIGSTOP) })
}

// breakOff ends an invocation, in the way that is given, while its last requests are held.
func (s *stage) breakOff(how func()) {
	s.t.Helper()
	// The largest one: what is made after the crash is still decoded for it.
	const key, first = "broken off.jpg", "broken off.jpg/large.webp"
	match := ofFunction(http.MethodPut, s.output, key+"/")
	rest := s.proxy.hold(func(r request) bool { return match(r) && r.key != first })
	s.put(key, jpegPicture(1))
	s.put("after it.jpg", jpegPicture(2))
	s.reached(rest, webVariants-1, "all variants but one are on their way")
	s.until("that one is written", func(context.Context) (string, error) {
		if written := s.proxy.writes(s.output); written[first] != 1 {
			return fmt.Sprintf("these are: %v", written), nil
		}
		return "", nil
	})
	rest.stop()
	how()
	s.within("the requests of the process have ended with it", rest.settled)
	s.put("undisturbed.jpg", jpegPicture(1))
	s.untilExact()
	s.wantWrittenOnce(key, "after it.jpg")
	s.wantSamePictures(key, "undisturbed.jpg")
}

// deadlyKey is the source that ends every process that reads it.
const deadlyKey = "deadly.jpg"

// functionCrashesEachTime gives up on a source that nobody survives. What comes
// after it is done.
func functionCrashesEachTime(s *stage) {
	s.needsProcesses()
	reads := s.proxy.hold(ofFunction(http.MethodGet, s.source, deadlyKey))
	s.put(deadlyKey, jpegPicture(1))
	deaths := s.target.fate().deaths
	for n := range deaths {
		s.reached(reads, n+1, fmt.Sprintf("attempt %d", n+1))
		s.signal(syscall.SIGKILL)
		s.within("the process has ended", reads.settled)
	}
	s.untilDead()
	if n := reads.count(); n != deaths {
		s.t.Errorf("the source was read %d times, want %d", n, deaths)
	}
	s.put("after it.jpg", jpegPicture(2))
}

// cutFor is how long the function does not reach its store.
const cutFor = 20 * time.Second

// connectionCut cuts the function off its store while it works on a batch. What
// was not done comes again until it is.
func connectionCut(s *stage) {
	goOn := s.warmUp("first.jpg")
	for i := range 10 {
		s.put(fmt.Sprintf("batch/%d.jpg", i), jpegPicture(i))
	}
	var writes atomic.Int32
	match := ofFunction(http.MethodPut, s.output, "batch/")
	middle := s.proxy.hold(func(r request) bool { return match(r) && writes.Add(1) > 3*(webVariants+1) })
	goOn()
	s.reached(middle, 1, "three sources of the batch are done")
	s.proxy.listener.set(true) // what is held goes with the connections
	middle.stop()
	select {
	case <-time.After(cutFor):
	case <-s.ctx.Done():
	}
	if problem, _, err := s.disagreement(s.ctx); problem == "" || err != nil {
		s.t.Errorf("after %v without a connection everything is done (%v): nothing was cut", cutFor, err)
	}
	s.proxy.listener.set(false)
	s.untilExact()
}
