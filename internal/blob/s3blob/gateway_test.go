package s3blob_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"go.uber.org/goleak"

	"pixmill/internal/blob/blobtest"
	"pixmill/internal/blob/s3blob"
)

const (
	accessKey = "testkey"
	secretKey = "testsecret"
)

// gateway is a real S3 on a directory. A process can have one.
type gateway struct {
	endpoint string
	dir      string
	buckets  atomic.Int64
}

var gw gateway // written by TestMain alone

func TestMain(m *testing.M) {
	code, err := runWithGateway(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "gateway:", err)
		code = 1
	}
	os.Exit(code)
}

// runWithGateway runs the tests beside a gateway, and then looks for what
// leaked. The gateway's working directory is its own: tests open no relative paths.
func runWithGateway(m *testing.M) (int, error) {
	before := goleak.IgnoreCurrent()
	dir, err := os.MkdirTemp("", "s3blob")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	gw.dir = filepath.Join(dir, "buckets")
	if err := os.Mkdir(gw.dir, 0o755); err != nil {
		return 1, err
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	addr, err := startGateway(ctx, stopped)
	if err != nil {
		stop()
		return 1, err
	}
	gw.endpoint = "http://" + addr
	code := m.Run()
	stop()
	if err := <-stopped; err != nil {
		return 1, err
	}
	if code == 0 {
		err = goleak.Find(before, // and the gateway's HTTP library, which ends two goroutines late or never
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
	}
	return code, err
}

// startGateway returns when the gateway listens. Its end comes through stopped.
func startGateway(ctx context.Context, stopped chan<- error) (addr string, err error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	addr = free.Addr().String()
	if err := free.Close(); err != nil {
		return "", err
	}
	backend, err := posix.New(gw.dir, meta.XattrMeta{}, posix.PosixOpts{ForceNoTmpFile: true})
	if err != nil {
		return "", err
	}
	go func() {
		stopped <- embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
			RootUserAccess: accessKey, RootUserSecret: secretKey,
			Ports: []string{addr}, MaxConnections: 1000, MaxRequests: 1000, MultipartMaxParts: 100,
			Quiet: true, KeepAlive: true,
		})
	}()
	for range 500 {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return addr, conn.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return "", errors.New("it does not listen after 5 s")
}

// open returns a store at the gateway, which is closed with the test.
func (g *gateway) open(t testing.TB, opts s3blob.Options) *s3blob.Store {
	t.Helper()
	opts.Endpoint = g.endpoint
	if opts.Creds == nil {
		opts.Creds = credentials.NewStaticCredentialsProvider(accessKey, secretKey, "")
	}
	s, err := s3blob.New(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// newBucket makes a bucket, which to the gateway is a directory, and returns its name.
func (g *gateway) newBucket(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("bucket-%d", g.buckets.Add(1))
	if err := os.Mkdir(filepath.Join(g.dir, name), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestConformance_Gateway has loose reads: the posix backend reads the ETag by
// the object's path and then opens the file, which may be another by then. It is
// run without O_TMPFILE, with which a listing shows half-way overwrites. It ignores
// EncodingType; the store of the local runtime, which is built on it, does not.
func TestConformance_Gateway(t *testing.T) {
	s := gw.open(t, s3blob.Options{MaxAttempts: 10}) // a busy folder vanishes often
	blobtest.Run(t, func(t *testing.T) blobtest.Harness {
		return blobtest.Harness{
			Bucket:       s.Bucket(gw.newBucket(t)),
			Missing:      s.Bucket("no-such-bucket"),
			FileSystem:   true,
			LooseReads:   true,
			PlainListing: true,
		}
	})
}
