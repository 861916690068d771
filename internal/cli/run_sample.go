package cli

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/handler"
	"pixmill/internal/manifest"
	"pixmill/internal/preset"
	"pixmill/internal/runtime/store"
)

// samplePhoto is a 16-megapixel photograph of a meadow; sample/README.md says whose.
//
//go:embed sample/seeding.jpg
var samplePhoto []byte

const (
	sampleName    = "sample/seeding.jpg"
	sampleFocal   = "0.29,0.32" // the seed head in front
	sampleTimeout = time.Minute
	samplePoll    = 10 * time.Millisecond
	maxManifest   = 4 << 20 // bytes
)

// showSample puts the sample photograph into the source bucket, as any client
// would, waits for its manifest and prints what is in it.
func showSample(ctx context.Context, out io.Writer, e store.Endpoint, p *preset.Config) error {
	key := p.Source.Prefix + sampleName
	if p.Match(key) == nil {
		return fmt.Errorf("no rule matches %q, so nothing would be made of it", key)
	}
	client, err := e.Client(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, sampleTimeout)
	defer cancel()
	begin := time.Now()
	put, err := client.Bucket(p.Source.Bucket).Put(ctx, key, samplePhoto, &blob.PutOptions{
		ContentType: "image/jpeg",
		Metadata:    map[string]string{handler.MetaFocal: sampleFocal},
	})
	if err != nil {
		return err
	}
	m, err := awaitManifest(ctx, client.Bucket(p.Output.Bucket), p.Folder(key)+manifest.Name, put.ETag)
	if err != nil {
		return fmt.Errorf("its manifest did not appear: %w; the log says why", err)
	}
	printSample(out, p, key, m, begin, time.Since(begin))
	return nil
}

// awaitManifest waits for the manifest of the source with this ETag.
func awaitManifest(ctx context.Context, output *blob.Bucket, key, etag string) (*manifest.Manifest, error) {
	tick := time.NewTicker(samplePoll)
	defer tick.Stop()
	for {
		data, _, err := output.Get(ctx, key, maxManifest)
		if err == nil {
			m, err := manifest.Parse(data)
			if err != nil || m.Source.ETag == etag {
				return m, err
			}
		} else if blob.CodeOf(err) != blob.CodeNoSuchKey {
			return nil, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func printSample(out io.Writer, p *preset.Config, key string, m *manifest.Manifest, begin time.Time, took time.Duration) {
	fmt.Fprintf(out, "The sample s3://%s/%s ", p.Source.Bucket, key)
	if m.Timings.Written.Before(begin) {
		fmt.Fprint(out, "has had these variants since an earlier start:\n\n")
	} else {
		fmt.Fprintf(out, "became, in %d ms with the start of the function (rendering: %.0f ms):\n\n", took.Milliseconds(), m.Timings.RenderMS)
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  NAME\tFORMAT\tPIXELS\tSIZE\tKEY")
	for _, v := range m.Variants {
		if v.Status != manifest.StatusOK {
			fmt.Fprintf(t, "  %s\t-\t-\t-\t%s: %s\n", v.Name, v.Status, v.Reason)
			continue
		}
		fmt.Fprintf(t, "  %s\t%s\t%d×%d\t%s\t%s\n", v.Name, v.Format, v.Width, v.Height, formatBytes(v.Bytes), v.Key)
	}
	_ = t.Flush() // nobody is left to tell
	fmt.Fprintf(out, "\nand s3://%s/%s%s says so.\n\n", p.Output.Bucket, p.Folder(key), manifest.Name)
}
