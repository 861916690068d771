package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"pixmill/bench/work"
	"pixmill/internal/blob"
	"pixmill/internal/handler"
	"pixmill/internal/runtime/lambdaapi"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/store"
)

const (
	sourceBucket = "coldstart-uploads"
	outputBucket = "coldstart-variants"
	patience     = 30 * time.Second // for one invocation
)

// variants are the keys that work.Four asks for, below the source's.
var variants = []string{"large.jpg", "medium.jpg", "small.jpg", "thumb.jpg"}

// start is one process, measured from just before it was started.
type start struct {
	ready    time.Duration // until it asks for its first invocation
	made     time.Duration // until the last of the four variants is in the store
	answered time.Duration // until the invocation is answered
	cpu      time.Duration // user and system time of the process, to its end
}

// stand is the local stand-in for S3 and what it has seen.
type stand struct {
	store *store.Store
	files *blob.Bucket // the source bucket

	mu   sync.Mutex
	seen map[string]time.Time // when a key was written
}

// measureLocal starts both functions in turns. The first start of each only
// brings its files into the page cache.
func (s subjects) measureLocal(ctx context.Context) (rows map[string][]start, err error) {
	stand, err := openStand(ctx, filepath.Join(s.dir, "s3"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stand.store.Close()) }()
	client, err := stand.store.Endpoint().Client(ctx)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	stand.files = client.Bucket(sourceBucket)
	rows = map[string][]start{}
	for i := range s.count + 1 {
		hello, err := startOne(ctx, s.hello, stand.environment(), []byte("{}"))
		if err != nil {
			return nil, fmt.Errorf("hello: %w", err)
		}
		pixmill, err := stand.startPixmill(ctx, s, fmt.Sprintf("start/%03d.jpg", i))
		if err != nil {
			return nil, fmt.Errorf("pixmill: %w", err)
		}
		if i > 0 {
			rows["hello"], rows["pixmill"] = append(rows["hello"], hello), append(rows["pixmill"], pixmill)
		}
	}
	return rows, nil
}

func openStand(ctx context.Context, dir string) (*stand, error) {
	s := &stand{seen: map[string]time.Time{}}
	var err error
	s.store, err = store.Open(ctx, store.Options{
		Dir: dir, Listen: "127.0.0.1:0", Notify: s.note, Log: slog.New(slog.DiscardHandler), Now: time.Now, Rand: rand.Reader,
	})
	if err != nil {
		return nil, err
	}
	for _, bucket := range []string{sourceBucket, outputBucket} {
		if _, err := s.store.CreateBucket(ctx, bucket); err != nil {
			return nil, errors.Join(err, s.store.Close())
		}
	}
	return s, nil
}

// note keeps when a change was visible; the store waits for it before it answers.
func (s *stand) note(_ context.Context, c store.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[c.Bucket+"/"+c.Key] = time.Now()
	return nil
}

// startPixmill puts the photograph under a new key and has it invoked for it.
func (s *stand) startPixmill(ctx context.Context, sub subjects, key string) (start, error) {
	if _, err := s.files.Put(ctx, key, sub.photo, &blob.PutOptions{ContentType: "image/jpeg"}); err != nil {
		return start{}, err
	}
	payload, err := json.Marshal(map[string]string{"bucket": sourceBucket, "key": key})
	if err != nil {
		return start{}, err
	}
	began := time.Now()
	one, err := startOne(ctx, sub.pixmill, s.environment(), payload)
	if err != nil {
		return one, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range variants {
		at, ok := s.seen[outputBucket+"/"+key+"/"+name]
		if !ok {
			return one, fmt.Errorf("%s has no %s", key, name)
		}
		one.made = max(one.made, at.Sub(began))
	}
	return one, nil
}

func (s *stand) environment() []string {
	return append(s.store.Endpoint().Environment(), "PIXMILL_CONFIG="+work.Four(sourceBucket, outputBucket))
}

// startOne starts a process, has it answer one invocation, and ends it.
func startOne(ctx context.Context, f pool.Function, env []string, payload []byte) (_ start, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	api, err := lambdaapi.Listen()
	if err != nil {
		return start{}, err
	}
	defer func() { err = errors.Join(err, api.Close()) }()
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, f.Command[0], f.Command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = f.Root, &log, &log
	cmd.Env = append(environment(f, api.Addr()), env...)

	began := time.Now()
	if err := cmd.Start(); err != nil {
		return start{}, err
	}
	ready, ended := make(chan time.Duration, 1), make(chan struct{})
	go func() {
		select {
		case <-api.Ready():
		case <-ctx.Done():
		}
		ready <- time.Since(began)
	}()
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ended is in ProcessState
		cancel()       // nobody will answer
	}()
	answer, err := api.Invoke(ctx, lambdaapi.Invocation{RequestID: "1", Deadline: began.Add(patience), Payload: payload})
	one := start{answered: time.Since(began)}
	_ = cmd.Process.Kill() // it may have ended
	<-ended
	one.ready = <-ready
	if err == nil {
		err = check(answer)
	}
	if err != nil {
		return one, fmt.Errorf("%w; %v\n%s", err, cmd.ProcessState, &log)
	}
	one.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return one, nil
}

// check takes no answer for good that says that nothing was made.
func check(answer []byte) error {
	if bytes.Equal(answer, []byte(`"hello"`)) || strings.Contains(string(answer), `"result":"`+string(handler.ResultWritten)+`"`) {
		return nil
	}
	return fmt.Errorf("the answer is %q", answer)
}

// environment is what Lambda gives a function of 1,769 MB, which is one of its processors.
func environment(f pool.Function, api string) []string {
	return []string{
		"AWS_LAMBDA_RUNTIME_API=" + api,
		"AWS_LAMBDA_FUNCTION_NAME=" + f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1769",
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_EC2_METADATA_DISABLED=true",
		"LAMBDA_TASK_ROOT=" + f.Root,
		"LD_LIBRARY_PATH=" + f.Root + ":" + filepath.Join(f.Root, "lib"),
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"TZ=:UTC",
		"_HANDLER=bootstrap",
	}
}
