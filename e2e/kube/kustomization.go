package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// kustomization puts the settings into the form that kustomize wants.
func (o Overlay) kustomization(dir, namespace string, shipped []object) (map[string]any, error) {
	resource, err := relative(dir, o.Dir)
	if err != nil {
		return nil, err
	}
	var patches []Patch
	var image string
	for _, obj := range shipped {
		if len(obj.Spec.Template.Spec.Containers) == 0 {
			continue
		}
		image = obj.Spec.Template.Spec.Containers[0].Image
		if ops := o.ops(&obj); len(ops) > 0 {
			patches = append(patches, Patch{obj.Kind, ops})
		}
	}
	if image == "" {
		return nil, errors.New("has no workload")
	}
	k := map[string]any{"namespace": namespace, "resources": []string{resource}}
	if o.Image != "" {
		name, tag := cutTag(o.Image)
		shippedName, _ := cutTag(image)
		k["images"] = []map[string]string{{"name": shippedName, "newName": name, "newTag": tag}}
	}
	if o.Config != "" {
		name, err := configMap(shipped)
		if err != nil {
			return nil, err
		}
		k["configMapGenerator"] = []any{map[string]any{
			"name": name, "behavior": "replace", "files": []string{configFile},
		}}
	}
	if k["patches"], err = patchList(append(patches, o.Patches...)); err != nil {
		return nil, err
	}
	return k, nil
}

// ops sets what a workload's pod template is to have.
func (o Overlay) ops(obj *object) []Op {
	const template = "/spec/template"
	const container = template + "/spec/containers/0"
	var ops []Op
	t := obj.Spec.Template
	first := t.Spec.Containers[0]
	if len(o.Annotations) > 0 {
		if t.Metadata.Annotations == nil {
			ops = append(ops, Set(template+"/metadata/annotations", map[string]string{}))
		}
		for _, name := range slices.Sorted(maps.Keys(o.Annotations)) {
			ops = append(ops, Set(template+"/metadata/annotations/"+strings.ReplaceAll(name, "/", "~1"), o.Annotations[name]))
		}
	}
	if len(o.Requests) > 0 || len(o.Limits) > 0 {
		ops = append(ops, Set(container+"/resources", map[string]any{
			"requests": merged(first.Resources.Requests, o.Requests),
			"limits":   merged(first.Resources.Limits, o.Limits),
		}))
	}
	if len(o.Env) > 0 && len(first.Env) == 0 {
		ops = append(ops, Set(container+"/env", []any{}))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Env)) {
		value := map[string]string{"name": name, "value": o.Env[name]}
		at := slices.IndexFunc(first.Env, func(e struct{ Name string }) bool { return e.Name == name })
		if at < 0 {
			ops = append(ops, Set(container+"/env/-", value))
		} else {
			ops = append(ops, Op{"replace", fmt.Sprintf("%s/env/%d", container, at), value})
		}
	}
	return ops
}

func merged(a, b map[string]string) map[string]string {
	m := map[string]string{}
	maps.Copy(m, a)
	maps.Copy(m, b)
	return m
}

func patchList(patches []Patch) ([]any, error) {
	list := []any{}
	for _, p := range patches {
		text, err := json.Marshal(p.Ops)
		if err != nil {
			return nil, err
		}
		list = append(list, map[string]any{"target": map[string]string{"kind": p.Kind}, "patch": string(text)})
	}
	return list, nil
}

// configFile is the file that the function finds its configuration in.
const configFile = "pixmill.yaml"

// hashed is what kustomize appends to the name of a generated ConfigMap.
var hashed = regexp.MustCompile(`-[a-z0-9]{10}$`)

// configMap returns the name of the generated ConfigMap with the configuration.
func configMap(shipped []object) (string, error) {
	for _, obj := range shipped {
		if _, ok := obj.Data[configFile]; ok && obj.Kind == "ConfigMap" {
			return hashed.ReplaceAllString(obj.Metadata.Name, ""), nil
		}
	}
	return "", errors.New("has no ConfigMap with a " + configFile)
}

// cutTag cuts "name:tag".
func cutTag(image string) (name, tag string) {
	i := strings.LastIndexByte(image, ':')
	if i < strings.LastIndexByte(image, '/')+1 {
		return image, ""
	}
	return image[:i], image[i+1:]
}

// relative returns the way from one directory to another: kustomize takes no absolute one.
func relative(from, to string) (string, error) {
	from, err := filepath.EvalSymlinks(from)
	if err != nil {
		return "", err
	}
	to, err = filepath.Abs(to)
	if err != nil {
		return "", err
	}
	return filepath.Rel(from, to)
}
