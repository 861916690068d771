package s3blob_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"pixmill/internal/blob"
	"pixmill/internal/blob/s3blob"
	"pixmill/internal/fault"
)

// answer is how a store refuses. The bodies are as AWS and versitygw send them,
// with names and ids changed.
type answer struct {
	status  int
	code    string // of the XML body; empty: no body, as with HEAD
	message string
	extra   string // more elements of the body
	header  http.Header
}

func (a answer) write(w http.ResponseWriter) {
	for key, values := range a.header {
		w.Header()[key] = values
	}
	if a.code == "" {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(a.status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n<Error><Code>%s</Code><Message>%s</Message>%s<RequestId>4442587FB7D0A2F9</RequestId><HostId>aGVsbG8=</HostId></Error>",
		a.code, a.message, a.extra)
}

var region = http.Header{"X-Amz-Bucket-Region": {"eu-west-1"}}

func TestCodes(t *testing.T) {
	tests := []struct {
		op     string
		answer answer
		want   blob.Code
	}{
		{"get", answer{status: 404, code: "NoSuchKey", message: "The specified key does not exist.", extra: "<Key>k</Key>"}, blob.CodeNoSuchKey},
		{"get", answer{status: 404, code: "NoSuchBucket", message: "The specified bucket does not exist", extra: "<BucketName>uploads</BucketName>"}, blob.CodeNoSuchBucket},
		{"put", answer{status: 404, code: "NoSuchBucket", message: "The specified bucket does not exist"}, blob.CodeNoSuchBucket},
		{"put", answer{status: 404, code: "NoSuchKey", message: "The specified key does not exist."}, blob.CodeNoSuchKey},
		{"delete", answer{status: 404, code: "NoSuchBucket", message: "The specified bucket does not exist"}, blob.CodeNoSuchBucket},
		{"list", answer{status: 404, code: "NoSuchBucket", message: "The specified bucket does not exist"}, blob.CodeNoSuchBucket},
		{"head", answer{status: 404}, blob.CodeNotFound},
		{"get", answer{status: 404}, blob.CodeNotFound},

		{"get", answer{status: 403, code: "AccessDenied", message: "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: s3:GetObject"}, blob.CodeAccessDenied},
		{"put", answer{status: 403, code: "InvalidAccessKeyId", message: "The AWS Access Key Id you provided does not exist in our records."}, blob.CodeAccessDenied},
		{"list", answer{status: 403, code: "SignatureDoesNotMatch", message: "The request signature we calculated does not match the signature you provided."}, blob.CodeAccessDenied},
		{"delete", answer{status: 400, code: "ExpiredToken", message: "The provided token has expired."}, blob.CodeAccessDenied},
		{"head", answer{status: 403}, blob.CodeAccessDenied},
		{"get", answer{status: 401, code: "Unauthorized", message: "no"}, blob.CodeAccessDenied},

		{"get", answer{status: 301, code: "PermanentRedirect", message: "The bucket you are attempting to access must be addressed using the specified endpoint.", extra: "<Endpoint>uploads.s3.eu-west-1.amazonaws.com</Endpoint>", header: region}, blob.CodeWrongRegion},
		{"head", answer{status: 301, header: region}, blob.CodeWrongRegion},
		{"put", answer{status: 400, code: "AuthorizationHeaderMalformed", message: "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'", extra: "<Region>eu-west-1</Region>"}, blob.CodeWrongRegion},
		{"head", answer{status: 400, header: region}, blob.CodeWrongRegion},
		{"head", answer{status: 400, header: http.Header{"X-Amz-Bucket-Region": {"us-east-1"}}}, blob.CodeUnavailable},
		{"head", answer{status: 400}, blob.CodeUnavailable},

		{"put", answer{status: 412, code: "PreconditionFailed", message: "At least one of the pre-conditions you specified did not hold", extra: "<Condition>If-None-Match</Condition>"}, blob.CodePreconditionFailed},
		{"put", answer{status: 409, code: "ConditionalRequestConflict", message: "The conditional request cannot succeed due to a conflicting operation against this resource."}, blob.CodeConflict},
		{"put", answer{status: 409, code: "OperationAborted", message: "A conflicting conditional operation is currently in progress against this resource."}, blob.CodeConflict},

		{"put", answer{status: 400, code: "KeyTooLongError", message: "Your key is too long", extra: "<Size>1025</Size><MaxSizeAllowed>1024</MaxSizeAllowed>"}, blob.CodeInvalidKey},
		{"put", answer{status: 409, code: "ObjectParentIsFile", message: "Object parent already exists as a file."}, blob.CodeInvalidKey},

		{"put", answer{status: 501, code: "NotImplemented", message: "A header you provided implies functionality that is not implemented."}, blob.CodeNotImplemented},
		{"head", answer{status: 501}, blob.CodeNotImplemented},

		{"get", answer{status: 503, code: "SlowDown", message: "Please reduce your request rate."}, blob.CodeUnavailable},
		{"put", answer{status: 500, code: "InternalError", message: "We encountered an internal error. Please try again."}, blob.CodeUnavailable},
		{"put", answer{status: 400, code: "RequestTimeout", message: "Your socket connection to the server was not read from or written to within the timeout period."}, blob.CodeUnavailable},
		{"list", answer{status: 429}, blob.CodeUnavailable},
		{"delete", answer{status: 418, code: "IAmATeapot", message: "short and stout"}, blob.CodeUnavailable},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s/%d%s", tt.op, tt.answer.status, tt.answer.code), func(t *testing.T) {
			srv := newScripted(t, func(w http.ResponseWriter, r *http.Request, _ int) {
				io.Copy(io.Discard, r.Body)
				tt.answer.write(w)
			})
			err := do(srv.bucket(t, s3blob.Options{Region: "us-east-1", MaxAttempts: 1}), tt.op)
			if err == nil || blob.CodeOf(err) != tt.want {
				t.Errorf("%s = %v (code %v), want code %v", tt.op, err, blob.CodeOf(err), tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.answer.message) {
				t.Errorf("%q does not have the store's words %q", err, tt.answer.message)
			}
		})
	}
}

