package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// checkRecursion looks whether what Pixmill writes wakes Pixmill.
func checkRecursion(ctx context.Context, x *examination) []Finding {
	l := x.outputAt()
	if !x.usable(l) || !x.usable(x.sourceAt()) || !x.place.hasServices() {
		return nil
	}
	const why = "no endless loop, since the function refuses its own output, but each variant costs an invocation"
	if len(x.routes) == 0 && x.unseen {
		return one(skipped("not known, since the notifications of " + x.sourceAt().Bucket + " could not be looked at"))
	}
	if l.Bucket == x.sourceAt().Bucket {
		for _, r := range x.routes {
			if overlap(r.prefix, l.Prefix) {
				return one(problem(fmt.Sprintf("%s: variants under %q pass its filter, prefix %q", r, l.Prefix, r.prefix), why,
					fmt.Sprintf("set the prefix %q in the bucket's notification (in a rule: detail.object.key)", x.sourceAt().Prefix)))
			}
		}
		return one(ok("what is written under %q wakes nobody", l.Prefix))
	}
	routes, _, found := x.findRoutes(ctx, l.Bucket)
	for _, r := range routes {
		same := slices.ContainsFunc(x.routes, func(s route) bool {
			return s.function != "" && nameOf(s.function) == nameOf(r.function) || s.queue != "" && s.queue == r.queue
		})
		if same && overlap(r.prefix, l.Prefix) {
			fix := "take " + l.Bucket + " out of the pattern of the EventBridge rule " + r.rule
			if r.rule == "" {
				fix = "aws s3api put-bucket-notification-configuration --bucket " + l.Bucket + " --notification-configuration '{}'   (removes all notifications of that bucket)"
			}
			found = append(found, problem(fmt.Sprintf("the output bucket %s wakes Pixmill, too: %s", l.Bucket, r), why, fix))
		}
	}
	if len(found) == 0 {
		found = one(ok("what is written to %s does not wake the function", l.Bucket))
	}
	return found
}

// overlap reports whether some key has both prefixes.
func overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }
