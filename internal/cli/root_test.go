package cli

import (
	"strings"
	"testing"

	"pixmill"
)

func TestMain_WithoutArgumentsShowsHelp(t *testing.T) {
	code, stdout, stderr := run(t)
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	for _, want := range []string{"Pixmill makes the variants of your images", "pixmill process photo.jpg --out variants", "explain-event", "schema", "version"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the help lacks %q", want)
		}
	}
	if strings.Contains(stdout, "Runtime API") {
		t.Error("the help shows the function's role, which is not for people")
	}
}

// TestMain_MistakesAreOneLineAndCode2 also wants nothing on standard output, which
// may be a pipe.
func TestMain_MistakesAreOneLineAndCode2(t *testing.T) {
	t.Chdir(t.TempDir())
	for args, want := range map[string]string{
		"proces":                                                  `there is no command "proces"; did you mean "process"?`,
		"frobnicate":                                              `there is no command "frobnicate"; see pixmill --help`,
		"frobnicate --help":                                       `there is no command "frobnicate"; see pixmill --help`,
		"-h proces":                                               `there is no command "proces"; did you mean "process"?`,
		"help proces":                                             `there is no command "proces"; did you mean "process"?`,
		"run --listen 9000":                                       `--listen is "9000": it must be host:port, as in 127.0.0.1:9000`,
		"run --listen localhost:http":                             `--listen is "localhost:http": the port must be a number from 0 to 65535`,
		"run --listen localhost:65536":                            `--listen is "localhost:65536": the port must be a number from 0 to 65535`,
		"run --function http://f --memory 512":                    `--memory is for function processes: the function at http://f runs elsewhere, with settings of its own`,
		"run --function http://f --env A_B=c":                     `--env is for function processes: the function at http://f runs elsewhere, with settings of its own`,
		"run --function ftp://f":                                  `--function is "ftp://f": its scheme is "ftp": http or https`,
		"run --function http://f:0":                               `--function is "http://f:0": its port is "0": a number from 1 to 65535`,
		"run --function-via 10.0.0.1:80":                          `--function-via is "10.0.0.1:80": it is for a function at a URL, as in --function http://pixmill.example.com`,
		"run --function http://f/?key=a.jpg":                      `--function is "http://f/?key=a.jpg": it has a ?query: an event is all that the function is sent`,
		"run --function http://f/#top":                            `--function is "http://f/#top": it has a #fragment, which no server gets to see`,
		"run --function http://f --function-via nope":             `--function-via is "nope": it has no port: host:port, as in 192.168.49.2:80`,
		"run --function http://f --function-via https://10.0.0.1": `--function-via is "https://10.0.0.1": its scheme is "https", that of the function "http"`,
		"--colour":                                                "unknown flag: --colour; see pixmill --help",
		"process --ouput x photo.jpg":                             "unknown flag: --ouput; see pixmill process --help",
		"process --jobs many photo.jpg":                           `invalid argument "many" for "-j, --jobs" flag: strconv.ParseInt: parsing "many": invalid syntax; see pixmill process --help`,
		"process":                                                 "process needs at least one file or folder, as in: pixmill process photo.jpg --out variants",
		"process photo.jpg":                                       "--out is missing: the folder for variants and manifests",
		"process a --out b --jobs 0":                              "--jobs is 0: at least 1",
		"process a --out b --preset wep":                          `--preset: there is no preset "wep"; did you mean "web"? (in the built-in configuration)`,
		"process a --out b --config c":                            "read the configuration: open c: no such file or directory",
		"process a --out b":                                       "a: there is no such file or folder",
		"version extra":                                           `unknown command "extra" for "pixmill version"`,
	} {
		code, stdout, stderr := run(t, strings.Fields(args)...)
		if code != exitUsage || stdout != "" || stderr != "pixmill: "+want+"\n" {
			t.Errorf("%s: exit code %d, standard output %q, standard error %q; want %q", args, code, stdout, stderr, want)
		}
	}
}

func TestMain_HelpOfACommand(t *testing.T) {
	for _, args := range []string{"help process", "process --help", "process photo.jpg -h"} {
		code, stdout, stderr := run(t, strings.Fields(args)...)
		if code != exitOK || stderr != "" || !strings.Contains(stdout, "pixmill process FILE") || !strings.Contains(stdout, "--help") {
			t.Errorf("%s: exit code %d, standard output %q, standard error %q", args, code, stdout, stderr)
		}
	}
}

func TestMain_SeveralMistakesAreALineEach(t *testing.T) {
	code, _, stderr := runWith(t, map[string]string{
		"PIXMILL_CONFIG":    strings.ReplaceAll(pixmill.DefaultConfig, "width: 1600", "width: wide"),
		"PIXMILL_LOG_LEVEL": "loud",
	}, "process", "a", "--out", "b")
	want := `pixmill: 3 things are wrong:
  PIXMILL_LOG_LEVEL: "loud" is not one of debug, info, warn, error
`
	if code != exitUsage || !strings.HasPrefix(stderr, want) || strings.Count(stderr, "PIXMILL_CONFIG:") != 2 {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
}

func TestSchema_PrintsWhatIsCommitted(t *testing.T) {
	code, stdout, stderr := run(t, "schema")
	if code != exitOK || stdout != pixmill.Schema || stderr != "" {
		t.Errorf("exit code %d, %d bytes, standard error %q", code, len(stdout), stderr)
	}
}

func TestVersion_NamesTheLibraryAndTheFormats(t *testing.T) {
	code, stdout, stderr := run(t, "version")
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	for _, want := range []string{"pixmill  ", "libvips  8.", "\nreads    ", "\nwrites   ", "jpeg", "webp"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output lacks %q:\n%s", want, stdout)
		}
	}
}

func TestFunction_OutsideLambdaSaysSo(t *testing.T) {
	code, stdout, stderr := run(t, "function")
	if code != exitFailed || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "AWS_LAMBDA_RUNTIME_API is not set") {
		t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout, stderr)
	}
}
