package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pixmill/internal/queue"
	pixsqs "pixmill/internal/queue/sqs"
)

// answers is an SQS that says what a test wants of some actions, and to the others
// what a dead-letter queue of one source says.
type answers map[string]answer

type answer struct {
	code string // of an error; empty: body is the answer
	body string
}

// letterFrom is what ReceiveMessage says of one letter; source is the ARN of its queue.
func letterFrom(source string) string {
	return `{"Messages":[{"MessageId":"1","ReceiptHandle":"1","Body":"","MD5OfBody":"d41d8cd98f00b204e9800998ecf8427e","Attributes":{"DeadLetterQueueSourceArn":"` + source + `"}}]}`
}

const denied = "AccessDeniedException"

func (a answers) open(t *testing.T) *pixsqs.DeadLetters {
	t.Helper()
	var url string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		said, known := a[action]
		if !known {
			said.body = map[string]string{
				"GetQueueAttributes":           `{"Attributes":{"QueueArn":"arn:aws:sqs:us-east-1:000000000000:dead","ApproximateNumberOfMessages":"3"}}`,
				"ListDeadLetterSourceQueues":   `{"queueUrls":["` + url + `/000000000000/live"]}`,
				"ReceiveMessage":               letterFrom("arn:aws:sqs:us-east-1:000000000000:live"),
				"ChangeMessageVisibilityBatch": `{"Successful":[{"Id":"0"}],"Failed":[]}`,
				"StartMessageMoveTask":         `{"TaskHandle":"task"}`,
				"ListMessageMoveTasks":         `{"Results":[{"Status":"RUNNING","ApproximateNumberOfMessagesMoved":2}]}`,
			}[action]
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if said.code != "" {
			w.WriteHeader(http.StatusBadRequest)
			said.body = `{"__type":"com.amazonaws.sqs#` + said.code + `","message":"no"}`
		}
		if _, err := w.Write([]byte(said.body)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	url = srv.URL
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"} {
		t.Setenv(name, value)
	}
	d := open(t, pixsqs.Options{Queue: url + "/000000000000/dead"})
	t.Cleanup(d.Close)
	return d
}

// Letter by letter may be allowed where SQS's own moving is not, or is not known.
func TestMoveAll_LeavesItToTheWalkWhereItIsRefused(t *testing.T) {
	for _, code := range []string{denied, "UnsupportedOperation", "InvalidAction"} {
		d := answers{"StartMessageMoveTask": {code: code}}.open(t)
		if moved, ok, err := d.MoveAll(t.Context(), func(int, int) {}); moved != 0 || ok || err != nil {
			t.Errorf("%s: %d, %t, %v; want nothing done and no error", code, moved, ok, err)
		}
	}
}

// A letter that Lambda put among those of a queue has no source that SQS knows.
func TestMoveAll_LeavesTheRestToTheWalkWhereSQSBreaksOff(t *testing.T) {
	d := answers{"ListMessageMoveTasks": {body: `{"Results":[{"Status":"FAILED","FailureReason":"CouldNotDetermineMessageSource","ApproximateNumberOfMessagesMoved":2}]}`}}.open(t)
	if moved, ok, err := d.MoveAll(t.Context(), func(int, int) {}); moved != 2 || ok || err != nil {
		t.Errorf("%d, %t, %v; want two moved, not all, and no error", moved, ok, err)
	}
}

// A task would end at a letter that has no source, and hide it.
func TestMoveAll_IsNotGivenALetterWithoutASource(t *testing.T) {
	d := answers{
		"ReceiveMessage":       {body: letterFrom("")},
		"StartMessageMoveTask": {code: "ItWasStarted"},
		"ListMessageMoveTasks": {code: "ItWasStarted"},
	}.open(t)
	asked := 0
	if moved, ok, err := d.MoveAll(t.Context(), func(int, int) { asked++ }); moved != 0 || ok || err != nil || asked > 0 {
		t.Errorf("%d, %t, %v; want it left to the walk", moved, ok, err)
	}
}

// A task that found nothing to move, and one that broke off, leave letters that are
// hidden from the walk for longer than it waits.
func TestRedrive_DoesNotDenyWhatATaskHid(t *testing.T) {
	for status, moved := range map[string]int{"COMPLETED": 0, "FAILED": 1} {
		a := answers{"ListMessageMoveTasks": {body: fmt.Sprintf(`{"Results":[{"Status":%q,"ApproximateNumberOfMessagesMoved":%d}]}`, status, moved)}}
		d := a.open(t)
		s, err := d.Redrive(t.Context(), queue.Options{Move: true, Now: time.Now}, func(int, int) { a["ReceiveMessage"] = answer{body: "{}"} }, ignore)
		if want := (queue.Summary{Moved: moved, Bulk: moved, Unseen: 3 - moved}); err != nil || s != want {
			t.Errorf("%s: %+v, %v; want %+v", status, s, err, want)
		}
	}
}

func ignore(queue.Letter, queue.Fate) {}

func TestMoveAll_SaysThatSQSGoesOn(t *testing.T) {
	for code, want := range map[string]string{"": "context canceled", denied: "SQS goes on moving letters"} {
		d := answers{"CancelMessageMoveTask": {code: code, body: "{}"}}.open(t)
		ctx, stop := context.WithCancel(t.Context())
		moved, ok, err := d.MoveAll(ctx, func(int, int) { stop() })
		if moved != 2 || !ok || err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, context.Canceled) != (code == "") {
			t.Errorf("%q: %d, %t, %v; want %q", code, moved, ok, err, want)
		}
	}
}

// A walk may take longer than letters are hidden: those are back by themselves.
func TestRelease_WhatIsBackAlready(t *testing.T) {
	for failed, good := range map[string]bool{
		`{"Id":"0","Code":"AWS.SimpleQueueService.MessageNotInflight","SenderFault":true}`:                                                                                                                           true,
		`{"Id":"0","Code":"InvalidParameterValue","SenderFault":true,"Message":"Value x for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."}`: true,
		`{"Id":"0","Code":"InternalError","SenderFault":false}`:                                                                                                                                                      false,
	} {
		d := answers{"ChangeMessageVisibilityBatch": {body: `{"Successful":[],"Failed":[` + failed + `]}`}}.open(t)
		if err := d.Release(t.Context(), []queue.Letter{{ID: "a"}}); (err == nil) != good {
			t.Errorf("%s: %v", failed, err)
		}
	}
}
