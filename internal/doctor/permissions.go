package doctor

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"pixmill/internal/blob"
	"pixmill/internal/preset"
)

// probeFolder is where the probe object stands for some milliseconds, under
// output.prefix. Nothing listens to the output bucket; should something do, the
// handler refuses keys of the output.
const probeFolder = ".pixmill-doctor/"

func (x *examination) probeKey() string {
	return x.outputAt().Prefix + probeFolder + randomName()
}

// trial tries permissions one by one.
type trial struct {
	what  string // is tried
	found []Finding
	over  bool // something else failed, which says nothing of permissions
}

// try takes in one step: what it needs, what does not work without it, and what
// came of it. It reports whether the step went well.
func (t *trial) try(action, arn, without string, step func() error) bool {
	if t.over {
		return false
	}
	err := step()
	switch {
	case err == nil:
		return true
	case blob.CodeOf(err) == blob.CodeAccessDenied:
		t.found = append(t.found, problem(fmt.Sprintf("your credentials lack %s on %s", action, arn), without,
			"grant it to you and to the function's role: iam/policy.json says why each is needed"))
	default:
		t.over = true
		t.found = append(t.found, problem(t.what+": "+brief(err), "the function would fail in the same way", "try again; if it stays, the store says why"))
	}
	return false
}

func checkSourcePermissions(ctx context.Context, x *examination) []Finding {
	l := x.sourceAt()
	if !x.usable(l) {
		return nil
	}
	b, t := x.bucket(l), &trial{what: "the source bucket"}
	var some string // an object that is there
	listed := t.try("s3:ListBucket", x.bucketARN(l.Bucket), "for a key that is gone, S3 answers 403 and not 404, so that variants of deleted sources stay for ever", func() (err error) {
		some, err = firstObject(ctx, b, l.Prefix)
		return err
	})
	if listed { // else a 403 for a key may mean either
		t.try("s3:GetObject", x.objectsARN(l), "no image can be read", func() error { return readable(ctx, b, some, l.Prefix+randomName()) })
	}
	switch {
	case len(t.found) > 0:
		return t.found
	case some == "":
		return one(ok("list, and 404 for a missing key; there is no object to read yet"))
	}
	return one(ok("list, read, and 404 for a missing key"))
}

// firstObject returns a key under a prefix, or "".
func firstObject(ctx context.Context, b *blob.Bucket, prefix string) (string, error) {
	for e, err := range b.List(ctx, blob.ListOptions{Prefix: prefix, PageSize: 20}) {
		if err != nil {
			return "", err
		}
		if !strings.HasSuffix(e.Key, "/") {
			return e.Key, nil
		}
	}
	return "", nil
}

// readable reads an object that is there, else asks for one that is not: 404 is
// the answer to somebody who may read.
func readable(ctx context.Context, b *blob.Bucket, some, missing string) error {
	_, err := b.Head(ctx, cmp.Or(some, missing))
	if blob.CodeOf(err) == blob.CodeNotFound || blob.CodeOf(err) == blob.CodeNoSuchKey {
		return nil
	}
	return err
}

func checkOutputPermissions(ctx context.Context, x *examination) []Finding {
	l := x.outputAt()
	if !x.usable(l) {
		return nil
	}
	b, key, t := x.bucket(l), x.probeKey(), &trial{what: "the output bucket"}
	var some string
	listed := t.try("s3:ListBucket", x.bucketARN(l.Bucket), "the function cannot see which variants are there, and makes none", func() (err error) {
		some, err = firstObject(ctx, b, l.Prefix)
		return err
	})
	put := !x.opts.ReadOnly && t.try("s3:PutObject", x.objectsARN(l), "no variant can be written", func() error {
		_, err := b.Put(ctx, key, []byte("pixmill doctor was here\n"), nil)
		return err
	})
	if put {
		some = key
	}
	if listed || some != "" { // else a 403 for a key may mean either
		t.try("s3:GetObject", x.objectsARN(l), "manifests cannot be read, and nothing is made", func() error { return readable(ctx, b, some, key) })
	}
	if put {
		gone := t.try("s3:DeleteObject", x.objectsARN(l), "variants of deleted sources stay for ever", func() error {
			return b.Delete(context.WithoutCancel(ctx), key)
		})
		if !gone {
			t.found = append(t.found, warning("the probe object "+key+" is still there", "it costs nothing and is no source", "aws s3 rm "+quoteShell("s3://"+l.Bucket+"/"+key)))
		}
	}
	x.writable = put && len(t.found) == 0
	switch {
	case len(t.found) > 0:
		return t.found
	case x.opts.ReadOnly:
		return one(ok("list and read; without --read-only, write and delete are tried as well"))
	}
	return one(ok("list, read, write and delete"))
}

func (x *examination) bucketARN(bucket string) string {
	return "arn:" + x.partition() + ":s3:::" + bucket
}

func (x *examination) objectsARN(l preset.Location) string {
	return x.bucketARN(l.Bucket) + "/" + l.Prefix + "*"
}

// checkConditions looks whether the store keeps two invocations that meet apart.
func checkConditions(ctx context.Context, x *examination) []Finding {
	l := x.outputAt()
	if !x.writable {
		return nil // read-only, or output permissions has said why
	}
	b, key := x.bucket(l), x.probeKey()
	first, err := b.Put(ctx, key, []byte("1"), nil)
	if err != nil {
		return one(problem("the output bucket: "+brief(err), "the function would fail in the same way", "try again; if it stays, the store says why"))
	}
	defer func() { _ = b.Delete(context.WithoutCancel(ctx), key) }() // output permissions has tried that
	_, over := b.Put(ctx, key, []byte("2"), &blob.PutOptions{IfNoneMatch: true})
	_, other := b.Put(ctx, key, []byte("3"), &blob.PutOptions{IfMatch: strings.Repeat("0", len(first.ETag))})
	for _, tried := range []struct {
		what string
		err  error
	}{{"If-None-Match", over}, {"If-Match", other}} {
		if blob.CodeOf(tried.err) == blob.CodePreconditionFailed {
			continue
		}
		if tried.err == nil {
			return one(warning("the store ignores "+tried.what,
				"variants come out right all the same; two events for one key at the same time may do work twice",
				"nothing has to be done; a newer version of the store may know it"))
		}
		return one(warning("the store answers "+tried.what+" with "+brief(tried.err),
			"the function takes that for a failure that may pass, and the event comes again until it is given up", "ask who runs the store"))
	}
	return one(ok("If-None-Match and If-Match are honoured"))
}
