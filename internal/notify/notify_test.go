package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/preset"
)

// wantBody wants the event's own JSON.
func wantBody(t *testing.T, got any) {
	t.Helper()
	text, _ := got.(string)
	var c handler.Completion
	if err := json.Unmarshal([]byte(text), &c); err != nil || !reflect.DeepEqual(c, example()) {
		t.Errorf("body is %q, %v", got, err)
	}
	if strings.Contains(text, `\u0026`) || strings.Contains(text, "\n") {
		t.Errorf("body is not plain: %q", text)
	}
}

func TestSend_EachTargetGetsTheEvent(t *testing.T) {
	f := newFakeAWS(t)
	n := open(t, preset.Notify{EventBridge: someBus, SNS: someTopic, SQS: someQueue})
	if err := n.Send(t.Context(), example()); err != nil {
		t.Fatal(err)
	}
	events := f.only(t, "AWSEvents.PutEvents")
	entry := events.params["Entries"].([]any)[0].(map[string]any)
	wantBody(t, entry["Detail"])
	for name, want := range map[string]any{
		"EventBusName": someBus, "Source": "pixmill", "DetailType": "Pixmill Completion", "Time": float64(example().Time.Unix()),
	} {
		if entry[name] != want {
			t.Errorf("EventBridge: %s is %v, want %v", name, entry[name], want)
		}
	}
	if r := fmt.Sprint(entry["Resources"]); r != "[arn:aws:s3:::uploads/größe & <1>.jpg]" || events.region != "eu-central-1" {
		t.Errorf("EventBridge: resources %s, region %s", r, events.region)
	}

	topic := f.only(t, "SNS.Publish")
	wantBody(t, topic.params["Message"])
	if topic.params["TopicArn"] != someTopic || topic.params["MessageAttributes.entry.1.Value.StringValue"] != "ok" || topic.region != "eu-west-1" {
		t.Errorf("SNS: %+v", topic)
	}
	queue := f.only(t, "AmazonSQS.SendMessage")
	wantBody(t, queue.params["MessageBody"])
	if queue.params["QueueUrl"] != someQueue || queue.region != "eu-north-1" || !strings.Contains(fmt.Sprint(queue.params["MessageAttributes"]), "StringValue:ok") {
		t.Errorf("SQS: %+v", queue)
	}
	for _, r := range []received{topic, queue} {
		if r.params["MessageGroupId"] != nil || r.params["MessageDeduplicationId"] != nil {
			t.Errorf("%s: %+v; want no group outside FIFO", r.call, r.params)
		}
	}
}

func TestSend_FIFOKeepsTheOrderOfASourceAndDropsRepeats(t *testing.T) {
	f := newFakeAWS(t)
	n := open(t, preset.Notify{SNS: someTopic + ".fifo", SQS: someQueue + ".fifo"})
	if err := n.Send(t.Context(), example()); err != nil {
		t.Fatal(err)
	}
	topic, queue := f.only(t, "SNS.Publish").params, f.only(t, "AmazonSQS.SendMessage").params
	for _, p := range []map[string]any{topic, queue} {
		if group, _ := p["MessageGroupId"].(string); p["MessageDeduplicationId"] != example().ID || len(group) != 32 || group != topic["MessageGroupId"] {
			t.Errorf("parameters are %+v", p)
		}
	}
	other := example()
	other.Source.Key = "b.jpg"
	a, _ := newMessage(example())
	b, _ := newMessage(other)
	if a.group == b.group {
		t.Error("two sources share a group: they would wait for each other")
	}
}

