package manifests

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"pixmill/internal/adapter/knativefn"
	"pixmill/internal/config"
	"pixmill/internal/preset"
)

// drain is how long Knative's queue-proxy takes before the function is told to stop.
const drain = 30 * time.Second

// problems says what is wrong with a rendered overlay, in one sentence each.
func problems(all []object) []string {
	var found []string
	add := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	w, ok := workload(all)
	if !ok {
		return []string{"there is no workload"}
	}
	for _, o := range all {
		if o.Kind == "Secret" {
			add("the Secret %s is in the tree", o.Metadata.Name)
		}
	}
	p := w.Spec.Template.Spec
	if len(p.Containers) != 1 {
		return append(found, fmt.Sprintf("%d containers", len(p.Containers)))
	}
	c := p.Containers[0]
	add = func(format string, args ...any) { found = append(found, c.Name+": "+fmt.Sprintf(format, args...)) }
	checkImage(c, add)
	checkSecurity(c, add)
	checkProbes(w.Kind, c, add)
	checkAccount(all, p, add)
	checkSettings(all, p, add)
	checkSelectors(all, w, add)
	return found
}

type report func(format string, args ...any)

// tagged is an image with a name that says where it comes from, and a tag.
var tagged = regexp.MustCompile(`^[^/]+\.[^/]+/.+:[\w.-]+$`)

func checkImage(c container, add report) {
	if !tagged.MatchString(c.Image) || strings.HasSuffix(c.Image, ":latest") {
		add("image is %s: want HOST/NAME:TAG, and another tag than latest", c.Image)
	}
	for _, resource := range []string{"cpu", "memory"} {
		if c.Resources.Requests[resource] == "" || c.Resources.Limits[resource] == "" {
			add("%s is requested as %q and limited to %q", resource, c.Resources.Requests[resource], c.Resources.Limits[resource])
		}
	}
}

func checkSecurity(c container, add report) {
	s := c.SecurityContext
	for what, ok := range map[string]bool{
		"runs as root":                s.RunAsNonRoot,
		"can write to its root":       s.ReadOnlyRootFilesystem,
		"can gain privileges":         s.AllowPrivilegeEscalation != nil && !*s.AllowPrivilegeEscalation,
		"has capabilities":            slices.Equal(s.Capabilities.Drop, []string{"ALL"}) && len(s.Capabilities.Add) == 0,
		"has all of the system calls": s.SeccompProfile.Type == "RuntimeDefault",
	} {
		if !ok {
			add("%s", what)
		}
	}
}

// checkProbes wants those that exist. A Knative Service needs none for its start.
func checkProbes(kind string, c container, add report) {
	r, l, s := c.ReadinessProbe, c.LivenessProbe, c.StartupProbe
	if r == nil || r.HTTPGet.Path != knativefn.ReadinessPath || r.HTTPGet.Port != 8080 {
		add("readiness probe is %+v", r)
	}
	if l == nil || l.HTTPGet.Path != knativefn.LivenessPath || l.HTTPGet.Port != 8080 {
		add("liveness probe is %+v", l)
	}
	if kind != "Deployment" {
		return
	}
	if s == nil || s.HTTPGet.Path != knativefn.ReadinessPath || s.HTTPGet.Port != 8080 {
		add("startup probe is %+v", s)
	}
	if c.Lifecycle.PreStop.Sleep.Seconds == 0 {
		add("does not wait before it stops")
	}
	// Without it, all of the pod's grace period.
	if hangs := c.LivenessProbe; hangs != nil && (hangs.TerminationGracePeriodSeconds < 1 || hangs.TerminationGracePeriodSeconds > 60) {
		add("a process that hangs may take %d s to end", hangs.TerminationGracePeriodSeconds)
	}
}

func checkAccount(all []object, p pod, add report) {
	for _, o := range all {
		if o.Kind == "ServiceAccount" && o.Metadata.Name == p.ServiceAccountName {
			if o.AutomountServiceAccountToken == nil || *o.AutomountServiceAccountToken {
				add("gets a token of Kubernetes")
			}
			return
		}
	}
	add("its account %q is not there", p.ServiceAccountName)
}

// variables are the names that the function and the AWS SDK in it read.
var variables = []string{
	config.VarConfig, config.VarSourceBucket, config.VarOutputBucket, config.VarNotify, config.VarLogLevel, config.VarLogFormat,
	knativefn.VarGrace, knativefn.VarTimeout, knativefn.VarWait, knativefn.VarSlots, knativefn.VarUploads,
	"AWS_REGION", "AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
}

