package program

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestStatus_SaysWhyItFailed(t *testing.T) {
	var said strings.Builder
	if got := status("cores", func(context.Context) error { return errors.New("no cores") }, &said); got != 1 || said.String() != "cores: no cores\n" {
		t.Errorf("status %d, said %q", got, &said)
	}
	said.Reset()
	if got := status("cores", func(context.Context) error { return nil }, &said); got != 0 || said.Len() > 0 {
		t.Errorf("status %d, said %q", got, &said)
	}
}

func TestStatus_CtrlCEndsTheContext(t *testing.T) {
	var said strings.Builder
	got := status("cores", func(ctx context.Context) error {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Second):
			return errors.New("went on")
		}
	}, &said)
	if got != 1 || said.String() != "cores: context canceled\n" {
		t.Errorf("status %d, said %q", got, &said)
	}
}
