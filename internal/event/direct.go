package event

import (
	"encoding/json"
	"errors"
	"fmt"
)

// directFormat is an invocation by hand or by another program:
// {"bucket": "uploads", "key": "a b+c.jpg", "versionId": "…"}. Its key is the
// key as it is and is never decoded; versionId is optional.
func directFormat() format {
	return format{
		envelope: EnvelopeDirect,
		looksFor: `{"bucket", "key"}`,
		fits:     func(o object) bool { return o.has("bucket") || o.has("key") },
		read:     readDirect,
	}
}

func readDirect(o object, _ int) ([]Item, error) {
	e := ObjectEvent{Op: OpDirect}
	for _, f := range []struct {
		name     string
		to       *string
		optional bool
	}{
		{name: "bucket", to: &e.Bucket},
		{name: "key", to: &e.Key},
		{name: "versionId", to: &e.VersionID, optional: true},
	} {
		raw, ok := o.fields[f.name]
		if !ok && f.optional {
			continue
		}
		if !ok {
			return nil, fmt.Errorf("direct invocation without %q", f.name)
		}
		if json.Unmarshal(raw, f.to) != nil {
			return nil, fmt.Errorf("%q of a direct invocation is not a string", f.name)
		}
	}
	if e.Bucket == "" {
		return nil, errors.New("bucket is empty")
	}
	if err := checkKey(e.Key); err != nil {
		return nil, err
	}
	return []Item{{Events: []ObjectEvent{e}}}, nil
}
