package app

import (
	"context"

	"pixmill/internal/blob/s3blob"
)

// CheckCredentials returns why there are no credentials for the S3 buckets of New. Where
// the environment has none it asks those who give roles, for as long as ctx lasts.
func CheckCredentials(ctx context.Context) error { return s3blob.CheckCredentials(ctx) }
