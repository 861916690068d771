package event

import (
	"fmt"
	"strings"
	"testing"

	"pixmill/internal/fault"
)

func TestDecode_SaysWhatWasLookedForAndWhatWasSeen(t *testing.T) {
	const lookedFor = `looked for a CloudEvent, Records of S3, an s3:TestEvent, Records of SNS, an SNS notification, an EventBridge event, ` +
		`a record for a destination, {"bucket", "key"}, Records of SQS or an HTTP request of version 2.0; `
	many := `{"Records":[` + strings.Repeat(`{"eventSource":"aws:sqs"},`, MaxRecords) + `{}]}`
	tests := []struct {
		name, payload, want string
	}{
		{"nothing", ``, lookedFor + "saw 0 bytes that are not JSON: unexpected end of JSON input at byte 0"},
		{"no JSON", `secret`, lookedFor + "saw 6 bytes that are not JSON: invalid character 's' looking for beginning of value at byte 1"},
		{"two values", `{} {}`, "invalid character '{' after top-level value at byte 4"},
		{"not UTF-8", "{\"key\":\"\xff\"}", lookedFor + "saw text that is not UTF-8"},
		{"array", `[1]`, lookedFor + "saw an array"},
		{"string", ` "x"`, lookedFor + "saw a string"},
		{"number", `7`, lookedFor + "saw a number"},
		{"boolean", `true`, lookedFor + "saw a boolean"},
		{"null", `null`, lookedFor + "saw null"},
		{"empty", `{}`, lookedFor + "saw an empty object"},
		{"unknown", `{"token":"hidden","b":1}`, lookedFor + `saw an object with "b", "token"`},
		{"many fields", `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1}`, `"g", "h" and 2 more`},
		{"no records", `{"Records":[]}`, lookedFor + `saw "Records" without any record`},
		{"records of another kind", `{"Records":"x"}`, lookedFor + `saw "Records" without any record`},
		{"another source", `{"Records":[{"eventSource":"aws:kinesis"}]}`, lookedFor + `saw 1 Records, the first with eventSource "aws:kinesis"`},
		{"a source with a capital E", `{"Records":[{"EventSource":"aws:ses"}]}`, `the first with eventSource "aws:ses"`},
		{"a request of version 1.0", `{"version":"1.0","requestContext":{"http":{}}}`, `saw an object with "requestContext", "version"`},
		{"EventBridge without detail", `{"detail-type":"Object Created","source":"aws.s3"}`, `saw an object with "detail-type", "source"`},
		{"EventBridge, detail-type of another kind", `{"detail-type":1,"detail":{}}`, "detail-type holds a number where a string belongs"},
		{"a record for a destination, broken", `{"requestContext":"x","requestPayload":{}}`, "requestContext holds a string where a struct"},
		{"record without a source", `{"Records":[7]}`, `saw 1 Records, the first with eventSource ""`},
		{"too many", many, "Records is 10001 records, over the limit of 10000 records"},
		{"too long", strings.Repeat(" ", MaxPayloadBytes+1), "payload is 8388609 bytes, over the limit of 8388608 bytes"},
		{"direct without a key", `{"bucket":"b"}`, `direct invocation without "key"`},
		{"direct without a bucket", `{"key":"k"}`, `direct invocation without "bucket"`},
		{"direct, empty bucket", `{"bucket":"","key":"k"}`, "bucket is empty"},
		{"direct, empty key", `{"bucket":"b","key":""}`, "key is empty"},
		{"direct, key of another kind", `{"bucket":"b","key":["k"]}`, `"key" of a direct invocation is not a string`},
		{"direct, version of another kind", `{"bucket":"b","key":"k","versionId":3}`, `"versionId" of a direct invocation is not a string`},
		{"direct, long key", `{"bucket":"b","key":"` + strings.Repeat("k", 1025) + `"}`, "key is 1025 bytes, over the limit of 1024 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Decode([]byte(tt.payload))
			if err == nil {
				t.Fatalf("got %+v, want an error", d)
			}
			if k := fault.KindOf(err); k != fault.Rejected {
				t.Errorf("kind is %v, want rejected", k)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is\n%v\nwant it to contain\n%s", err, tt.want)
			}
			if strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error shows a value or has several lines: %v", err)
			}
		})
	}
}

