package cli

import (
	"fmt"
	"math"
	"strings"
	"time"

	"pixmill/internal/event"
	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
	"pixmill/internal/preset"
)

// explanation is what `pixmill explain-event --json` prints.
type explanation struct {
	File     string          `json:"file"`
	Config   string          `json:"config"` // where the rules come from
	Envelope event.Envelope  `json:"envelope"`
	Items    []explainedItem `json:"items"`
	Repeated []repeatedKey   `json:"repeated,omitempty"`
}

// explainedItem is a message of a queue, or a whole delivery.
type explainedItem struct {
	MessageID string           `json:"messageId,omitempty"`
	GroupID   string           `json:"groupId,omitempty"`
	Attempt   int              `json:"attempt,omitempty"`
	Inside    []event.Envelope `json:"inside,omitempty"` // what stood in the envelope, from the outside in
	Events    []explainedEvent `json:"events"`
	Ignored   []ignoredRecord  `json:"ignored,omitempty"`
	Error     string           `json:"error,omitempty"`
}

type ignoredRecord struct {
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// explainedEvent is one event and what it would lead to.
type explainedEvent struct {
	Number    int          `json:"number"` // from 1, through all items
	Bucket    string       `json:"bucket"`
	Key       string       `json:"key"`
	Op        event.Op     `json:"op"`
	Name      string       `json:"name,omitempty"`
	Detail    string       `json:"detail,omitempty"`
	Time      *time.Time   `json:"time,omitempty"`
	VersionID string       `json:"versionId,omitempty"`
	ETag      string       `json:"etag,omitempty"`
	Size      int64        `json:"size,omitempty"` // bytes
	Sequencer string       `json:"sequencer,omitempty"`
	Skipped   string       `json:"skipped,omitempty"` // why nothing would be made
	Rule      *matchedRule `json:"rule,omitempty"`
	Output    *output      `json:"output,omitempty"`

	// Or is the other key that the event may mean, handled if this one names no object.
	Or *explainedEvent `json:"or,omitempty"`
}

type matchedRule struct {
	Match   string   `json:"match"`
	Presets []string `json:"presets"`
}

// output is the folder of a source in the output bucket.
type output struct {
	Bucket string   `json:"bucket"`
	Folder string   `json:"folder"`
	Writes []object `json:"writes,omitempty"` // if the source is an image
}

// object is one key that would be written.
type object struct {
	Key  string `json:"key"` // ends in ".*" where the bytes of the source decide on the format
	What string `json:"what,omitempty"`
}

// repeatedKey says of several events for one object which is the newest.
type repeatedKey struct {
	Bucket  string `json:"bucket"`
	Key     string `json:"key"`
	Numbers []int  `json:"numbers"`
	Newest  int    `json:"newest,omitempty"` // 0: the sequencers do not say
	Why     string `json:"why"`
}

// explainDelivery puts beside each event what the configuration makes of it.
func explainDelivery(d event.Delivery, cfg *preset.Config) explanation {
	r := explanation{Envelope: d.Envelope}
	var all []explainedEvent
	for _, it := range d.Items {
		x := explainedItem{MessageID: it.MessageID, GroupID: it.GroupID, Attempt: it.Attempt, Inside: it.Inside, Events: []explainedEvent{}}
		for _, ev := range it.Events {
			x.Events = append(x.Events, explainEvent(len(all)+1, ev, cfg))
			all = append(all, x.Events[len(x.Events)-1])
		}
		for _, ig := range it.Ignored {
			x.Ignored = append(x.Ignored, ignoredRecord(ig))
		}
		if it.Err != nil {
			x.Error = plain(it.Err)
		}
		r.Items = append(r.Items, x)
	}
	r.Repeated = findRepeated(all)
	return r
}

func explainEvent(number int, ev event.ObjectEvent, cfg *preset.Config) explainedEvent {
	x := explainedEvent{
		Number: number, Bucket: ev.Bucket, Key: ev.Key, Op: ev.Op, Name: ev.Name, Detail: ev.Detail,
		VersionID: ev.VersionID, ETag: ev.ETag, Size: ev.Size, Sequencer: ev.Sequencer,
	}
	if !ev.Time.IsZero() {
		x.Time = &ev.Time
	}
	x.decide(cfg)
	if ev.Alternative != "" {
		ev.Key, ev.Alternative = ev.Alternative, ""
		or := explainEvent(number, ev, cfg)
		x.Or = &or
	}
	return x
}

// decide says what the handler would do, as far as it depends on the key.
func (x *explainedEvent) decide(cfg *preset.Config) {
	switch {
	case x.Bucket == cfg.Output.Bucket && x.Bucket != cfg.Source.Bucket:
		x.Skipped = "it is from the output bucket: the trigger must watch the source bucket only"
		return
	case x.Bucket != cfg.Source.Bucket:
		x.Skipped = fmt.Sprintf("the configured source bucket is %q: the function returns an error and writes nothing", cfg.Source.Bucket)
		return
	case !cfg.InSource(x.Key):
		x.Skipped = fmt.Sprintf("the key is outside the source prefix %q", cfg.Source.Prefix)
		return
	case !preset.ValidKey(x.Key):
		x.Skipped = `a key that ends in "/" or has an empty, "." or ".." segment is no source`
	}
	x.Output = &output{Bucket: cfg.Output.Bucket, Folder: cfg.Folder(x.Key)}
	rule := cfg.Match(x.Key)
	if rule == nil {
		if x.Skipped == "" {
			x.Skipped = "no rule matches the key"
		}
		return
	}
	x.Rule = &matchedRule{Match: rule.Match, Presets: rule.Presets}
	x.Output.Writes = writes(rule, x.Output.Folder)
}

func writes(rule *preset.Rule, folder string) []object {
	var objects []object
	for _, v := range rule.Variants {
		name := v.Name + ".*"
		if f := v.Spec.Format; f != "" && f != imaging.FormatAuto {
			name = v.FileName(f)
		}
		objects = append(objects, object{Key: folder + name, What: describe(v.Spec)})
	}
	return append(objects, object{Key: folder + manifest.Name})
}

// describeSize gives the box in pixels of the result.
func describeSize(s imaging.Spec) string {
	px := func(n int) int {
		if s.DPR == 0 {
			return n
		}
		return int(math.Round(float64(n) * s.DPR))
	}
	switch {
	case s.Width > 0 && s.Height > 0:
		return fmt.Sprintf("%d × %d px", px(s.Width), px(s.Height))
	case s.Width > 0:
		return fmt.Sprintf("%d px wide", px(s.Width))
	case s.Height > 0:
		return fmt.Sprintf("%d px high", px(s.Height))
	}
	return "size of the source"
}

// describe says in a few words what a variant is.
func describe(s imaging.Spec) string {
	words := []string{describeSize(s)}
	for _, word := range []string{string(s.Fit), string(s.Gravity)} {
		if word != "" {
			words = append(words, word)
		}
	}
	switch s.Format {
	case imaging.FormatAuto:
		words = append(words, "the smallest format")
	case "":
		words = append(words, "format of the source")
	}
	if s.Quality > 0 {
		words = append(words, fmt.Sprintf("quality %d", s.Quality))
	}
	return strings.Join(words, ", ")
}
