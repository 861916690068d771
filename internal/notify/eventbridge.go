package notify

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"pixmill/internal/partition"
)

// What rules match on, beside the detail.
const (
	bridgeSource     = "pixmill"
	bridgeDetailType = "Pixmill Completion"
)

// eventsAPI is the one call that is made.
type eventsAPI interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// bus is an EventBridge bus.
type bus struct {
	api  eventsAPI
	name string // or ARN

	partition string // of AWS, which its sources are in, too
}

func newBus(cfg aws.Config, name string) *bus {
	region := cfg.Region
	if strings.HasPrefix(name, "arn:") {
		region = regionOf(name)
	}
	return &bus{name: name, partition: partition.OfRegion(region), api: eventbridge.NewFromConfig(cfg, func(o *eventbridge.Options) { o.Region = region })}
}

func (b *bus) String() string { return "events:PutEvents on " + b.name }

func (b *bus) send(ctx context.Context, m message) error {
	out, err := b.api.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		EventBusName: aws.String(b.name),
		Source:       aws.String(bridgeSource),
		DetailType:   aws.String(bridgeDetailType),
		Detail:       aws.String(m.body),
		Time:         aws.Time(m.Time),
		Resources:    []string{"arn:" + b.partition + ":s3:::" + m.Source.Bucket + "/" + m.Source.Key},
	}}})
	if err != nil {
		return err
	}
	for _, e := range out.Entries {
		if code := aws.ToString(e.ErrorCode); code != "" {
			return &entryError{code: code, message: aws.ToString(e.ErrorMessage)}
		}
	}
	if out.FailedEntryCount > 0 {
		return fmt.Errorf("%d entries failed, without a reason", out.FailedEntryCount)
	}
	return nil
}

// entryError is a refusal inside an answer with status 200.
type entryError struct{ code, message string }

func (e *entryError) Error() string { return e.code + ": " + e.message }

// permanent reports whether the same entry would be refused again: all codes
// but those of a service that is busy or broken.
func (e *entryError) permanent() bool {
	return e.code != "ThrottlingException" && !strings.HasPrefix(e.code, "Internal")
}
