package event

import "encoding/json"

// testFormat is what S3 sends when a notification is configured:
// {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads", …}.
func testFormat() format {
	return format{
		envelope: EnvelopeTest,
		looksFor: "an s3:TestEvent",
		fits:     func(o object) bool { return string(o.fields["Event"]) == `"s3:TestEvent"` },
		read:     readTestEvent,
	}
}

func readTestEvent(o object, _ int) ([]Item, error) {
	var bucket string
	if json.Unmarshal(o.fields["Bucket"], &bucket) != nil {
		bucket = "" // it is only for people
	}
	return []Item{{Ignored: []Ignored{{
		Reason: IgnoredTestEvent,
		Detail: "S3 was told to send notifications of bucket " + quote(bucket),
	}}}}, nil
}
