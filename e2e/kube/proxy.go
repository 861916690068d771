package kube

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"
)

// API is the cluster's API through `kubectl proxy`, on a port of this machine: for
// whoever asks every second, when a kubectl for each question would be a load of its own.
type API struct {
	url    string
	client *http.Client
	cmd    *exec.Cmd
}

// Proxy starts one. It ends with Close, or with ctx.
func (k Kubectl) Proxy(ctx context.Context) (*API, error) {
	cmd := exec.CommandContext(ctx, k.path, "proxy", "--address", "127.0.0.1", "--port", "0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	a := &API{cmd: cmd, client: &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}}
	line, err := bufio.NewReader(out).ReadString('\n') // "Starting to serve on 127.0.0.1:37519"
	address, found := strings.CutPrefix(strings.TrimSpace(line), "Starting to serve on ")
	if err != nil || !found {
		return nil, errors.Join(fmt.Errorf("kubectl proxy says %q, not where it listens", line), err, a.Close())
	}
	a.url = "http://" + address
	return a, nil
}

// Get returns what the API has at a path.
func (a *API) Get(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := a.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %s", path, res.Status, body)
	}
	return body, err
}

// JSON reads what the API has at a path into v.
func (a *API) JSON(ctx context.Context, v any, path string) error {
	body, err := a.Get(ctx, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, v)
}

// Close ends the proxy.
func (a *API) Close() error {
	a.client.CloseIdleConnections()
	err := a.cmd.Process.Kill()
	if wait := a.cmd.Wait(); wait != nil && a.cmd.ProcessState == nil {
		err = errors.Join(err, wait)
	}
	return err
}
