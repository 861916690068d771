package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Kubectl runs kubectl, in a namespace if it has one.
type Kubectl struct {
	path      string
	namespace string
}

// Run returns what kubectl printed. The error has the command and what kubectl said.
func (k Kubectl) Run(ctx context.Context, args ...string) ([]byte, error) {
	return k.RunWith(ctx, nil, args...)
}

// RunWith is Run with something on standard input.
func (k Kubectl) RunWith(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	if k.namespace != "" {
		args = append([]string{"--namespace", k.namespace}, args...)
	}
	cmd := exec.CommandContext(ctx, k.path, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}

// JSON runs a command that takes "-o json", and reads what it prints into v.
func (k Kubectl) JSON(ctx context.Context, v any, args ...string) error {
	out, err := k.Run(ctx, append(args, "-o", "json")...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, v); err != nil {
		return fmt.Errorf("kubectl %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// Apply applies manifests: YAML or JSON.
func (k Kubectl) Apply(ctx context.Context, manifests []byte) error {
	_, err := k.RunWith(ctx, manifests, "apply", "-f", "-")
	return err
}

// ApplyDir applies a kustomization.
func (k Kubectl) ApplyDir(ctx context.Context, dir string) error {
	_, err := k.Run(ctx, "apply", "-k", dir)
	return err
}

// Wait waits until a condition holds: Wait(ctx, time.Minute, "ksvc/pixmill", "condition=Ready").
func (k Kubectl) Wait(ctx context.Context, limit time.Duration, what, condition string) error {
	_, err := k.Run(ctx, "wait", what, "--for", condition, "--timeout", limit.String())
	return err
}

// Rollout waits until all replicas of a Deployment are those of its template.
func (k Kubectl) Rollout(ctx context.Context, limit time.Duration, deployment string) error {
	_, err := k.Run(ctx, "rollout", "status", "deployment/"+deployment, "--timeout", limit.String())
	return err
}

// Secret makes a Secret, or replaces it.
func (k Kubectl) Secret(ctx context.Context, name string, values map[string]string) error {
	manifest, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": name}, "stringData": values,
	})
	if err != nil {
		return err
	}
	return k.Apply(ctx, manifest)
}

// S3Keys makes the Secret that the tree's manifests take the keys of the S3 from.
func (k Kubectl) S3Keys(ctx context.Context, accessKey, secretKey string) error {
	return k.Secret(ctx, "pixmill-s3", map[string]string{"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey})
}

// Logs returns the last lines of a container in the pods that have a label.
func (k Kubectl) Logs(ctx context.Context, selector, container string, lines int) (string, error) {
	out, err := k.Run(ctx, "logs", "-l", selector, "-c", container, "--prefix", "--ignore-errors",
		"--max-log-requests", "20", "--tail", fmt.Sprint(lines))
	return string(out), err
}
