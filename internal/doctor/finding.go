package doctor

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"

	"pixmill/internal/blob"
)

// Status says how a finding is to be taken.
type Status string

const (
	StatusOK      Status = "ok"
	StatusWarning Status = "warning" // it works, and some day it may not
	StatusProblem Status = "problem" // it does not work
	StatusSkipped Status = "skipped" // not looked at
)

// Finding is what a check found.
type Finding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	What   string `json:"what"`
	Why    string `json:"why,omitempty"` // why it matters; empty where all is well
	Fix    string `json:"fix,omitempty"` // a command where one mends it, else what to do
}

// Report counts the findings.
type Report struct {
	OK, Warnings, Problems, Skipped int
}

func (r *Report) add(f Finding) {
	switch f.Status {
	case StatusOK:
		r.OK++
	case StatusWarning:
		r.Warnings++
	case StatusProblem:
		r.Problems++
	case StatusSkipped:
		r.Skipped++
	}
}

func ok(format string, args ...any) Finding {
	return Finding{Status: StatusOK, What: fmt.Sprintf(format, args...)}
}

func warning(what, why, fix string) Finding {
	return Finding{Status: StatusWarning, What: what, Why: why, Fix: fix}
}

func problem(what, why, fix string) Finding {
	return Finding{Status: StatusProblem, What: what, Why: why, Fix: fix}
}

func skipped(what string) Finding { return Finding{Status: StatusSkipped, What: what} }

// one is a check's only finding.
func one(f Finding) []Finding { return []Finding{f} }

// grantFix is how people get to look at what doctor looks at.
const grantFix = "grant it to yourself: iam/doctor.json lists all that doctor looks at"

// notSeen says that something could not be looked at: for want of a permission,
// which it names, or because the service does not answer it.
func notSeen(what, action string, err error) Finding {
	switch {
	case deniedBy(err):
		f := skipped(what + " not looked at: your credentials lack " + action)
		f.Fix = grantFix
		return f
	case errors.Is(err, context.DeadlineExceeded):
		return warning(what+" not looked at: no answer in time", "what is wrong there is not known", "try again; a firewall or a proxy may be in the way")
	}
	return skipped(what + " not looked at: " + brief(err))
}

// deniedBy reports whether a service refused a call for want of a permission.
func deniedBy(err error) bool {
	switch codeOf(err) {
	case "AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "UnauthorizedOperation", "Forbidden":
		return true
	}
	return false
}

// codeOf returns a service's error code, or "".
func codeOf(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

// noise is what the SDK puts before a service's own words.
var noise = regexp.MustCompile(`operation error [^:]+: \w+, (exceeded maximum number of attempts, \d+, )?(https response error StatusCode: \d+, RequestID: [^,]*, (HostID: [^,]*, )?)?(api error )?`)

// plain is a text on one line, without the SDK's words, and not too long.
func plain(text string) string {
	text = strings.Join(strings.Fields(noise.ReplaceAllString(text, "")), " ")
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText]) + "…"
	}
	return text
}

// maxText is the longest text of another program in a finding, in characters.
const maxText = 300

// brief is what a service says, and where it is a store what package blob makes of it.
func brief(err error) string {
	if _, stored := errors.AsType[*blob.Error](err); stored {
		return plain(err.Error())
	}
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		if m := e.ErrorMessage(); m != "" && m != e.ErrorCode() {
			return plain(e.ErrorCode() + ": " + m)
		}
		return e.ErrorCode()
	}
	return plain(err.Error())
}
