package store

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"pixmill/internal/blob/s3blob"
)

// Endpoint is what a client needs to reach the store.
type Endpoint struct {
	URL    string // "http://127.0.0.1:9000"
	Region string
	Credentials
}

// Environment sets an AWS SDK or command line up for the store: "AWS_REGION=…".
func (e Endpoint) Environment() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + e.URL,
		"AWS_ACCESS_KEY_ID=" + e.AccessKey,
		"AWS_SECRET_ACCESS_KEY=" + e.SecretKey,
		"AWS_REGION=" + e.Region,
	}
}

// Client returns a client of the store.
func (e Endpoint) Client(ctx context.Context) (*s3blob.Store, error) {
	return s3blob.New(ctx, s3blob.Options{
		Region:   e.Region,
		Endpoint: e.URL,
		Creds:    credentials.NewStaticCredentialsProvider(e.AccessKey, e.SecretKey, ""),
	})
}
