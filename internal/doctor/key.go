package doctor

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/manifest"
	"pixmill/internal/preset"
)

// marker is the metadata that the handler puts on all that it writes.
const marker = "pixmill-generated"

// sourceSeen is what a look at a source found.
type sourceSeen struct {
	rule   *preset.Rule
	attrs  *blob.Attrs // nil: there is none that has variants
	unseen bool        // it could not be looked at
}

// outputSeen is what a look at the output of a source found.
type outputSeen struct {
	folder   string
	stale    bool               // nothing is wanted, and the manifest is there
	manifest *manifest.Manifest // nil: there is none, or it cannot be read
}

// again is the command that has the key worked on again.
func (x *examination) again() string {
	if x.place == placeRuntime || x.opts.Local != nil {
		return "end pixmill run and start it again: it looks at every source then"
	}
	function := nameOf(x.function)
	if function == "" {
		function = "pixmill"
	}
	event := fmt.Sprintf(`{"bucket":"%s","key":%s}`, x.sourceAt().Bucket, quoteJSON(x.opts.Key))
	return "printf %s " + quoteShell(event) + " | aws lambda invoke --function-name " + function + " --payload fileb:///dev/stdin /dev/stdout"
}

func explainRule(_ context.Context, x *examination) []Finding {
	p, key := x.opts.Presets, x.opts.Key
	x.source = &sourceSeen{rule: p.Match(key)}
	switch {
	case !preset.ValidKey(key):
		return one(problem(fmt.Sprintf("%q is no key of a source", key), "a key that ends in / or has an empty, . or .. segment has no variants", "give the object another key"))
	case !p.InSource(key):
		return one(problem(fmt.Sprintf("%q does not begin with source.prefix, %q", key, p.Source.Prefix), "what is outside has no variants", "put it under the prefix, or change source.prefix in "+x.opts.ConfigFrom))
	case x.source.rule == nil:
		var patterns []string
		for _, r := range p.Rules {
			patterns = append(patterns, fmt.Sprintf("%q", r.Match))
		}
		return one(problem("no rule matches; there are "+strings.Join(patterns, ", "), "a key that no rule matches has no variants", "add a rule to "+x.opts.ConfigFrom))
	}
	r := x.source.rule
	return one(ok("%q matches, presets %s: %s", r.Match, strings.Join(r.Presets, ", "), count(len(r.Variants), "variant")))
}

func explainSource(ctx context.Context, x *examination) []Finding {
	if !x.usable(x.sourceAt()) {
		return nil
	}
	b := x.bucket(x.sourceAt())
	_, a, err := b.Get(ctx, x.opts.Key, 1) // more than a HEAD: it says what is missing
	switch {
	case a != nil:
		x.source.attrs = a
		if full, err := b.Head(ctx, x.opts.Key); err == nil {
			x.source.attrs = full
		}
	case blob.CodeOf(err) == blob.CodeNoSuchKey:
		return one(x.noSource(ctx, b))
	default:
		x.source.unseen = true
		return one(problem("the source cannot be read: "+brief(err), "the function cannot, either, unless its role may more than you", "pixmill doctor   (looks at buckets and permissions)"))
	}
	a = x.source.attrs
	if a.Metadata[marker] != "" {
		x.source.attrs = nil
		return one(problem("the object was written by Pixmill: it is a variant", "variants of variants are never made", "put the original there, or remove the metadata "+marker))
	}
	return one(ok("%s, ETag %s, changed %s ago", size(a.Size), a.ETag, since(x.opts.Now(), a.ModTime)))
}

// noSource also looks for a key that was copied out of a URL or an event.
func (x *examination) noSource(ctx context.Context, b *blob.Bucket) Finding {
	f := problem(fmt.Sprintf("there is no object %q in %s", x.opts.Key, b.Name()), "without a source there are no variants", "aws s3 ls "+quoteShell("s3://"+b.Name()+"/"+parent(x.opts.Key))+"   (shows what is there)")
	if decoded, err := url.QueryUnescape(x.opts.Key); err == nil && decoded != x.opts.Key {
		if _, err := b.Head(ctx, decoded); err == nil {
			f.Fix = fmt.Sprintf("there is %q: pixmill doctor %s", decoded, quoteShell(decoded))
		}
	}
	return f
}

func parent(key string) string { return key[:strings.LastIndexByte(key, '/')+1] }

func explainManifest(ctx context.Context, x *examination) []Finding {
	p := x.opts.Presets
	if !x.usable(x.outputAt()) || !p.InSource(x.opts.Key) || !preset.ValidKey(x.opts.Key) {
		return nil
	}
	if x.source.unseen {
		return one(skipped("not looked at: what should be there is not known without the source"))
	}
	folder := p.Folder(x.opts.Key)
	key := folder + manifest.Name
	if over := len(key) - blob.MaxKeyBytes; over > 0 {
		return one(x.noManifest(over))
	}
	x.output = &outputSeen{folder: folder}
	data, _, err := x.bucket(x.outputAt()).Get(ctx, key, 4<<20)
	wanted := x.source.rule != nil && x.source.attrs != nil
	switch {
	case blob.CodeOf(err) == blob.CodeNoSuchKey && !wanted:
		return one(ok("none, and none is wanted"))
	case blob.CodeOf(err) == blob.CodeNoSuchKey:
		return one(problem("there is none: no invocation has finished this source", "its event is on the way, failed, or never came; what follows says which", x.again()))
	case err != nil:
		return one(problem("it cannot be read: "+brief(err), "the function cannot, either, unless its role may more than you", "pixmill doctor   (looks at buckets and permissions)"))
	case !wanted:
		x.output.stale = true
		return one(problem("it is still there, though nothing is wanted any more", "the event of the deletion failed, or never came", x.again()))
	}
	m, err := manifest.Parse(data)
	if err != nil {
		return one(problem(key+" is no manifest: "+brief(err), "somebody else wrote it, or a newer Pixmill", x.again()))
	}
	x.output.manifest = m
	return x.compare(m)
}