// checkSettings holds the environment and pixmill.yaml to what the function reads.
func checkSettings(all []object, p pod, add report) {
	c := p.Containers[0]
	env := map[string]string{}
	for _, from := range c.EnvFrom {
		data := configMap(all, from.ConfigMapRef)
		if data == nil {
			add("the ConfigMap for its environment is not there: %+v", from.ConfigMapRef)
		}
		maps.Copy(env, data)
	}
	for name := range env {
		if strings.Contains(name, "KEY") {
			add("%s is in the tree", name)
		}
	}
	for _, v := range c.Env {
		if env[v.Name] = v.Value; v.Value != "" && strings.Contains(v.Name, "KEY") {
			add("%s is in the tree", v.Name)
		}
		if v.ValueFrom.SecretKeyRef != nil && v.ValueFrom.SecretKeyRef.Name != "pixmill-s3" {
			add("%s comes from %s", v.Name, v.ValueFrom.SecretKeyRef.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if !slices.Contains(variables, name) {
			add("nobody reads %s", name)
		}
	}
	if env["AWS_REGION"] == "" {
		add("has no AWS_REGION")
	}
	if _, err := config.Load(func(name string) string { return env[name] }, yamlOf(all, p)); err != nil {
		add("refuses its settings: %v", err)
	}
	checkGrace(p, env[knativefn.VarGrace], add)
	checkTimeout(p, env[knativefn.VarTimeout], add)
}

// yamlOf returns the text of the mounted pixmill.yaml.
func yamlOf(all []object, p pod) string {
	for _, v := range p.Volumes {
		if text := configMap(all, v.ConfigMap)[config.DefaultFile]; text != "" {
			return text
		}
	}
	return "there is no pixmill.yaml\n"
}

// checkGrace wants the function to end before its pod is ended.
func checkGrace(p pod, text string, add report) {
	grace, err := time.ParseDuration(text)
	whole := time.Duration(p.TerminationGracePeriodSeconds+p.TimeoutSeconds) * time.Second
	before := time.Duration(p.Containers[0].Lifecycle.PreStop.Sleep.Seconds) * time.Second
	if p.TimeoutSeconds > 0 {
		before = drain
	}
	if err != nil || whole == 0 || before+grace > whole-2*time.Second { // which it has to say that it was cut off
		add("%s is %q after %v: the pod has %v", knativefn.VarGrace, text, before, whole)
	}
}

// checkTimeout wants the function to answer before Knative does it in its place.
func checkTimeout(p pod, text string, add report) {
	timeout, err := time.ParseDuration(cmp.Or(text, knativefn.DefaultTimeout.String()))
	if err != nil || p.TimeoutSeconds > 0 && timeout >= time.Duration(p.TimeoutSeconds)*time.Second {
		add("%s is %q: Knative waits %d s", knativefn.VarTimeout, text, p.TimeoutSeconds)
	}
}

// checkSelectors wants whatever selects pods to select these.
func checkSelectors(all []object, w object, add report) {
	labels := w.Spec.Template.Metadata.Labels
	policies := 0
	for _, o := range all {
		var s map[string]string
		switch {
		case o.Kind == "NetworkPolicy":
			s = o.Spec.PodSelector.MatchLabels
			policies++
		case o.Kind == "Service" && o.APIVersion == "v1":
			_ = json.Unmarshal(o.Spec.Selector, &s) // what is no map selects nothing, below
		case o.Kind == "PodDisruptionBudget", o.Kind == "Deployment":
			var m selector
			_ = json.Unmarshal(o.Spec.Selector, &m)
			s = m.MatchLabels
		default:
			continue
		}
		if len(s) == 0 || !contains(labels, s) {
			add("%s %s selects %v, and the pods have %v", o.Kind, o.Metadata.Name, s, labels)
		}
	}
	if policies != 2 {
		add("there are %d network policies, want one for each direction", policies)
	}
}

func contains(labels, selector map[string]string) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return true
}

// same says whether two texts of pixmill.yaml ask for the same.
func same(a, b string) (bool, error) {
	x, err := preset.Parse("one", []byte(a))
	if err != nil {
		return false, err
	}
	y, err := preset.Parse("other", []byte(b))
	if err != nil {
		return false, err
	}
	p, err := json.Marshal(x)
	if err != nil {
		return false, err
	}
	q, err := json.Marshal(y)
	return string(p) == string(q), err
}