func TestDecode_RecordsOfS3ThatCannotBeRead(t *testing.T) {
	record := func(fields, object string) string {
		return `{"Records":[{"eventSource":"aws:s3",` + fields + `"s3":{"bucket":{"name":"b"},"object":{` + object + `}}}]}`
	}
	const put = `"eventName":"ObjectCreated:Put",`
	tests := []struct {
		name, payload, want string
	}{
		{"another version", record(put+`"eventVersion":"3.0",`, `"key":"k"`), `record 0: eventVersion is "3.0": only 2.x is understood`},
		{"no name", record(``, `"key":"k"`), "record 0: eventName is empty"},
		{"no key", record(put, ``), "record 0: s3.object.key is empty"},
		{"invalid percent sequence", record(put, `"key":"50%-off.jpg"`), `s3.object.key "50%-off.jpg" is not URL-encoded: invalid URL escape "%-o"`},
		{"not UTF-8", record(put, `"key":"a%ff"`), `s3.object.key "a\xff" is not UTF-8`},
		{"long key", record(put, `"key":"`+strings.Repeat("%41", 1025)+`"`), "s3.object.key is 1025 bytes, over the limit of 1024 bytes"},
		{"size of another kind", record(put, `"key":"k","size":"big"`), "s3.object.size holds a string where a int64 belongs"},
		{"no time", record(put+`"eventTime":"yesterday",`, `"key":"k"`), `eventTime "yesterday" is not RFC 3339`},
		{"no bucket", `{"Records":[{"eventSource":"aws:s3",` + put + `"s3":{"object":{"key":"k"}}}]}`, "s3.bucket.name is empty"},
		{
			"another source later", `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectAcl:Put"},{"eventSource":"aws:sns"}]}`,
			`record 1: eventSource is "aws:sns" among records of S3`,
		},
		{"no object later", `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectAcl:Put"},[]]}`, "record 1: the record is an array, not an object"},
		{"null later", `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectAcl:Put"},null]}`, `record 1: eventSource is ""`},
		{
			"many bad ones", `{"Records":[{"eventSource":"aws:s3"}` + strings.Repeat(`,{}`, 9) + `]}`,
			"; and 7 more",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Decode([]byte(tt.payload))
			if err != nil {
				t.Fatal(err)
			}
			got := d.Items[0].Err
			if fault.KindOf(got) != fault.Rejected || !strings.Contains(fmt.Sprint(got), tt.want) {
				t.Errorf("error is\n%v\nwant a rejected one that contains\n%s", got, tt.want)
			}
		})
	}
}

func TestDecode_MessagesThatCannotBeRead(t *testing.T) {
	tests := []struct {
		name, message, want string
	}{
		{"no messageId", `{"eventSource":"aws:sqs","body":"{\"bucket\":\"b\",\"key\":\"k\"}"}`, "messageId is empty"},
		{"no body", `{"eventSource":"aws:sqs","messageId":"m"}`, `decode SQS message "m": rejected: body: looked for a CloudEvent, Records of S3, an s3:TestEvent, Records of SNS, an SNS notification, an EventBridge event, a record for a destination or {"bucket", "key"}; saw 0 bytes`},
		{"body of another kind", `{"eventSource":"aws:sqs","body":{},"messageId":"m"}`, `decode SQS message "m": rejected: body holds a object where a string belongs`},
		{"a queue in a queue", `{"eventSource":"aws:sqs","messageId":"m","body":"{\"Records\":[{\"eventSource\":\"aws:sqs\"}]}"}`, `saw 1 Records, the first with eventSource "aws:sqs"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Decode([]byte(`{"Records":[` + tt.message + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			got := d.Items[0].Err
			if fault.KindOf(got) != fault.Rejected || !strings.Contains(fmt.Sprint(got), tt.want) {
				t.Errorf("error is\n%v\nwant a rejected one that contains\n%s", got, tt.want)
			}
		})
	}
}
