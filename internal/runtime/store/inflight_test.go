package store_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"pixmill/internal/runtime/store"
)

func TestSettled_WaitsForAWriteWhoseClientHasGone(t *testing.T) {
	began, goOn := make(chan struct{}), make(chan struct{})
	r := &recorder{look: func(store.Change) { close(began); <-goOn }}
	s := open(t, t.TempDir(), r)
	c := client(t, s.Endpoint(), 1)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("uploads"), Key: aws.String("k")})
		gone <- err
	}()
	<-began
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Fatalf("the client got %v", err)
	}
	short, cancelShort := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancelShort()
	if err := s.Settled(t.Context(), func(_, key string) bool { return key != "k" }); err != nil {
		t.Errorf("waited (%v) for a write that does not count", err)
	}
	if err := s.Settled(short, all); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("settled (%v) while a write is under way", err)
	}
	close(goOn)
	if err := s.Settled(t.Context(), all); err != nil {
		t.Errorf("not settled after the write: %v", err)
	}
}

// all lets every write count.
func all(_, _ string) bool { return true }

func TestDeleteObjects_TellsOfEveryKeyBehindOneThatFailed(t *testing.T) {
	r := &recorder{}
	s := open(t, t.TempDir(), r)
	c := client(t, s.Endpoint(), 1)
	for _, key := range []string{"a", "b", "c"} {
		put(t, c, key, "x")
	}
	r.taken()
	r.fail = 1
	ids := []types.ObjectIdentifier{{Key: aws.String("a")}, {Key: aws.String("b")}, {Key: aws.String("c")}}
	_, err := c.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("uploads"), Delete: &types.Delete{Objects: ids}})
	if status := statusOf(err); status != http.StatusServiceUnavailable {
		t.Errorf("the client got %v, want 503", err)
	}
	equal(t, summaries(r.taken()), summary{store.RemovedDelete, "b", 0}, summary{store.RemovedDelete, "c", 0})
}

// statusOf returns the HTTP status of an SDK error, or 0.
func statusOf(err error) int {
	if e, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err); ok {
		return e.HTTPStatusCode()
	}
	return 0
}
