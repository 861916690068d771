package lambdafn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"

	"pixmill/internal/adapter/delivery"
	"pixmill/internal/fault"
)

// APIVariable is the environment variable in which Lambda, and everything that
// stands in for it, gives a function the host and port of the Runtime API.
const APIVariable = "AWS_LAMBDA_RUNTIME_API"

// Options are what Run needs.
type Options struct {
	API  string // the value of APIVariable: "host:port"
	Log  *slog.Logger
	Now  func() time.Time                                // the clock
	Open func(context.Context) (delivery.Handler, error) // makes the handler, once
	HTTP http.Handler                                    // answers HTTP requests; nil: they get 501
}

// Run makes the handler and serves invocations until the process is ended from
// outside: Lambda has no other end, and what was cut off comes again. It returns
// only when it could not begin. Then the Runtime API has been told why, so that
// whoever invoked the function reads the reason and not only that it ended.
func Run(ctx context.Context, o Options) error {
	if o.API == "" {
		return fault.New(fault.Misconfigured, "start the function", "",
			errors.New(APIVariable+" is not set: this program is started by AWS Lambda or by pixmill run"))
	}
	h, err := o.Open(ctx)
	if err != nil {
		if told := reportInit(ctx, o.API, err); told != nil {
			return fmt.Errorf("%w (and the Runtime API could not be told: %w)", err, told)
		}
		return err
	}
	adapter := &Adapter{Handler: h, Log: o.Log, Now: o.Now, HTTP: o.HTTP}
	lambda.StartWithOptions(adapter, lambda.WithContext(ctx)) // ends the process when the Runtime API is gone
	return nil
}

// reportInit tells the Runtime API why the function cannot start.
//
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror
func reportInit(ctx context.Context, api string, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	kind := errorTypes[fault.KindOf(cause)]
	body, err := json.Marshal(messages.InvokeResponse_Error{Type: kind, Message: cause.Error()})
	if err != nil {
		return err
	}
	url := "http://" + api + "/2018-06-01/runtime/init/error"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Lambda-Runtime-Function-Error-Type", kind)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // without a proxy: the API is local
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 200)) // only to say more in the error
		return fmt.Errorf("init/error answered %s %q", res.Status, text)
	}
	return nil
}