// noManifest speaks of a source whose manifest would have a key that is too long.
func (x *examination) noManifest(over int) Finding {
	if x.source.rule == nil || x.source.attrs == nil {
		return ok("none, and none is wanted")
	}
	return problem(fmt.Sprintf("its key would have %d bytes, over the limit of %d", blob.MaxKeyBytes+over, blob.MaxKeyBytes),
		"nothing can be recorded, so the source is rejected and only the log says so",
		fmt.Sprintf("give the object a key of at most %d bytes; it has %d", len(x.opts.Key)-over, len(x.opts.Key)))
}

// compare says what a manifest says that is not what is wanted now.
func (x *examination) compare(m *manifest.Manifest) []Finding {
	switch {
	case m.Source.ETag != x.source.attrs.ETag:
		return one(problem(fmt.Sprintf("it is of an earlier source: ETag %s, now %s", m.Source.ETag, x.source.attrs.ETag), "the event of the new source is on the way, failed, or never came", x.again()))
	case m.PresetHash != x.source.rule.Hash:
		return one(problem("it is of other presets than those in "+x.opts.ConfigFrom, "changed presets reach old sources only when they are worked on again, by a function that has them", x.again()))
	case m.Status == manifest.StatusRejected:
		return one(problem("the source was rejected: "+m.Reason, "it would be each time", x.otherImage(m.Reason)))
	}
	var found []Finding
	for _, v := range m.Variants {
		if v.Status != manifest.StatusOK {
			found = append(found, problem(fmt.Sprintf("%s could not be made: %s", v.Name, v.Reason), "it would fail each time with this build", "change the preset, or use a build that can"))
		}
	}
	if len(found) == 0 {
		found = one(ok("written %s ago by %s, of this source and these presets", since(x.opts.Now(), m.Timings.Written), m.Pixmill))
	}
	return found
}

// otherImage says what to put in the place of an image that was rejected.
func (x *examination) otherImage(reason string) string {
	if strings.Contains(reason, "over the limit of") { // as fault.LimitError says it
		return "put an image there that is within the limits of " + x.opts.ConfigFrom
	}
	fix := "put a whole image there, of a format that is read"
	if in := x.opts.Capability.Inputs; len(in) > 0 {
		fix += ": " + formats(in)
	}
	return fix
}

// nothingWanted reports that no variant of the key should be there, and none is left.
func (x *examination) nothingWanted() bool {
	wanted := x.source.unseen || x.source.rule != nil && x.source.attrs != nil
	return !wanted && (x.output == nil || !x.output.stale)
}

func explainVariants(ctx context.Context, x *examination) []Finding {
	if x.output == nil || x.output.stale {
		return nil // the manifest's finding says it
	}
	listed := map[string]string{} // key to ETag
	for e, err := range x.bucket(x.outputAt()).List(ctx, blob.ListOptions{Prefix: x.output.folder, Delimiter: "/"}) {
		if err != nil {
			return one(problem("they cannot be listed: "+brief(err), "the function cannot, either, unless its role may more than you", "pixmill doctor   (looks at buckets and permissions)"))
		}
		if !e.IsPrefix {
			listed[e.Key] = e.ETag
		}
	}
	m := x.output.manifest
	if m == nil {
		if len(listed) == 0 {
			return one(ok("none under %s", x.output.folder))
		}
		return one(warning(fmt.Sprintf("%s under %s without a manifest", count(len(listed), "object"), x.output.folder), "an invocation was cut off; the next one keeps what fits", x.again()))
	}
	delete(listed, x.output.folder+manifest.Name)
	var found []Finding
	for _, v := range m.Variants {
		etag, there := listed[v.Key]
		delete(listed, v.Key)
		switch {
		case v.Status != manifest.StatusOK:
		case !there:
			found = append(found, problem(v.Key+" is in the manifest and not in the bucket", "somebody deleted it", x.again()))
		case etag != v.ETag:
			found = append(found, problem(v.Key+" is another object than the manifest says", "somebody overwrote it, or a new source is being worked on now", x.again()))
		}
	}
	for key := range listed {
		found = append(found, warning(key+" is there, and not in the manifest", "all under "+x.output.folder+" belongs to Pixmill, which deletes it the next time", x.again()))
	}
	switch {
	case len(found) > 0:
	case m.Status == manifest.StatusRejected:
		found = one(ok("none, as the source was rejected"))
	default:
		found = one(ok("all %d of the manifest are there", len(m.Variants)))
	}
	return found
}

// since writes how long ago something was, in its largest unit.
func since(now, then time.Time) string {
	d := now.Sub(then)
	switch {
	case d < time.Minute:
		return count(max(0, int(d.Seconds())), "second")
	case d < time.Hour:
		return count(int(d.Minutes()), "minute")
	case d < 48*time.Hour:
		return count(int(d.Hours()), "hour")
	}
	return count(int(d.Hours()/24), "day")
}
