package partition

import "testing"

func TestOfRegion(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1":      "aws",
		"eu-central-1":   "aws",
		"cn-northwest-1": "aws-cn",
		"us-gov-east-1":  "aws-us-gov",
		"eusc-de-east-1": "aws-eusc",
		"us-iso-west-1":  "aws-iso",
		"us-isob-east-1": "aws-iso-b",
		"eu-isoe-west-1": "aws-iso-e",
		"us-isof-east-1": "aws-iso-f",
		"":               "aws",
		"garage":         "aws", // what another S3 calls itself
	} {
		if got := OfRegion(region); got != want {
			t.Errorf("%q is in %q, want %q", region, got, want)
		}
	}
}

func TestOfARN(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:sns:eu-west-1:123456789012:images":                   "aws",
		"arn:aws-cn:events:cn-north-1:123456789012:event-bus/default": "aws-cn",
		"arn:aws-us-gov:s3:::uploads":                                 "aws-us-gov",
		"default":                                                     "aws",
		"arn:":                                                        "aws",
		"arn:x":                                                       "aws",
		"arn::s3:::uploads":                                           "aws",
		"":                                                            "aws",
	} {
		if got := OfARN(arn); got != want {
			t.Errorf("%q is in %q, want %q", arn, got, want)
		}
	}
}