func TestSend_ErrorsHaveTheirKindAndSayWhere(t *testing.T) {
	xml := func(code string) string {
		return "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>why</Message></Error></ErrorResponse>"
	}
	const json = `{"__type":"%s","message":"why"}`
	tests := []struct {
		name   string
		to     preset.Notify
		status int
		body   string
		kind   fault.Kind
		want   string
	}{
		{"bus, no permission", preset.Notify{EventBridge: someBus}, 400, fmt.Sprintf(json, "AccessDeniedException"), fault.Misconfigured, `send "events:PutEvents on images": misconfigured: `},
		{"bus, entry refused", preset.Notify{EventBridge: someBus}, 200, `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"NotAuthorizedForSourceException","ErrorMessage":"why"}]}`, fault.Misconfigured, "NotAuthorizedForSourceException: why"},
		{"bus, entry not taken now", preset.Notify{EventBridge: someBus}, 200, `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure"}]}`, fault.Transient, "InternalFailure"},
		{"bus, entry throttled", preset.Notify{EventBridge: someBus}, 200, `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException"}]}`, fault.Transient, "ThrottlingException"},
		{"bus, no reason", preset.Notify{EventBridge: someBus}, 200, `{"FailedEntryCount":1,"Entries":[]}`, fault.Transient, "1 entries failed"},
		{"topic, none", preset.Notify{SNS: someTopic}, 404, xml("NotFound"), fault.Misconfigured, "sns:Publish on " + someTopic},
		{"topic, throttled", preset.Notify{SNS: someTopic}, 400, xml("Throttling"), fault.Transient, "Throttling"},
		{"queue, no permission", preset.Notify{SQS: someQueue}, 403, fmt.Sprintf(json, "AccessDenied"), fault.Misconfigured, "sqs:SendMessage on " + someQueue},
		{"queue, broken", preset.Notify{SQS: someQueue}, 503, "", fault.Transient, "sqs:SendMessage"},
		{"queue, too many requests", preset.Notify{SQS: someQueue}, 429, "", fault.Transient, "sqs:SendMessage"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			f.answer = func(string) (int, string) { return tt.status, tt.body }
			err := open(t, tt.to).Send(t.Context(), example())
			if err == nil || fault.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v (%v), want %v with %q", err, fault.KindOf(err), tt.kind, tt.want)
			}
		})
	}
}

func TestSend_TriesAgainAndThenOneFailureFailsIt(t *testing.T) {
	f := newFakeAWS(t)
	tries := 0
	f.answer = func(call string) (int, string) {
		if call != "SNS.Publish" {
			return 0, ""
		}
		if tries++; tries == 1 {
			return http.StatusInternalServerError, ""
		}
		return 0, ""
	}
	n := open(t, preset.Notify{EventBridge: someBus, SNS: someTopic})
	if err := n.Send(t.Context(), example()); err != nil || tries != 2 {
		t.Errorf("%v after %d tries; want it to succeed at the second", err, tries)
	}
	f.answer = func(call string) (int, string) {
		if call == "SNS.Publish" {
			return http.StatusForbidden, ""
		}
		return 0, ""
	}
	if err := n.Send(t.Context(), example()); fault.KindOf(err) != fault.Misconfigured {
		t.Errorf("error is %v; want the topic's", err)
	}
}

