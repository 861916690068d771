package iam_test

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pixmill/iam"
)

func TestParse_EveryDocument(t *testing.T) {
	files, err := fs.Glob(iam.Files, "*.json")
	if err != nil || len(files) < 7 {
		t.Fatalf("%v, %v", files, err)
	}
	action := regexp.MustCompile(`^[a-z0-9]+:[A-Z][A-Za-z0-9]+$`)
	for _, file := range files {
		text, err := iam.Files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := iam.Parse(string(text))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if d.Version != "2012-10-17" || len(d.Grants()) == 0 {
			t.Errorf("%s: version %q, %d grants", file, d.Version, len(d.Grants()))
		}
		for _, g := range d.Grants() {
			if !action.MatchString(g.Action) {
				t.Errorf("%s: %q is not one action", file, g.Action)
			}
		}
	}
}

func TestParse_RefusesWhatItDoesNotEvaluate(t *testing.T) {
	for name, text := range map[string]string{
		"deny":      `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["*"]}]}`,
		"condition": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"], "Condition": {}}]}`,
		"no list":   `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["*"]}]}`,
		"cut off":   `{"Version": "2012-10-17"`,
	} {
		if d, err := iam.Parse(text); err == nil {
			t.Errorf("%s: %+v, want an error", name, d)
		}
	}
}

func TestAllows(t *testing.T) {
	grants := []iam.Grant{
		{Action: "s3:GetObject", Resource: "arn:aws:s3:::a/*"},
		{Action: "s3:ListBucket", Resource: "arn:aws:s3:::a"},
		{Action: "logs:PutLogEvents", Resource: "arn:aws:logs:*:*:log-group:/aws/lambda/f:*"},
	}
	for _, test := range []struct {
		action, resource string
		want             bool
	}{
		{"s3:GetObject", "arn:aws:s3:::a/k/l", true},
		{"s3:GetObject", "arn:aws:s3:::a", false},
		{"s3:GetObject", "arn:aws:s3:::ab/k", false},
		{"s3:PutObject", "arn:aws:s3:::a/k", false},
		{"s3:ListBucket", "arn:aws:s3:::a", true},
		{"s3:ListBucket", "arn:aws:s3:::a/k", false},
		{"logs:PutLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/f:log-stream:s", true},
		{"logs:PutLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/g:log-stream:s", false},
	} {
		if got := iam.Allows(grants, test.action, test.resource); got != test.want {
			t.Errorf("%s on %s is %t", test.action, test.resource, got)
		}
	}
}

func TestFunction_NamesTheBuckets(t *testing.T) {
	got := iam.Function("my-photos", "uploads") // an output with the name of the default source
	for _, want := range []iam.Grant{
		{Action: "s3:GetObject", Resource: "arn:aws:s3:::my-photos/*"},
		{Action: "s3:ListBucket", Resource: "arn:aws:s3:::my-photos"},
		{Action: "s3:PutObject", Resource: "arn:aws:s3:::uploads/*"},
	} {
		if !slices.Contains(got.Grants(), want) {
			t.Errorf("%+v is missing in %+v", want, got.Grants())
		}
	}
}

func TestIn_NamesThePartition(t *testing.T) {
	ours := iam.Function("my-photos", "my-variants")
	before := ours.Grants()
	got := ours.In("aws-cn").Grants()
	if len(got) != len(before) {
		t.Fatalf("%d grants, want %d", len(got), len(before))
	}
	for i, g := range got {
		if want := strings.Replace(before[i].Resource, "arn:aws:", "arn:aws-cn:", 1); g.Action != before[i].Action || g.Resource != want {
			t.Errorf("%+v, want %s", g, want)
		}
	}
	if !slices.Equal(ours.Grants(), before) || !slices.Equal(ours.In("aws").Grants(), before) {
		t.Error("the document itself is another one")
	}
	everything := &iam.Document{Statement: []iam.Statement{{Action: []string{"s3:GetObject"}, Resource: []string{"*"}}}}
	if g := everything.In("aws-us-gov").Grants(); g[0].Resource != "*" {
		t.Errorf("%+v", g)
	}
}