// do does one operation on the key "k".
func do(b *blob.Bucket, op string) (err error) {
	ctx := context.Background()
	switch op {
	case "head":
		_, err = b.Head(ctx, "k")
	case "get":
		_, _, err = b.Get(ctx, "k", 0)
	case "put":
		_, err = b.Put(ctx, "k", []byte("body"), nil)
	case "delete":
		err = b.Delete(ctx, "k")
	case "list":
		for _, err = range b.List(ctx, blob.ListOptions{}) {
			if err != nil {
				break
			}
		}
	default:
		panic("no operation " + op)
	}
	return err
}

// TestPut_FolderInTheWay: the gateway's 409 is believed only where a listing
// shows what is in the way.
func TestPut_FolderInTheWay(t *testing.T) {
	tests := []struct {
		name    string
		listing string
		want    blob.Code
		puts    int
	}{
		{"Full", "<Contents><Key>k/deeper</Key></Contents>", blob.CodeInvalidKey, 1},
		{"Vanished", "", blob.CodeUnavailable, 3},
		{"NobodyKnows", "<broken", blob.CodeUnavailable, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			puts := 0
			srv := newScripted(t, func(w http.ResponseWriter, r *http.Request, _ int) {
				io.Copy(io.Discard, r.Body)
				if r.Method == http.MethodPut {
					puts++
					answer{status: 409, code: "ExistingObjectIsDirectory", message: "Existing Object is a directory."}.write(w)
					return
				}
				if prefix := r.URL.Query().Get("prefix"); prefix != "k/" {
					t.Errorf("the listing is of %q, want k/", prefix)
				}
				io.WriteString(w, listing+tt.listing+"</ListBucketResult>")
			})
			err := do(srv.bucket(t, s3blob.Options{}), "put")
			if err == nil || blob.CodeOf(err) != tt.want || !strings.Contains(err.Error(), "is a directory") {
				t.Errorf("Put = %v (code %v), want code %v with the store's words", err, blob.CodeOf(err), tt.want)
			}
			if puts != tt.puts {
				t.Errorf("Put was tried %d times, want %d", puts, tt.puts)
			}
		})
	}
}

func TestDelete_NothingToDeleteIsNoError(t *testing.T) {
	srv := newScripted(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		answer{status: 404, code: "NoSuchKey", message: "The specified key does not exist."}.write(w)
	})
	if err := do(srv.bucket(t, s3blob.Options{}), "delete"); err != nil {
		t.Errorf("Delete = %v, want nil", err)
	}
}

// TestWrongCredentials_SayWhatIsWrong: only the gateway's HEAD has no way of
// saying that it does not know the access key. It must at least not say that
// the key is missing from a bucket that is there.
func TestWrongCredentials_SayWhatIsWrong(t *testing.T) {
	name := gw.newBucket(t)
	for words, creds := range map[string]credentials.StaticCredentialsProvider{
		"SignatureDoesNotMatch": credentials.NewStaticCredentialsProvider(accessKey, "wrong", ""),
		"access key ID":         credentials.NewStaticCredentialsProvider("wrong", secretKey, ""),
	} {
		b := gw.open(t, s3blob.Options{Creds: creds}).Bucket(name)
		if err := do(b, "head"); err == nil || blob.CodeOf(err) == blob.CodeNoSuchKey {
			t.Errorf("head with the wrong credentials = %v", err)
		}
		for _, op := range []string{"get", "put", "delete", "list"} {
			err := do(b, op)
			if err == nil || blob.CodeOf(err) != blob.CodeAccessDenied || fault.KindOf(err) != fault.Misconfigured {
				t.Errorf("%s with the wrong credentials = %v (code %v), want access denied", op, err, blob.CodeOf(err))
				continue
			}
			if !strings.Contains(err.Error(), words) {
				t.Errorf("%q does not say %s", err, words)
			}
		}
	}
}
