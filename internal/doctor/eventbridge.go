package doctor

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// pattern is the part of an EventBridge rule's pattern that chooses buckets. Where
// a list holds more than plain names, it is taken to match.
type pattern struct {
	Source     []string `json:"source"`
	DetailType []string `json:"detail-type"`
	Detail     struct {
		Bucket struct {
			Name []any `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key []any `json:"key"`
		} `json:"object"`
	} `json:"detail"`
}

func (p pattern) matches(bucket string) bool {
	if !slices.Contains(p.Source, "aws.s3") {
		return false
	}
	names := p.Detail.Bucket.Name
	return len(names) == 0 || slices.ContainsFunc(names, func(n any) bool {
		s, plain := n.(string)
		return !plain || s == bucket
	})
}

// prefix is what keys have to begin with; "" where that is not all there is.
func (p pattern) prefix() string {
	if len(p.Detail.Object.Key) != 1 {
		return ""
	}
	filter, _ := p.Detail.Object.Key[0].(map[string]any)
	prefix, _ := filter["prefix"].(string)
	return prefix
}

func (x *examination) behindEventBridge(ctx context.Context, bucket string) (routes []route, unseen []Finding) {
	var token *string
	for {
		out, err := x.events.ListRules(ctx, &eventbridge.ListRulesInput{NextToken: token})
		if err != nil {
			return routes, append(unseen, notSeen("the rules of EventBridge", "events:ListRules", err))
		}
		for _, rule := range out.Rules {
			var p pattern
			if json.Unmarshal([]byte(aws.ToString(rule.EventPattern)), &p) != nil || !p.matches(bucket) || rule.State == eventtypes.RuleStateDisabled {
				continue
			}
			r := route{bucket: bucket, rule: aws.ToString(rule.Name), ruleARN: aws.ToString(rule.Arn), events: p.DetailType, prefix: p.prefix()}
			targets, err := x.events.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: rule.Name})
			if err != nil {
				unseen = append(unseen, notSeen("the targets of the rule "+r.rule, "events:ListTargetsByRule", err))
				continue
			}
			for _, target := range targets.Targets {
				more, f := x.behind(ctx, r, aws.ToString(target.Arn))
				routes, unseen = append(routes, more...), append(unseen, f...)
			}
		}
		if token = out.NextToken; token == nil {
			return routes, unseen
		}
	}
}
