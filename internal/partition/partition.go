// Package partition knows the parts that AWS is in, which the ARNs of their resources
// begin with: "arn:aws-cn:s3:::uploads" in China. It knows nothing of services.
package partition

import "strings"

// regions are how the names of the regions outside of "aws" begin. They are AWS's as
// its SDKs know them: partitions.json of aws-sdk-go-v2, whose reader is internal to it.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
var regions = []struct{ prefix, partition string }{
	{"cn-", "aws-cn"},
	{"us-gov-", "aws-us-gov"},
	{"eusc-", "aws-eusc"},
	{"us-iso-", "aws-iso"},
	{"us-isob-", "aws-iso-b"},
	{"eu-isoe-", "aws-iso-e"},
	{"us-isof-", "aws-iso-f"},
}

// Default is where most regions are, and all that this package does not know.
const Default = "aws"

// OfRegion returns the partition that a region is in.
func OfRegion(region string) string {
	for _, r := range regions {
		if strings.HasPrefix(region, r.prefix) {
			return r.partition
		}
	}
	return Default
}

// OfARN returns the partition that an ARN names.
func OfARN(arn string) string {
	rest, ok := strings.CutPrefix(arn, "arn:")
	partition, _, more := strings.Cut(rest, ":")
	if !ok || !more || partition == "" {
		return Default
	}
	return partition
}
