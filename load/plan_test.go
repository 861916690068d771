// Package load_test holds the plan for JMeter to what it promises: that every parameter
// has a default and is used, and that nothing is set beside them.
package load_test

import (
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// element is any part of the plan.
type element struct {
	XMLName  xml.Name
	Class    string    `xml:"testclass,attr"`
	TestName string    `xml:"testname,attr"`
	Name     string    `xml:"name,attr"`
	Text     string    `xml:",chardata"`
	Parts    []element `xml:",any"`
}

func readPlan(t *testing.T) element {
	t.Helper()
	text, err := os.ReadFile("pixmill.jmx")
	if err != nil {
		t.Fatal(err)
	}
	var root element
	d := xml.NewDecoder(strings.NewReader(string(text)))
	if err := d.Decode(&root); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) && err != nil {
		t.Fatal(err)
	}
	return root
}

// walk calls visit for each element, the outer ones first; false leaves out what is within.
func (e element) walk(visit func(element) bool) {
	if visit(e) {
		for _, part := range e.Parts {
			part.walk(visit)
		}
	}
}

// field is the text of a part.
func (e element) field(name string) string {
	for _, part := range e.Parts {
		if part.Name == name {
			return part.Text
		}
	}
	return ""
}

var (
	property  = regexp.MustCompile(`^\$\{__P\(([a-z0-9.]+),([^)]+)\)\}$`)
	reference = regexp.MustCompile(`\$\{([A-Za-z0-9.]+)\}`)
)

func TestPlan_EveryParameterHasADefaultAWordAndAUse(t *testing.T) {
	declared, used := map[string]bool{}, map[string]bool{}
	readPlan(t).walk(func(e element) bool {
		if e.Name == "TestPlan.user_defined_variables" {
			for _, v := range e.Parts[0].Parts {
				name := v.field("Argument.name")
				value := property.FindStringSubmatch(v.field("Argument.value"))
				if value == nil || value[1] != name {
					t.Errorf("variable %s is %q, want ${__P(%s,default)}", name, v.field("Argument.value"), name)
				}
				if v.field("Argument.desc") == "" || declared[name] {
					t.Errorf("variable %s has no description, or is there twice", name)
				}
				declared[name] = true
			}
			return false
		}
		if strings.Contains(e.Text, "__P(") {
			t.Errorf("%q takes a property that is no parameter", e.Text)
		}
		for _, found := range reference.FindAllStringSubmatch(e.Text, -1) {
			used[found[1]] = true
		}
		if e.Name == "variableNames" { // of the file of images
			for name := range strings.SplitSeq(e.Text, ",") {
				declared[name] = true
			}
		}
		return true
	})
	delete(used, "JMeterThread.last_sample")
	for name := range declared {
		if !used[name] {
			t.Errorf("parameter %s is not used", name)
		}
	}
	for name := range used {
		if !declared[name] && !strings.HasPrefix(name, "JMeterThread") {
			t.Errorf("${%s} is used and not declared", name)
		}
	}
	if len(declared) < 15 {
		t.Errorf("only %d parameters were found", len(declared))
	}
}

// A module controller names what it runs; JMeter runs nothing where the name leads nowhere.
func TestPlan_StepsRunTheOneFragment(t *testing.T) {
	var groups, modules int
	fragment := ""
	root := readPlan(t)
	root.walk(func(e element) bool {
		switch e.Class {
		case "TestFragmentController":
			fragment = e.TestName
		case "ThreadGroup":
			groups++
			if want := "${step" + e.TestName[len("step "):] + "}"; e.field("ThreadGroup.num_threads") != want {
				t.Errorf("%s has %s clients, want %s", e.TestName, e.field("ThreadGroup.num_threads"), want)
			}
		}
		return true
	})
	root.walk(func(e element) bool {
		if e.Name == "ModuleController.node_path" {
			modules++
			if last := e.Parts[len(e.Parts)-1].Text; last != fragment {
				t.Errorf("a step runs %q, and the fragment is %q", last, fragment)
			}
		}
		return true
	})
	if groups != 5 || modules != groups {
		t.Errorf("%d steps, %d of which run the fragment", groups, modules)
	}
}

func TestPlan_AssertsTheStatusOfEachMode(t *testing.T) {
	codes := map[string]bool{}
	var methods []string
	readPlan(t).walk(func(e element) bool {
		switch e.Class {
		case "ResponseAssertion":
			codes[e.TestName] = true
			if got := e.Parts[2].Parts[0].Text; got != e.TestName {
				t.Errorf("assertion %s wants %s", e.TestName, got)
			}
		case "HTTPSamplerProxy":
			methods = append(methods, e.TestName+" "+e.field("HTTPSampler.method"))
		}
		return true
	})
	if !codes["201"] || !codes["200"] || !slices.Equal(methods, []string{"upload POST", "invoke POST"}) {
		t.Errorf("assertions are %v, requests %v", codes, methods)
	}
}

func TestImages_AreThere(t *testing.T) {
	file, err := os.Open("images.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() // it was only read
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil || len(lines) < 3 {
		t.Fatal(lines, err)
	}
	sizes := map[int64]bool{}
	for _, line := range lines {
		info, err := os.Stat(line[0])
		if err != nil || len(line) != 3 || !strings.HasPrefix(line[1], "image/") {
			t.Errorf("%q: %v", line, err)
			continue
		}
		sizes[info.Size()] = true
	}
	if len(sizes) != len(lines) {
		t.Error("two images are one")
	}
}
