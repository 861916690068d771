package manifests

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pixmill/internal/event"
)

// definitions are the files in the module with what eventing/ uses.
func definitions() []string {
	return []string{"broker.yaml", "trigger.yaml", "integrationsource.yaml", "integrationsink.yaml"}
}

// schema is a part of an OpenAPI schema.
type schema struct {
	Default    any
	Properties map[string]schema
}

// definition reads a resource definition of Knative Eventing.
func definition(t *testing.T, file string) schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(module(t, eventingModule), "config/core/resources", file))
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Spec struct {
			Versions []struct {
				Schema struct{ OpenAPIV3Schema schema }
			}
		}
	}
	if err := json.Unmarshal(asJSON(t, string(text)), &d); err != nil {
		t.Fatal(err)
	}
	return d.Spec.Versions[0].Schema.OpenAPIV3Schema
}

// What the manifests and docs warn of is so.
func TestEventing_SourceOfABucketDeletesByDefault(t *testing.T) {
	aws := definition(t, "integrationsource.yaml").Properties["spec"].Properties["aws"].Properties
	for _, kind := range []string{"s3", "sqs"} {
		if got := aws[kind].Properties["deleteAfterRead"].Default; got != true {
			t.Errorf("deleteAfterRead of aws.%s is %v by default, and knative/eventing/source.yaml says true", kind, got)
		}
	}
	if _, ok := aws["sqs"].Properties["waitTimeSeconds"]; !ok {
		t.Error("the schema was not read: there is no waitTimeSeconds")
	}
	if text := render(t, root+"/eventing"); strings.Contains(text, "s3:\n") || strings.Contains(text, "deleteAfterRead") {
		t.Errorf("eventing/ reads a bucket, or sets deleteAfterRead:\n%s", text)
	}
}

// The types in the manifests and in the module are those that the function reads.
func TestEventing_TypesAreThoseThatAreRead(t *testing.T) {
	text := render(t, root+"/eventing")
	if !strings.Contains(text, "not:\n      exact:\n        type: "+event.TypeProcessed+"\n") {
		t.Errorf("the trigger does not hold back %s:\n%s", event.TypeProcessed, text)
	}
	// The events that Knative's own tests wait for.
	features, err := os.ReadFile(filepath.Join(module(t, eventingModule), "test/rekt/resources/integrationsource/integrationsource.go"))
	if err != nil {
		t.Fatal(err)
	}
	const queue, bucket = "dev.knative.eventing.aws-sqs", "dev.knative.eventing.aws-s3"
	const notification = `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"uploads"},"object":{"key":"a+b.jpg"}}}]}`
	for _, typ := range []string{queue, bucket} {
		if !strings.Contains(string(features), `"`+typ+`"`) {
			t.Errorf("%s does not send %s", eventingModule, typ)
		}
		d, err := event.Decode(fmt.Appendf(nil, `{"specversion":"1.0","id":"1","source":"s","type":%q,"datacontenttype":"text/plain","data":%q}`, typ, notification))
		if err != nil {
			t.Fatal(err)
		}
		it := d.Items[0]
		if done := len(it.Events) == 1 && it.Events[0].Key == "a b.jpg" && it.Err == nil; done != (typ == queue) {
			t.Errorf("%s is read as %+v", typ, it)
		}
	}
	own := fmt.Appendf(nil, `{"specversion":"1.0","id":"1","source":"pixmill/uploads","type":%q,"data":{}}`, event.TypeProcessed)
	if d, err := event.Decode(own); err != nil || len(d.Items[0].Ignored) != 1 {
		t.Errorf("an answer that came back is %+v, %v", d, err)
	}
}

// The delivery waits as long as a pod may take, and as its comment says in all.
func TestEventing_DeliveryFitsTheFunction(t *testing.T) {
	p := find(t, parse(t, render(t, root+"/base")), "serving.knative.dev/v1", "Service").Spec.Template.Spec
	text := render(t, root+"/eventing")
	for _, want := range []string{fmt.Sprintf("timeout: PT%dS", p.TimeoutSeconds), "retry: 10", "backoffPolicy: exponential", "backoffDelay: PT1S", "kind: IntegrationSink"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}