func TestSend_EndsWithItsContext(t *testing.T) {
	f := newFakeAWS(t)
	block := make(chan struct{})
	f.answer = func(string) (int, string) { <-block; return 500, "" }
	defer close(block)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := open(t, preset.Notify{SQS: someQueue}).Send(ctx, example())
	if fault.KindOf(err) != fault.Transient || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

// A source is in the part of AWS that its bus is in.
func TestSend_NamesTheSourceInItsPartition(t *testing.T) {
	for _, tt := range []struct{ region, bus, want string }{
		{"cn-north-1", "images", "aws-cn"},
		{"us-gov-west-1", "default", "aws-us-gov"},
		{"eu-central-1", "arn:aws-cn:events:cn-northwest-1:123456789012:event-bus/images", "aws-cn"},
		{"cn-north-1", "arn:aws:events:eu-west-1:123456789012:event-bus/images", "aws"},
	} {
		f := newFakeAWS(t)
		t.Setenv("AWS_REGION", tt.region)
		if err := open(t, preset.Notify{EventBridge: tt.bus}).Send(t.Context(), example()); err != nil {
			t.Fatal(err)
		}
		entry := f.only(t, "AWSEvents.PutEvents").params["Entries"].([]any)[0].(map[string]any)
		if got, want := fmt.Sprint(entry["Resources"]), "[arn:"+tt.want+":s3:::uploads/größe & <1>.jpg]"; got != want {
			t.Errorf("%s in %s: resources %s, want %s", tt.bus, tt.region, got, want)
		}
	}
}

// A queue's URL is where the queue is, unless it is AWS's or an endpoint is set.
func TestNew_QueueOfAnotherServiceIsAtItsURL(t *testing.T) {
	f := newFakeAWS(t)
	t.Setenv("AWS_ENDPOINT_URL", "")
	if err := open(t, preset.Notify{SQS: f.URL + "/000000000000/done"}).Send(t.Context(), example()); err != nil {
		t.Fatal(err)
	}
	if got := f.only(t, "AmazonSQS.SendMessage"); got.params["QueueUrl"] != f.URL+"/000000000000/done" {
		t.Errorf("got %+v", got)
	}
	for host, want := range map[string]string{
		"sqs.eu-west-1.amazonaws.com": "eu-west-1", "sqs.cn-north-1.amazonaws.com.cn": "cn-north-1", "sqs.eusc-de-east-1.amazonaws.eu": "eusc-de-east-1",
		"localhost": "", "sqs.example.com": "", "sns.eu-west-1.amazonaws.com": "", "sqs.amazonaws.com.example.com": "",
	} {
		if got, ok := awsRegion(host); ok != (want != "") || ok && got != want {
			t.Errorf("%s: region %q, %v; want %q", host, got, ok, want)
		}
	}
}

func TestNew_RefusesWhatCannotWork(t *testing.T) {
	newFakeAWS(t)
	if _, err := New(t.Context(), preset.Notify{}); fault.KindOf(err) != fault.Misconfigured {
		t.Errorf("nowhere: %v", err)
	}
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	open(t, preset.Notify{EventBridge: someBus}) // the endpoint is not AWS's
	t.Setenv("AWS_ENDPOINT_URL", "")
	if _, err := New(t.Context(), preset.Notify{EventBridge: someBus}); fault.KindOf(err) != fault.Misconfigured || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("no region: %v", err)
	}
}

func TestMessage_LargeEventsGoWithoutVariants(t *testing.T) {
	c := example()
	for i := range 1000 {
		c.Variants = append(c.Variants, handler.CompletedVariant{Name: fmt.Sprint(i), Key: strings.Repeat("k", 1000)})
	}
	m, err := newMessage(c)
	var got handler.Completion
	if err != nil || json.Unmarshal([]byte(m.body), &got) != nil {
		t.Fatal(err)
	}
	if len(m.body) > 10_000 || got.VariantsOmitted != 1001 || got.Variants == nil || len(got.Variants) != 0 || got.ID != c.ID {
		t.Errorf("body of %d bytes: %+v", len(m.body), got)
	}
	c.Variants = c.Variants[:230]
	if m, err = newMessage(c); err != nil || len(m.body) > maxBodyBytes || m.VariantsOmitted != 0 {
		t.Errorf("body of %d bytes, %d omitted, %v; want all", len(m.body), m.VariantsOmitted, err)
	}
	c.Reason = strings.Repeat("r", maxBodyBytes)
	if _, err = newMessage(c); err == nil {
		t.Error("an event over the limit was taken")
	}
}

func TestMessage_HoldsNothingThatAQueueRefuses(t *testing.T) {
	c := example()
	c.Source.Key = "a\x00\x1f\ufffe\uffff\u2028b"
	m, err := newMessage(c)
	var got handler.Completion
	if err != nil || json.Unmarshal([]byte(m.body), &got) != nil || got.Source.Key != c.Source.Key {
		t.Errorf("body is %q, %v", m.body, err)
	}
	if i := strings.IndexFunc(m.body, func(r rune) bool { return r < 0x20 || r == 0xfffe || r == 0xffff }); i >= 0 {
		t.Errorf("body is %q", m.body)
	}
}
