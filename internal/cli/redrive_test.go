package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pixmill/internal/queue"
)

// deadData is a stopped data directory with dead letters.
func deadData(t *testing.T, keys ...string) string {
	t.Helper()
	data, _ := localData(t, keys...)
	return data
}

func TestRedrive_ShowsAndMovesLocalLetters(t *testing.T) {
	data := deadData(t, "avatars/a.jpg", "trip/b.jpg", "trip/c.jpg")
	code, stdout, stderr := run(t, "redrive", "--data", data)
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	want := `
  KEY            TRIED  AGE  REASON
  avatars/a.jpg  1 ×    0 s  failed 5 times, at last: no space left
  trip/b.jpg     1 ×    0 s  failed 5 times, at last: no space left
  trip/c.jpg     1 ×    0 s  failed 5 times, at last: no space left

3 dead letters in ` + data + `. Nothing was moved; --run sends them to the queue, for the next pixmill run.
`
	if got := replaceAges(stdout); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if code, stdout, _ = run(t, "redrive", "--data", data, "--key", "trip/**", "--max", "1", "--run"); code != exitOK ||
		!strings.Contains(stdout, "1 event sent from "+data) || !strings.Contains(stdout, "1 more that do not match stay.") || !strings.Contains(stdout, "trip/b.jpg") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	if code, stdout, _ = run(t, "redrive", "--data", data, "--run"); code != exitOK || !strings.Contains(stdout, "2 events sent") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	if code, stdout, _ = run(t, "redrive", "--data", data); code != exitOK || stdout != "No dead letters in "+data+".\n" {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}

// replaceAges makes every age that of a fast machine.
func replaceAges(s string) string {
	for n := range 10 {
		s = strings.ReplaceAll(s, "  "+strconv.Itoa(n)+" s  ", "  0 s  ")
	}
	return s
}

func TestRedrive_JSON(t *testing.T) {
	data := deadData(t, "a.jpg")
	code, stdout, _ := run(t, "redrive", "--data", data, "--json")
	var l letterRecord
	if err := json.Unmarshal([]byte(stdout), &l); err != nil || code != exitOK || l.Keys[0] != "a.jpg" || l.Fate != "kept" || l.Attempts != 1 || l.Body == "" || time.Since(l.Sent) > time.Hour {
		t.Errorf("exit code %d, %v, %+v", code, err, l)
	}
}

func TestRedrive_WhileTheRuntimeRuns(t *testing.T) {
	data := deadData(t, "a.jpg")
	lock, err := os.OpenFile(data+"/lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		_, err = lock.WriteString("4711\n")
	}
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	code, _, stderr := run(t, "redrive", "--data", data)
	if want := "pixmill: pixmill run (process 4711) uses " + data + ": end it with Ctrl-C, redrive, and start it again\n"; code != exitFailed || stderr != want {
		t.Errorf("exit code %d, standard error %q, want %q", code, stderr, want)
	}
}

func TestRedrive_AnErrorIsNotAnEmptyQueue(t *testing.T) {
	var stdout, stderr bytes.Buffer
	r := newRedriveReport(&env{Stdout: &stdout, Stderr: &stderr}, redriveFlags{}, "pixmill-dead")
	refused := errors.New("needs sqs:ReceiveMessage")
	if err := r.done(t.Context(), queue.Summary{}, refused); !errors.Is(err, refused) || stdout.Len() > 0 {
		t.Errorf("error %v, standard output %q; want nothing said of the queue", err, stdout.String())
	}
}

// TestRedrive_CtrlCTellsOfLettersThatStayHidden and of nothing else that is wrong.
func TestRedrive_CtrlCTellsOfLettersThatStayHidden(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, hidden := range []bool{false, true} {
		var stdout, stderr bytes.Buffer
		r := newRedriveReport(&env{Stdout: &stdout, Stderr: &stderr}, redriveFlags{}, "pixmill-dead")
		err := ctx.Err()
		if hidden {
			err = errors.Join(err, queue.ErrHidden)
		}
		got := r.done(ctx, queue.Summary{Kept: 1}, err)
		if errors.Is(got, queue.ErrHidden) != hidden || strings.HasPrefix(stderr.String(), "stopped;") == hidden {
			t.Errorf("hidden %t: error %v, standard error %q", hidden, got, stderr.String())
		}
	}
}

func TestRedrive_SaysWhatItCouldNotSee(t *testing.T) {
	const hidden = "somebody else looks at them or moves them, which hides them for some minutes: try again then"
	for _, test := range []struct {
		name    string
		flags   redriveFlags
		grouped bool
		sum     queue.Summary
		says    string
		err     string
	}{
		{"a look", redriveFlags{list: true}, false, queue.Summary{Kept: 1, Unseen: 2}, "1 dead letter in dead. About 2 more not looked at: " + hidden + ".\n", ""},
		{"a look at none", redriveFlags{list: true}, false, queue.Summary{Unseen: 1}, "About 1 dead letter in dead not looked at: " + hidden + ".\n", ""},
		{
			"groups",
			redriveFlags{list: true},
			true,
			queue.Summary{Kept: 10, Unseen: 2},
			"10 dead letters in dead. About 2 more not looked at: they wait behind others in their message groups, or somebody else looks at them: try again when those are gone.\n", "",
		},
		{"nothing moved", redriveFlags{run: true}, false, queue.Summary{Unseen: 1}, "", "about 1 dead letter not sent: " + hidden},
		{"some moved", redriveFlags{run: true}, false, queue.Summary{Moved: 3, Bulk: 2, Unseen: 1}, "3 events sent from dead to where they came from.\n", "about 1 dead letter not sent: " + hidden},
		{"as JSON", redriveFlags{run: true, json: true}, false, queue.Summary{Moved: 3, Bulk: 2, Unseen: 1}, "{\"moved\":2}\n", "about 1 dead letter not sent: " + hidden},
		{"all", redriveFlags{list: true}, false, queue.Summary{Kept: 12}, "12 dead letters in dead.\n", ""},
		{"none", redriveFlags{run: true}, false, queue.Summary{}, "No dead letters in dead.\n", ""},
	} {
		var stdout bytes.Buffer
		r := newRedriveReport(&env{Stdout: &stdout, Stderr: io.Discard}, test.flags, "dead")
		r.grouped = test.grouped
		err := r.done(t.Context(), test.sum, nil)
		if got := stdout.String(); got != test.says || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("%s: says %q and %v, want %q and %q", test.name, got, err, test.says, test.err)
		}
	}
}

