package httpfn

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestInvoke_SendsNothingOfWhatWaitedBehindAnEventThatEndedTheFunction(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-end
		breakOff(w, r)
	})
	var looks atomic.Int32
	s.look = func(w http.ResponseWriter, _ *http.Request) {
		if looks.Add(1) > 1 {
			w.WriteHeader(503)
		}
	}
	f := open(t, s.URL, nil)
	var senders sync.WaitGroup
	senders.Go(func() {
		if _, err := (Alone{f}).Invoke(context.Background(), []byte(notification)); outcome(err) != BrokenAlone {
			t.Errorf("got %v, want broken alone", err)
		}
	})
	<-begun
	for range 8 {
		senders.Go(func() {
			if _, err := f.Invoke(context.Background(), []byte(notification)); outcome(err) != Away {
				t.Errorf("one that waited: %v, want away", err)
			}
		})
	}
	time.Sleep(50 * time.Millisecond) // until most of them wait
	close(end)
	senders.Wait()
}

// Until then it may be what ends the function, and the next event would be blamed.
func TestAlone_WaitsForTheEndOfWhatWasGivenUp(t *testing.T) {
	const grace = 100 * time.Millisecond
	for _, alone := range []bool{false, true} {
		ended := make(chan time.Time, 2) // the first event when it was given up, the second at once
		s := serve(t, nil)
		s.post = func(_ http.ResponseWriter, r *http.Request) {
			if s.count(http.MethodPost) == 1 {
				<-r.Context().Done()
			}
			ended <- time.Now()
		}
		f := open(t, s.URL, func(o *Options) { o.Grace, o.Timeout = grace, 100*time.Millisecond })
		invoke := f.Invoke
		if alone {
			invoke = Alone{f}.Invoke
		}
		var first sync.WaitGroup
		first.Go(func() { _, _ = invoke(context.Background(), []byte(notification)) }) // it takes too long
		for s.count(http.MethodPost) == 0 {
			time.Sleep(time.Millisecond)
		}
		if _, err := (Alone{f}).Invoke(t.Context(), []byte(notification)); err != nil {
			t.Error(err)
		}
		first.Wait()
		if begin := <-ended; (<-ended).Sub(begin) < grace*9/10 {
			t.Errorf("after one that was alone (%v) the next did not wait for %v", alone, grace)
		}
	}
}

func TestAlone_NothingElseIsUnderWay(t *testing.T) {
	const alone = "alone"
	var inside, most, mixed atomic.Int32
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // it is in memory
		others := inside.Add(1) - 1
		time.Sleep(20 * time.Millisecond)
		others = max(others, inside.Add(-1))
		switch {
		case string(body) == alone:
			mixed.Add(others)
		case others > most.Load():
			most.Store(others)
		}
	})
	f := open(t, s.URL, nil)
	var senders sync.WaitGroup
	for range 3 {
		for range 8 {
			senders.Go(func() { _, _ = f.Invoke(context.Background(), []byte(notification)) })
		}
		senders.Go(func() {
			if _, err := (Alone{f}).Invoke(context.Background(), []byte(alone)); err != nil {
				t.Error(err)
			}
		})
	}
	senders.Wait()
	if most.Load() == 0 || mixed.Load() > 0 {
		t.Errorf("most others beside an event: %d; beside one that is alone: %d", most.Load(), mixed.Load())
	}
}

func TestAlone_FunctionThatIsNotThereIsAway(t *testing.T) {
	s := serve(t, status(200, ""))
	s.look = status(503, "")
	for name, address := range map[string]string{"behind a proxy": s.URL, "no connection": nobody(t)} {
		if _, err := (Alone{open(t, address, nil)}).Invoke(t.Context(), []byte(notification)); outcome(err) != Away {
			t.Errorf("%s: got %v, want away", name, err)
		}
	}
	if n := s.count(http.MethodPost); n > 0 {
		t.Errorf("%d events were sent", n)
	}
}