func TestRedrive_MaxSaysOfHowMany(t *testing.T) {
	data := deadData(t, "a.jpg", "b.jpg", "c/d.jpg", "e.jpg")
	for _, test := range [][2]string{
		{"--max 1", "1 shown of about 4 dead letters in " + data + ". Nothing was moved;"},
		{"--max 1 --key *.jpg", "1 shown that match \"*.jpg\" of about 4 dead letters in " + data + "."},
		{"--max 4", "4 dead letters in " + data + "."},
		{"--max 9", "4 dead letters in " + data + "."},
		{"--max 1 --run", "1 event sent from " + data + " to the queue, for the next pixmill run. About 3 more stay, as --max says.\n"},
		{"--max 3 --run", "3 events sent from " + data + " to the queue, for the next pixmill run.\n"},
	} {
		code, stdout, _ := run(t, append([]string{"redrive", "--data", data}, strings.Fields(test[0])...)...)
		if code != exitOK || !strings.Contains(stdout, test[1]) {
			t.Errorf("%s: exit code %d, want %q in\n%s", test[0], code, test[1], stdout)
		}
	}
}

func TestRedrive_JSONOfALetterThatIsNoEvent(t *testing.T) {
	var stdout bytes.Buffer
	r := newRedriveReport(&env{Stdout: &stdout, Stderr: io.Discard}, redriveFlags{json: true}, "dead")
	r.letter(queue.Letter{ID: "1", Body: []byte("hello")}, queue.FateKept)
	if !strings.Contains(stdout.String(), `"keys":[],`) {
		t.Errorf("got %s", stdout.String())
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 59 * time.Second: "59 s", 61 * time.Second: "1 min", 47 * time.Hour: "47 h", 50 * time.Hour: "2 days",
	} {
		if got := age(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
